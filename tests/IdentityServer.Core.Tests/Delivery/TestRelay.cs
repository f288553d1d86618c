using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery;

/// <summary>A mail as the relay took it.</summary>
internal sealed record RelayedMail(string From, IReadOnlyList<string> To, bool Tls, bool Authenticated, string Data);

/// <summary>
/// A real SMTP server in a process of its own: tests/interop/smtpd.py on Debian's python3-aiosmtpd, with a certificate
/// of a root made here.
/// </summary>
/// <remarks>
/// Nothing in the product can switch certificate checks off or add a root, and a process reads the machine's roots once.
/// So the tests' root is trusted through .NET's process-wide callback, by this fixture only, and with the full check of
/// chain and name.
/// </remarks>
public sealed class TestRelay : IDisposable
{
    private const string Python = "/usr/bin/python3";
    private readonly string folder = Directory.CreateTempSubdirectory("identityserver-relay-").FullName;
    private readonly X509Certificate2 root;
    private readonly List<Process> processes = [];

    public TestRelay()
    {
        Missing = FindMissing();
        var now = TimeProvider.System.GetUtcNow();
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test root", rootKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        root = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        foreach (var host in (string[])["localhost", "elsewhere.example"])
            WriteCertificate(host, now);
        Trust(true);
    }

    public string? Missing { get; }

    private string Mails => Path.Combine(folder, "mails");

    /// <summary>Starts a relay. Gives its port.</summary>
    public int Start(string mode, string? certificateFor = "localhost", bool authentication = true)
    {
        if (Missing is not null)
            Assert.Skip(Missing);
        File.Delete(Mails);
        var start = new ProcessStartInfo(Python) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        string[] arguments = [Script(), "--mode", mode, "--out", Mails];
        string[] tls = certificateFor is null ? [] : ["--certificate", Path.Combine(folder, certificateFor + ".pem"), "--key", Path.Combine(folder, certificateFor + ".key")];
        string[] user = authentication ? ["--user", "relay-user", "--password", "relay-password"] : [];
        foreach (var argument in (string[])[.. arguments, .. tls, .. user])
            start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        processes.Add(process);
        return int.Parse(process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("smtpd.py did not start."));
    }

    internal IReadOnlyList<RelayedMail> Received() => !File.Exists(Mails)
        ? []
        : [.. File.ReadAllLines(Mails).Select(line => JsonSerializer.Deserialize<RelayedMail>(line, JsonSerializerOptions.Web)!)
            .Select(mail => mail with { Data = Encoding.UTF8.GetString(Convert.FromBase64String(mail.Data)) })];

#pragma warning disable SYSLIB0014, MA0039 // SmtpClient asks this callback and nothing else; it adds a root and checks all the rest.
    public void Trust(bool trusted) => ServicePointManager.ServerCertificateValidationCallback = trusted ? Check : null;
#pragma warning restore SYSLIB0014, MA0039

    public void Dispose()
    {
        Trust(false);
        foreach (var process in processes)
        {
            process.Kill();
            process.Dispose();
        }

        root.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private bool Check(object sender, X509Certificate? certificate, X509Chain? _, SslPolicyErrors errors)
    {
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors)
            return errors == SslPolicyErrors.None;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build((X509Certificate2)certificate!);
    }

    private void WriteCertificate(string host, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(root, now.AddHours(-1), now.AddDays(1), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(Path.Combine(folder, host + ".pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, host + ".key"), key.ExportPkcs8PrivateKeyPem());
    }

    private static string? FindMissing()
    {
        if (!File.Exists(Python))
            return $"{Python} is not here; this test needs Debian's python3-aiosmtpd.";
        using var process = Process.Start(new ProcessStartInfo(Python, ["-c", "import aiosmtpd"]) { UseShellExecute = false, RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0 ? null : "python3-aiosmtpd is not installed.";
    }

    private static string Script()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "IdentityServer.sln")))
                return Path.Combine(directory.FullName, "tests", "interop", "smtpd.py");
        }

        throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
