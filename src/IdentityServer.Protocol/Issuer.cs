using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace IdentityServer.Protocol;

/// <summary>Says which <c>iss</c> a request is answered with.</summary>
public sealed class Issuer(IOptions<ProtocolOptions> options)
{
    /// <summary>
    /// The configured issuer, or on loopback hosts the origin that the request was sent to: a Host header that names any other host
    /// is never believed (it would let a caller choose the issuer of tokens).
    /// </summary>
    /// <exception cref="BadHttpRequestException">No issuer is configured and the host is not a loopback one, or is none at all.</exception>
    public string For(HttpContext context)
    {
        if (options.Value.Issuer is { } issuer)
            return issuer;

        var host = context.Request.Host;
        if (host.Port is < 0 or > ushort.MaxValue)
            throw new BadHttpRequestException("The Host header has no such port.");
        if (IsLoopback(host.Host))
            return $"{context.Request.Scheme}://{host.Value}{context.Request.PathBase.Value}";

        throw new BadHttpRequestException("Set Server:Issuer to this server's public address: without it only localhost is served.");
    }

    /// <summary>localhost, 127.0.0.0/8 or [::1].</summary>
    public static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
