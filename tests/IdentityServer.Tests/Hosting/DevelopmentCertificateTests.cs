using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.Tests.Hosting;

/// <summary>https://localhost:5001 of a fresh clone.</summary>
public sealed class DevelopmentCertificateTests
{
    [Fact]
    public async Task The_certificate_is_made_at_first_start_and_kept_and_each_origin_is_its_own_issuer()
    {
        await using var server = await ServerProcess.StartAsync();
        var key = Path.Combine(server.Folder, "certs", "localhost.key");
        var made = await File.ReadAllTextAsync(Path.Combine(server.Folder, "certs", "localhost.pem"));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));

        foreach (var origin in new[] { server.Address, server.SecureAddress, server.SecureAddress.Replace("localhost", "127.0.0.1", StringComparison.Ordinal) })
        {
            var discovery = await DiscoveryAsync(origin, made);
            Assert.Equal(origin, discovery.GetProperty("issuer").GetString());
            Assert.StartsWith($"{origin}/", discovery.GetProperty("token_endpoint").GetString(), StringComparison.Ordinal);
        }

        await server.KillAndRestartAsync();
        Assert.Equal(made, await File.ReadAllTextAsync(Path.Combine(server.Folder, "certs", "localhost.pem")));
        await DiscoveryAsync(server.SecureAddress, made);
    }

    [Fact]
    public void A_certificate_that_ends_soon_is_replaced()
    {
        var folder = Directory.CreateTempSubdirectory("identityserver-").FullName;
        try
        {
            var now = TimeProvider.System.GetUtcNow();
            using var first = IdentityServer.Hosting.DevelopmentCertificate.LoadOrCreate(folder, now);
            using var same = IdentityServer.Hosting.DevelopmentCertificate.LoadOrCreate(folder, now.AddDays(300));
            using var next = IdentityServer.Hosting.DevelopmentCertificate.LoadOrCreate(folder, now.AddDays(340));

            Assert.Equal(first.Thumbprint, same.Thumbprint);
            Assert.NotEqual(first.Thumbprint, next.Thumbprint);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Trusts the one certificate, as a developer does by hand; its name must fit.
    private static async Task<JsonElement> DiscoveryAsync(string origin, string certificate)
    {
        using var handler = new SocketsHttpHandler();
        using var trusted = X509Certificate2.CreateFromPem(certificate);
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            CustomTrustStore = { trusted },
        };
        using var client = new HttpClient(handler);
        return JsonSerializer.Deserialize<JsonElement>(await client.GetStringAsync($"{origin}/.well-known/openid-configuration"));
    }
}
