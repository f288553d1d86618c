using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Protocol;

/// <summary>The protocol's services and its whole route table.</summary>
public static class ProtocolEndpoints
{
    /// <summary>Registers the engine. The host adds the six ports (<see cref="ILedger"/> and its neighbours), a clock and data protection.</summary>
    public static IServiceCollection AddProtocol(this IServiceCollection services)
    {
        services.AddOptions<ProtocolOptions>();
        services.AddSingleton<Issuer>();
        return services;
    }

    /// <summary>Maps every endpoint, one line each.</summary>
    public static IEndpointRouteBuilder MapProtocol(this IEndpointRouteBuilder endpoints)
    {
        return endpoints;
    }
}

/// <summary>One endpoint of the protocol.</summary>
internal interface IProtocolEndpoint
{
    /// <summary>Answers the request.</summary>
    Task HandleAsync(HttpContext context);
}
