using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.HttpOverrides;

namespace IdentityServer.Hosting;

/// <summary>Where the server listens, and whose word about the client's address it takes.</summary>
internal static class Listening
{
    private const string DevelopmentUrls = "http://localhost:5000;https://localhost:5001";

    /// <summary>In Development both addresses of the README, unless <c>urls</c> or <c>Kestrel:Endpoints</c> name others.</summary>
    public static void AddListening(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        if (builder.Environment.IsDevelopment())
        {
            if (configuration["urls"] is null && !configuration.GetSection("Kestrel:Endpoints").Exists()
                && configuration["http_ports"] is null && configuration["https_ports"] is null)
                builder.WebHost.UseUrls(DevelopmentUrls);

            var folder = Path.Combine(builder.Environment.ContentRootPath, "certs");
            var certificate = new Lazy<System.Security.Cryptography.X509Certificates.X509Certificate2>(
                () => DevelopmentCertificate.LoadOrCreate(folder, TimeProvider.System.GetUtcNow()));

            // At start and not at the first visit, so that it can be trusted before.
            if ((configuration["urls"] ?? DevelopmentUrls).Contains("https:", StringComparison.OrdinalIgnoreCase))
                _ = certificate.Value;
            builder.WebHost.ConfigureKestrel(kestrel =>
                kestrel.ConfigureHttpsDefaults(https => https.ServerCertificateSelector = (_, _) => certificate.Value));
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 256 * 1024;
        });

        // X-Forwarded-* is believed from the configured proxies only: from anybody else it would let a client choose its address.
        builder.Services.AddOptions<ForwardedHeadersOptions>().Configure<Microsoft.Extensions.Options.IOptions<HostingOptions>>((forwarded, hosting) =>
        {
            forwarded.ForwardedHeaders = hosting.Value.TrustedProxies.Count == 0
                ? ForwardedHeaders.None
                : ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost;
            forwarded.KnownProxies.Clear();
            forwarded.KnownIPNetworks.Clear();
            forwarded.ForwardLimit = null;
            foreach (var proxy in hosting.Value.TrustedProxies)
            {
                if (System.Net.IPNetwork.TryParse(proxy, out var network))
                    forwarded.KnownIPNetworks.Add(network);
                else
                    forwarded.KnownProxies.Add(IPAddress.Parse(proxy));
            }
        });
    }

    /// <summary>Once it listens, says where, so that a developer can click.</summary>
    public static void AnnounceAddresses(this WebApplication app) =>
        app.Lifetime.ApplicationStarted.Register(() =>
        {
            var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
            foreach (var address in addresses)
                app.Logger.LogInformation("Ready at {Address}", address);
            if (app.Environment.IsDevelopment() && addresses.FirstOrDefault() is { } first)
                app.Logger.LogInformation("Mail that would be sent is in the development inbox: {Inbox}", $"{first}/dev/inbox");
        });
}
