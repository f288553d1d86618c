using IdentityServer.Protocol.Authorize;
using IdentityServer.Protocol.Discovery;
using IdentityServer.Protocol.EndSession;
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
    /// <c>UseCors()</c>. The authorization endpoint has none (RFC 9700 §2.6: it "MUST NOT support CORS").
    /// </summary>
    public const string CorsPolicy = "IdentityServer.Protocol";

    private static readonly string[] GetAndPost = [HttpMethods.Get, HttpMethods.Post];

    /// <summary>Registers the engine. The host adds the six ports (<see cref="ILedger"/> and its neighbours), a clock and data protection.</summary>
    public static IServiceCollection AddProtocol(this IServiceCollection services)
    {
        services.AddOptions<ProtocolOptions>();
        services.AddSingleton<Issuer>();
        services.AddScoped<IdTokenHints>();

        services.AddScoped<AuthorizeEndpoint>();
        services.AddScoped<AuthorizationCodes>();
        services.AddSingleton<ParkedRequests>();
        services.AddScoped<EndSessionEndpoint>();
        services.AddSingleton<ParkedSignOuts>();

        services.AddScoped<DiscoveryEndpoint>();
        services.AddSingleton<DiscoveryCache>();
        services.AddCors();
        services.AddSingleton<ICorsPolicyProvider, RegisteredOrigins>();
        return services;
    }

    /// <summary>Maps every endpoint, one line each.</summary>
    public static IEndpointRouteBuilder MapProtocol(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/.well-known/openid-configuration", To<DiscoveryEndpoint>((endpoint, context) => endpoint.HandleAsync(context))).RequireCors(CorsPolicy);
        endpoints.MapGet("/.well-known/oauth-authorization-server", To<DiscoveryEndpoint>((endpoint, context) => endpoint.HandleAsync(context))).RequireCors(CorsPolicy);
        endpoints.MapGet("/.well-known/oauth-authorization-server/{**path}", To<DiscoveryEndpoint>((endpoint, context) => endpoint.HandleInsertedAsync(context))).RequireCors(CorsPolicy);
        endpoints.MapGet("/.well-known/jwks.json", To<DiscoveryEndpoint>((endpoint, context) => endpoint.HandleKeysAsync(context))).PublishAs("jwks_uri").RequireCors(CorsPolicy);

        endpoints.MapMethods("/connect/authorize", GetAndPost, To<AuthorizeEndpoint>((endpoint, context) => endpoint.HandleAsync(context))).PublishAs("authorization_endpoint");
        endpoints.MapMethods("/connect/authorize/resume", GetAndPost, To<AuthorizeEndpoint>((endpoint, context) => endpoint.ResumeAsync(context)));
        endpoints.MapGet(FormPostPage.ScriptPath, FormPostPage.WriteScriptAsync);
        endpoints.MapMethods("/connect/endsession", GetAndPost, To<EndSessionEndpoint>((endpoint, context) => endpoint.HandleAsync(context))).PublishAs("end_session_endpoint");
        endpoints.MapMethods("/connect/endsession/resume", GetAndPost, To<EndSessionEndpoint>((endpoint, context) => endpoint.ResumeAsync(context)));
        return endpoints;
    }

    private static RequestDelegate To<TEndpoint>(Func<TEndpoint, HttpContext, Task> handle)
        where TEndpoint : notnull =>
        context => handle(context.RequestServices.GetRequiredService<TEndpoint>(), context);
}

/// <summary>One endpoint of the protocol.</summary>
internal interface IProtocolEndpoint
{
    /// <summary>Answers the request.</summary>
    Task HandleAsync(HttpContext context);
}
