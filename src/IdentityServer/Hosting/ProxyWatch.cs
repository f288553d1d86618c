using System.Net;
using System.Net.Sockets;

namespace IdentityServer.Hosting;

/// <summary>
/// Behind a proxy that is not configured every visitor has the proxy's address, and limits on networks become one limit for all. Watches the first
/// requests and says so once.
/// </summary>
internal sealed class ProxyWatch(ILogger<ProxyWatch> logger)
{
    /// <summary>Requests that are looked at.</summary>
    public const int Requests = 200;

    private readonly Lock gate = new();
    private IPAddress? only;
    private int seen;
    private bool done;

    /// <summary>Looks at one request.</summary>
    public void See(HttpContext context)
    {
        if (done || context.Connection.RemoteIpAddress is not { } address || context.Request.Path.StartsWithSegments("/health", StringComparison.OrdinalIgnoreCase))
            return;

        lock (gate)
        {
            if (address.IsIPv4MappedToIPv6)
                address = address.MapToIPv4();
            only ??= address;
            var forwarded = context.Request.Headers.ContainsKey("X-Forwarded-For");
            if (done || !only.Equals(address) || !IsPrivate(address))
            {
                done = true;
                return;
            }

            // A request that says it was forwarded, from where nobody is believed, is as good as two hundred.
            if (++seen < Requests && !forwarded)
                return;

            done = true;
            logger.LogWarning(
                "All requests so far come from the private address {Address}. If that is a reverse proxy, name it in Hosting:TrustedProxies: until then all visitors share the limits of one network.",
                address);
        }
    }

    internal static bool IsPrivate(IPAddress address)
    {
        if (IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.IsIPv6UniqueLocal)
            return true;
        return address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes() is
            [10, ..] or [172, >= 16 and <= 31, ..] or [192, 168, ..] or [169, 254, ..] or [100, >= 64 and <= 127, ..];
    }
}

/// <summary>Puts the watch in its place: after the forwarded headers of trusted proxies were taken in.</summary>
internal static class ProxyWatching
{
    public static void UseProxyWatch(this WebApplication app)
    {
        if (app.Environment.IsDevelopment())
            return;

        var watch = app.Services.GetRequiredService<ProxyWatch>();
        app.Use((context, next) =>
        {
            watch.See(context);
            return next(context);
        });
    }
}
