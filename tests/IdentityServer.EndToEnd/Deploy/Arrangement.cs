using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.EndToEnd.Deploy;

/// <summary>What <c>deploy/try.sh</c> starts: PostgreSQL, two published instances and nginx with the very deploy/nginx.conf, in Production.</summary>
public sealed partial class Arrangement : IAsyncLifetime
{
    /// <summary>Where the application of <see cref="Settings"/> takes people back.</summary>
    public const string Callback = "https://app.example/callback";

    private const string Settings = """
        {
          "Applications": { "spa": { "Type": "Public", "Consent": "Implicit", "RedirectUris": ["https://app.example/callback"],
            "GrantTypes": ["authorization_code", "refresh_token"], "Scopes": ["openid", "offline_access"] } },
          "Users": { "anna@mail.example": { "Name": "Anna" }, "bert@mail.example": { "Name": "Bert" } },
          "Limits": { "RefusedRequestsPerNetworkAndMinute": 60 }
        }
        """;

    private readonly string settings = Path.GetTempFileName();
    private X509Certificate2? certificate;
    private ChildProcess? script;
    private string folder = "";

    /// <summary>Why nothing here can run; null when it can.</summary>
    public string? Missing { get; } = OperatingSystem.IsWindows() ? "deploy/try.sh needs a Unix machine."
        : !Directory.Exists("/usr/lib/postgresql") ? "PostgreSQL is not installed; Debian's package is called postgresql."
        : !File.Exists("/usr/sbin/nginx") ? "nginx is not installed; Debian's package is called nginx-light."
        : new[] { "openssl", "curl", "setpriv" }.FirstOrDefault(tool => !File.Exists($"/usr/bin/{tool}")) is { } tool ? $"{tool} is not installed." : null;

    /// <summary>nginx, over https.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>nginx, over http.</summary>
    public Uri Plain { get; private set; } = null!;

    /// <summary>The instances' process ids and ports.</summary>
    public IReadOnlyList<(int Pid, int Port)> Instances { get; private set; } = [];

    /// <summary>Where the publish output lies.</summary>
    public string AppFolder => Path.Combine(folder, "app");

    public async ValueTask InitializeAsync()
    {
        if (Missing is not null)
            return;

        await File.WriteAllTextAsync(settings, Settings);
        script = ChildProcess.Start(Path.Combine(Repository.Root, "deploy", "try.sh"), [], Repository.Root, ("CONFIG", settings));
        await ReadyAsync();
        folder = (await script.LineAsync("folder: ", 0))["folder: ".Length..];
        Plain = new Uri((await script.LineAsync("plain: ", 0))["plain: ".Length..]);
        Address = new Uri((await script.LineAsync("Ready at ", 0))["Ready at ".Length..]);
        var lines = new[] { await script.LineAsync("instance ", 0), await script.LineAsync("instance ", 1) };
        Instances = [.. lines.Select(line => InstanceLine().Match(line)).Select(match => (Number(match.Groups[1]), Number(match.Groups[2])))];
        certificate = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder, "localhost.pem"));
    }

    public void SkipWhenMissing()
    {
        if (Missing is not null)
            Assert.Skip(Missing);
    }

    /// <summary>Trusts nginx's certificate alone.</summary>
    /// <param name="from">An address of loopback that the client has; 127.0.0.1 when null.</param>
    public SocketsHttpHandler NewHandler(IPAddress? from = null) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { certificate! },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        },
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Bind(new IPEndPoint(from ?? IPAddress.Loopback, 0));
            await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };

    public HttpClient NewClient(IPAddress? from = null) => new(NewHandler(from)) { BaseAddress = Address };

    /// <summary>Sees to it that nginx, which takes turns, gives the next request to this instance.</summary>
    public async Task NextGoesToAsync(int instance)
    {
        using var client = NewClient();
        for (var tries = 0; tries < 10; tries++)
        {
            var before = Log().Length;
            using var answer = await client.GetAsync("/.well-known/openid-configuration");
            answer.EnsureSuccessStatusCode();
            for (var waits = 0; waits < 100 && Log().Length == before; waits++)
                await Task.Delay(20);
            if (Log()[^1].Port == Instances[1 - instance].Port)
                return;
        }

        throw new InvalidOperationException($"nginx does not give requests to instance {instance + 1}.");
    }

    /// <summary>Each request that went to an instance, and which.</summary>
    public (string Request, int Port)[] Log() =>
        [.. LogLine().Matches(File.ReadAllText(Path.Combine(folder, "nginx", "access.log"))).Select(match => (match.Groups[1].Value, Number(match.Groups[2])))];

    /// <summary>The code in the mail to this address.</summary>
    public async Task<string> CodeAsync(string to)
    {
        for (var tries = 0; tries < 150; tries++)
        {
            foreach (var mail in Directory.GetFiles(Path.Combine(folder, "mail"), "*.eml"))
            {
                var text = await File.ReadAllTextAsync(mail);
                if (text.Contains(to, StringComparison.Ordinal))
                    return Code().Match(text).Value;
            }

            await Task.Delay(100);
        }

        throw new InvalidOperationException($"No mail to {to} within 15 seconds.");
    }

    public async ValueTask DisposeAsync()
    {
        if (script is not null)
        {
            // It ends with a line, and removes all that it made.
            await script.WriteLineAsync("");
            await script.ExitCodeAsync(TimeSpan.FromSeconds(60));
            await script.DisposeAsync();
        }

        certificate?.Dispose();
        File.Delete(settings);
    }

    // Publishing may take minutes on a busy machine, longer than the script's lines are waited for.
    private async Task ReadyAsync()
    {
        var limit = Stopwatch.StartNew();
        while (!script!.Output.Contains("Ready at ", StringComparison.Ordinal) && limit.Elapsed < TimeSpan.FromMinutes(8) && !await EndsAsync())
        {
        }
    }

    private async Task<bool> EndsAsync()
    {
        try
        {
            await script!.ExitCodeAsync(TimeSpan.FromMilliseconds(500));
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static int Number(Group group) => int.Parse(group.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"pid (\d+) at http://127\.0\.0\.1:(\d+)")]
    private static partial Regex InstanceLine();

    // A request that was tried twice names both, separated by a comma: the last one answered.
    [GeneratedRegex(@"""(\w+ [^""]+)"" \d+ \d+ to=(?:[\d.:]+, )*127\.0\.0\.1:(\d+)")]
    private static partial Regex LogLine();

    [GeneratedRegex(@"(?<![\w.-])\d{6}(?![\w.-])")]
    private static partial Regex Code();
}
