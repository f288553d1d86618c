using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IdentityServer.Hosting;

/// <summary>The certificate of https://localhost:5001: made into <c>certs/</c> at first start, never committed, never used outside Development.</summary>
internal static class DevelopmentCertificate
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(365);

    /// <summary>Loads the certificate, and makes a new one when there is none or it ends within a month.</summary>
    /// <param name="folder">Where <c>localhost.pem</c> (the certificate, to be trusted by hand) and <c>localhost.key</c> lie.</param>
    /// <param name="now">The time.</param>
    public static X509Certificate2 LoadOrCreate(string folder, DateTimeOffset now)
    {
        var certificatePath = Path.Combine(folder, "localhost.pem");
        var keyPath = Path.Combine(folder, "localhost.key");
        if (File.Exists(certificatePath) && File.Exists(keyPath))
        {
            var existing = X509Certificate2.CreateFromPemFile(certificatePath, keyPath);
            if (existing.NotAfter.ToUniversalTime() > now.UtcDateTime + TimeSpan.FromDays(30))
                return existing;

            existing.Dispose();
        }

        Directory.CreateDirectory(folder);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var created = SelfSign(key, now);
        WriteOwnerOnly(keyPath, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(certificatePath, created.ExportCertificatePem());
        return X509Certificate2.CreateFromPemFile(certificatePath, keyPath);
    }

    private static X509Certificate2 SelfSign(ECDsa key, DateTimeOffset now)
    {
        var request = new CertificateRequest("CN=localhost, O=IdentityServer development", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        return request.CreateSelfSigned(now.AddDays(-1), now + Life);
    }

    private static void WriteOwnerOnly(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(path, options);
        writer.Write(text);
    }
}
