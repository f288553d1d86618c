using IdentityServer.Protocol.Clients;
using IdentityServer.Protocol.Grants;
using IdentityServer.Protocol.Introspection;
using IdentityServer.Protocol.Revocation;
using IdentityServer.Protocol.Tokens;
using IdentityServer.Protocol.UserInfo;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Protocol;

/// <summary>The protocol's services and its whole route table.</summary>
public static class ProtocolEndpoints
{
    private static readonly string[] Post = [HttpMethods.Post];
    private static readonly string[] GetAndPost = [HttpMethods.Get, HttpMethods.Post];

    /// <summary>Registers the engine. The host adds the six ports (<see cref="ILedger"/> and its neighbours), a clock and data protection.</summary>
    public static IServiceCollection AddProtocol(this IServiceCollection services)
    {
        services.AddOptions<ProtocolOptions>();
        services.AddSingleton<Issuer>();
        services.AddScoped<ClientAuthenticator>();

        services.AddScoped<TokenEndpoint>();
        services.AddScoped<TokenIssuer>();
        services.AddScoped<RefreshTokens>();
        services.AddScoped<AccessTokenReader>();
        services.AddScoped<IGrant, AuthorizationCodeGrant>();
        services.AddScoped<IGrant, RefreshTokenGrant>();
        services.AddScoped<IGrant, ClientCredentialsGrant>();
        services.AddScoped<UserInfoEndpoint>();
        services.AddScoped<IntrospectionEndpoint>();
        services.AddScoped<RevocationEndpoint>();
        return services;
    }

    /// <summary>Maps every endpoint, one line each.</summary>
    public static IEndpointRouteBuilder MapProtocol(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods("/connect/token", Post, RunAsync<TokenEndpoint>);
        endpoints.MapMethods("/connect/userinfo", GetAndPost, RunAsync<UserInfoEndpoint>);
        endpoints.MapMethods("/connect/introspect", Post, RunAsync<IntrospectionEndpoint>);
        endpoints.MapMethods("/connect/revoke", Post, RunAsync<RevocationEndpoint>);
        return endpoints;
    }

    private static Task RunAsync<TEndpoint>(HttpContext context)
        where TEndpoint : class, IProtocolEndpoint =>
        context.RequestServices.GetRequiredService<TEndpoint>().HandleAsync(context);
}

/// <summary>One endpoint of the protocol.</summary>
internal interface IProtocolEndpoint
{
    /// <summary>Answers the request.</summary>
    Task HandleAsync(HttpContext context);
}
