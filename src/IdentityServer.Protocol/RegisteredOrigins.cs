using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace IdentityServer.Protocol;

/// <summary>
/// Lets browsers call from the origins that applications registered, without credentials: who calls proves it by what the request carries,
/// never by a cookie. All other policies are the host's.
/// </summary>
internal sealed class RegisteredOrigins(IOptions<CorsOptions> options) : ICorsPolicyProvider
{
    private static readonly string[] Protocol = [HttpMethods.Get, HttpMethods.Post];
    private static readonly string[] Api = [HttpMethods.Get, HttpMethods.Post, HttpMethods.Put, HttpMethods.Patch, HttpMethods.Delete];

    private readonly DefaultCorsPolicyProvider others = new(options);

    /// <inheritdoc/>
    public async Task<CorsPolicy?> GetPolicyAsync(HttpContext context, string? policyName)
    {
        if (policyName is not (ProtocolEndpoints.CorsPolicy or ProtocolEndpoints.ApiCorsPolicy))
            return await others.GetPolicyAsync(context, policyName);

        var origin = context.Request.Headers.Origin.ToString();
        var registry = context.RequestServices.GetRequiredService<IRegistry>();
        var known = origin.Length > 0 && await registry.IsOriginRegisteredAsync(origin, context.RequestAborted);
        return new CorsPolicyBuilder()
            .SetIsOriginAllowed(candidate => known && candidate == origin)
            .WithMethods(policyName == ProtocolEndpoints.CorsPolicy ? Protocol : Api)
            .AllowAnyHeader()
            .WithExposedHeaders("WWW-Authenticate", "ETag", "Retry-After")
            .SetPreflightMaxAge(TimeSpan.FromMinutes(10))
            .DisallowCredentials()
            .Build();
    }
}
