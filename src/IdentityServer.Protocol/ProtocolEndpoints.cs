using IdentityServer.Protocol.Authorize;
using IdentityServer.Protocol.Clients;
using IdentityServer.Protocol.Discovery;
using IdentityServer.Protocol.EndSession;
using IdentityServer.Protocol.Grants;
using IdentityServer.Protocol.Introspection;
using IdentityServer.Protocol.Revocation;
using IdentityServer.Protocol.Tokens;
using IdentityServer.Protocol.UserInfo;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Protocol;

/// <summary>The protocol's services and its whole route table.</summary>
public static class ProtocolEndpoints
{
    /// <summary>
    /// The CORS policy of the endpoints that a browser's JavaScript may call: applications' registered origins. The host adds
    /// <c>UseCors()</c>. RFC 9700 §2.6: "CORS MUST NOT be supported at the authorization endpoint".
    /// </summary>
    public const string CorsPolicy = "IdentityServer.Protocol";

    /// <summary>The same for APIs of this server that take its access tokens, with every method.</summary>
    public const string ApiCorsPolicy = "IdentityServer.Api";

    private static readonly string[] Get = [HttpMethods.Get];
    private static readonly string[] Post = [HttpMethods.Post];
    private static readonly string[] GetAndPost = [HttpMethods.Get, HttpMethods.Post];

    /// <summary>Registers the engine. The host adds the six ports (<see cref="ILedger"/> and its neighbours), a clock and data protection.</summary>
    public static IServiceCollection AddProtocol(this IServiceCollection services)
    {
        services.AddOptions<ProtocolOptions>();
        services.AddSingleton<Issuer>();
        services.AddScoped<ClientAuthenticator>();
        services.AddScoped<IdTokenHints>();

        services.AddScoped<AuthorizeEndpoint>();
        services.AddScoped<AuthorizationCodes>();
        services.AddSingleton<ParkedRequests>();
        services.AddScoped<EndSessionEndpoint>();
        services.AddSingleton<ParkedSignOuts>();

        services.AddScoped<TokenEndpoint>();
        services.AddScoped<TokenIssuer>();
        services.AddScoped<RefreshTokens>();
        services.AddScoped<AccessTokenReader>();
        services.AddScoped(provider => new BearerAccess(provider.GetRequiredService<Issuer>(), provider.GetRequiredService<AccessTokenReader>()));
        services.AddScoped<IGrant, AuthorizationCodeGrant>();
        services.AddScoped<IGrant, RefreshTokenGrant>();
        services.AddScoped<IGrant, ClientCredentialsGrant>();
        services.AddScoped<UserInfoEndpoint>();
        services.AddScoped<IntrospectionEndpoint>();
        services.AddScoped<RevocationEndpoint>();

        services.AddScoped<DiscoveryEndpoint>();
        services.AddSingleton<DiscoveryCache>();
        services.AddCors();
        services.AddSingleton<ICorsPolicyProvider, RegisteredOrigins>();
        return services;
    }

    /// <summary>Maps every endpoint, one line each.</summary>
    public static IEndpointRouteBuilder MapProtocol(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods("/.well-known/openid-configuration", Get, RunAsync<DiscoveryEndpoint>).RequireCors(CorsPolicy);
        endpoints.MapMethods("/.well-known/oauth-authorization-server", Get, RunAsync<DiscoveryEndpoint>).RequireCors(CorsPolicy);
        endpoints.MapMethods("/.well-known/oauth-authorization-server/{**path}", Get, Run<DiscoveryEndpoint>((endpoint, context) => endpoint.HandleInsertedAsync(context))).RequireCors(CorsPolicy);
        endpoints.MapMethods("/.well-known/jwks.json", Get, Run<DiscoveryEndpoint>((endpoint, context) => endpoint.HandleKeysAsync(context))).PublishAs("jwks_uri").RequireCors(CorsPolicy);

        endpoints.MapMethods("/connect/authorize", GetAndPost, RunAsync<AuthorizeEndpoint>).PublishAs("authorization_endpoint");
        endpoints.MapMethods("/connect/authorize/resume", GetAndPost, Run<AuthorizeEndpoint>((endpoint, context) => endpoint.ResumeAsync(context)));
        endpoints.MapMethods(FormPostPage.ScriptPath, Get, FormPostPage.WriteScriptAsync);
        endpoints.MapMethods("/connect/endsession", GetAndPost, RunAsync<EndSessionEndpoint>).PublishAs("end_session_endpoint");
        endpoints.MapMethods("/connect/endsession/resume", GetAndPost, Run<EndSessionEndpoint>((endpoint, context) => endpoint.ResumeAsync(context)));

        endpoints.MapMethods("/connect/token", Post, RunAsync<TokenEndpoint>).PublishAs("token_endpoint").RequireCors(CorsPolicy);
        endpoints.MapMethods("/connect/userinfo", GetAndPost, RunAsync<UserInfoEndpoint>).PublishAs("userinfo_endpoint").RequireCors(CorsPolicy);
        endpoints.MapMethods("/connect/introspect", Post, RunAsync<IntrospectionEndpoint>).PublishAs("introspection_endpoint");
        endpoints.MapMethods("/connect/revoke", Post, RunAsync<RevocationEndpoint>).PublishAs("revocation_endpoint").RequireCors(CorsPolicy);
        return endpoints;
    }

    private static Task RunAsync<TEndpoint>(HttpContext context)
        where TEndpoint : class, IProtocolEndpoint =>
        context.RequestServices.GetRequiredService<TEndpoint>().HandleAsync(context);

    private static RequestDelegate Run<TEndpoint>(Func<TEndpoint, HttpContext, Task> handle)
        where TEndpoint : class =>
        context => handle(context.RequestServices.GetRequiredService<TEndpoint>(), context);
}

/// <summary>One endpoint of the protocol.</summary>
internal interface IProtocolEndpoint
{
    /// <summary>Answers the request.</summary>
    Task HandleAsync(HttpContext context);
}
