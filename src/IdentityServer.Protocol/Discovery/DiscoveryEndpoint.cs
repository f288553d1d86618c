using IdentityServer.Protocol.Grants;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace IdentityServer.Protocol.Discovery;

/// <summary>
/// Says what this server is and has: <c>/.well-known/openid-configuration</c> (OpenID Connect Discovery §4),
/// <c>/.well-known/oauth-authorization-server</c> (RFC 8414 §3) and <c>/.well-known/jwks.json</c> (RFC 7517 §5). It is made from the mapped
/// endpoints and the registered grants, so that it cannot disagree with the server.
/// </summary>
internal sealed class DiscoveryEndpoint(
    EndpointDataSource endpoints,
    IRegistry registry,
    IKeyRing keyRing,
    IEnumerable<IGrant> grants,
    Issuer issuer,
    IOptions<ProtocolOptions> options,
    DiscoveryCache cache) : IProtocolEndpoint
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromHours(1);

    // A key is published at least 24 h before it signs; a quarter of an hour also serves an administrator who takes a key away in haste.
    private static readonly TimeSpan MaxAgeOfKeys = TimeSpan.FromMinutes(15);

    /// <summary>Answers with the server's description.</summary>
    public async Task HandleAsync(HttpContext context) => await WriteAsync(context, issuer.For(context));

    /// <summary>
    /// RFC 8414 §3.1: an issuer with a path has "/.well-known/oauth-authorization-server" inserted between its host and its path. Any other
    /// path than the issuer's own is not found: what it describes would be somebody else (RFC 8414 §3.3).
    /// </summary>
    public async Task HandleInsertedAsync(HttpContext context)
    {
        var own = issuer.For(context);
        var path = new Uri(own).AbsolutePath.Trim('/');
        if (path.Length > 0 && string.Equals(path, context.Request.RouteValues["path"] as string, StringComparison.Ordinal))
            await WriteAsync(context, own);
        else
            context.Response.StatusCode = StatusCodes.Status404NotFound;
    }

    /// <summary>Answers with the public keys.</summary>
    public async Task HandleKeysAsync(HttpContext context)
    {
        var published = await keyRing.PublishedKeysAsync(context.RequestAborted);
        await cache.Keys(published).WriteAsync(context, "application/jwk-set+json", MaxAgeOfKeys);
    }

    private async Task WriteAsync(HttpContext context, string own)
    {
        var document = await cache.DiscoveryAsync(own, async () => DiscoveryDocument.Write(new ServerFacts(
            own,
            endpoints.PublishedPaths(),
            grants.Select(grant => grant.GrantType),
            (await registry.ScopesAsync(context.RequestAborted)).Values,
            (await keyRing.PublishedKeysAsync(context.RequestAborted)).Select(key => key.Algorithm),
            options.Value)));
        await document.WriteAsync(context, "application/json", MaxAge);
    }
}
