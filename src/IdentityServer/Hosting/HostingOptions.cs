using System.Net;

namespace IdentityServer.Hosting;

/// <summary>How the process sits in its network: the section <c>Hosting</c>.</summary>
public sealed class HostingOptions
{
    /// <summary>Addresses (<c>10.0.0.7</c>) or networks (<c>10.0.0.0/24</c>) of the reverse proxies whose <c>X-Forwarded-*</c> headers are believed. Empty: nobody's.</summary>
    public IList<string> TrustedProxies { get; set; } = [];

    internal static IEnumerable<string> Problems(HostingOptions options) =>
        from proxy in options.TrustedProxies
        where !IPAddress.TryParse(proxy, out _) && !IPNetwork.TryParse(proxy, out _)
        select $"Hosting:TrustedProxies: \"{proxy}\" is neither an IP address nor a network such as 10.0.0.0/24.";
}
