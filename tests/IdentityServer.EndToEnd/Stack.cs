using IdentityServer.Testing;
using Microsoft.Playwright;
using Xunit;

[assembly: AssemblyFixture(typeof(IdentityServer.EndToEnd.Stack))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace IdentityServer.EndToEnd;

/// <summary>What a developer has running after the README: the server, the three samples that listen, and a real browser. Started once for all tests.</summary>
public sealed class Stack : IAsyncLifetime
{
    private const string Chromium = "/usr/bin/chromium";
    private readonly List<ChildProcess> neighbours = [];
    private string api = null!;
    private IPlaywright? playwright;

    /// <summary>Why nothing here can run; null when it can.</summary>
    public string? Missing { get; private set; }

    public ServerProcess Server { get; private set; } = null!;

    public string Spa { get; private set; } = null!;

    public string WebApp { get; private set; } = null!;

    public IBrowser Browser { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Missing = !File.Exists(Chromium) ? $"Chromium is not installed at {Chromium}; Debian's package is called chromium."
            : !IsOnPath("npm") ? "Node.js 20 or newer with npm is not installed."
            : null;
        if (Missing is not null)
            return;

        // Busy machines draw slowly; a page that comes late is not a page that is wrong.
        Microsoft.Playwright.Assertions.SetDefaultExpectTimeout(30_000);

        var (spaPort, apiPort, webAppPort) = (ChildProcess.FreePort(), ChildProcess.FreePort(), ChildProcess.FreePort());
        Spa = $"http://localhost:{spaPort}";
        WebApp = $"http://localhost:{webAppPort}";
        api = $"http://localhost:{apiPort}";
        Server = await ServerProcess.StartAsync(
            ("Applications__spa__RedirectUris__0", $"{Spa}/callback"),
            ("Applications__spa__PostLogoutRedirectUris__0", $"{Spa}/"),
            ("Applications__webapp__RedirectUris__0", $"{WebApp}/callback"),
            ("Applications__webapp__PostLogoutRedirectUris__0", $"{WebApp}/"),
            ("Scopes__notes__Resources__0", api),
            // All tests are one visitor in a hurry.
            ("SignIn__ResendDelay", "00:00:03"),
            ("Limits__StartsPerAddressAndMinute", "100"),
            ("Limits__StartsPerNetworkAndHour", "1000"),
            ("Limits__WrongCodesPerNetworkAndHour", "1000"));

        await Task.WhenAll(InstallAsync("spa"), InstallAsync("api"), InstallAsync("webapp"));
        await StartSpaAsync(spaPort, "spa");
        await LaunchAsync("node", ["server.js"], "api", $"{api}/", ("AUTHORITY", Server.Address), ("PORT", $"{apiPort}"), ("AUDIENCE", api), ("ALLOWED_ORIGIN", Spa));
        await LaunchAsync("node", ["server.js"], "webapp", WebApp, ("AUTHORITY", Server.Address), ("PORT", $"{webAppPort}"));

        playwright = await Playwright.CreateAsync();
        Browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Chromium,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
    }

    /// <summary>A person's browser, without any cookies.</summary>
    public async Task<IPage> NewPersonAsync(ViewportSize? size = null, ColorScheme scheme = ColorScheme.Light, bool scripts = true, string language = "en-GB")
    {
        if (Missing is not null)
            Assert.Skip(Missing);
        var context = await Browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = size ?? new ViewportSize { Width = 1280, Height = 800 },
            ColorScheme = scheme,
            JavaScriptEnabled = scripts,
            Locale = language,
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout(30_000);
        return await context.NewPageAsync();
    }

    /// <summary>Builds the single-page sample for an application, and serves it at a port of localhost.</summary>
    public async Task StartSpaAsync(int port, string clientId)
    {
        (string, string)[] environment = [("VITE_AUTHORITY", Server.Address), ("VITE_API", api), ("VITE_CLIENT_ID", clientId)];
        var output = Path.Combine(Server.Folder, $"spa-{clientId}");
        await ChildProcess.RunAsync("npx", ["vite", "build", "--outDir", output], Sample("spa"), environment);
        await LaunchAsync("npx", ["vite", "preview", "--outDir", output, "--port", $"{port}"], "spa", $"http://localhost:{port}", environment);
    }

    /// <summary>Makes the person's proof an hour older than it is: the server's clock is the machine's.</summary>
    public Task AgeProofAsync(string address) =>
        ChangeAsync("UPDATE Sessions SET AuthenticatedAt = AuthenticatedAt - 36000000000 WHERE UserId = (SELECT Id FROM Users WHERE NormalizedEmail = upper(?))", address);

    /// <summary>Changes rows behind the server's back: what would take days, or dozens of people.</summary>
    public Task ChangeAsync(string sql, params string[] values) => ChildProcess.RunAsync(
        "python3",
        ["-c", "import sqlite3, sys; db = sqlite3.connect('data/identityserver.db', timeout=20); db.execute(sys.argv[1], sys.argv[2:]); db.commit()", sql, .. values],
        Server.Folder);

    public async ValueTask DisposeAsync()
    {
        if (playwright is not null)
        {
            await Browser.DisposeAsync();
            playwright.Dispose();
        }

        foreach (var neighbour in neighbours)
            await neighbour.DisposeAsync();
        if (Server is not null)
            await Server.DisposeAsync();
    }

    private async Task LaunchAsync(string program, string[] arguments, string sample, string address, params (string, string)[] environment)
    {
        var started = ChildProcess.Start(program, arguments, Sample(sample), environment);
        neighbours.Add(started);
        await started.ListensAsync(address);
    }

    private static Task InstallAsync(string sample) =>
        Directory.Exists(Path.Combine(Sample(sample), "node_modules"))
            ? Task.CompletedTask
            : ChildProcess.RunAsync("npm", ["ci", "--no-audit", "--no-fund"], Sample(sample));

    private static string Sample(string name) => Path.Combine(Repository.Root, "samples", name);

    private static bool IsOnPath(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, tool)));
}
