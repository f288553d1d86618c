using System.Text.Json;
using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.Tests.Hosting;

/// <summary>What stops the start, and what the administrator reads then. The real process, in Production.</summary>
public sealed class StartTests : IDisposable
{
    private static readonly (string, string)[] Valid =
        [("Server__Issuer", "https://id.example.com"), ("Delivery__Email__Provider", "file")];

    private readonly string folder = Directory.CreateTempSubdirectory("identityserver-").FullName;

    [Fact]
    public async Task Every_problem_of_the_configuration_is_listed_at_once()
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "appsettings.json"), """
            {
              "SingIn": { "CodeLength": 6 },
              "SignIn": { "CodeLifetme": "00:05:00", "CodeLifetime": "00:11:00", "CodeLength": 5 },
              "Hosting": { "TrustedProxies": [ "not-a-proxy", "10.0.0.0/24" ] },
              "Applications": {
                "star": { "RedirectUris": [ "https://*.app.example/callback", "https://app.example/callback#part" ], "GrantTypes": [ "authorization_code" ] },
                "weak": { "Type": "Confidential", "Secrets": [ "short" ] },
                "typo": { "RedirectUri": [ "https://app.example/" ] }
              }
            }
            """);

        var (code, output) = await RunAsync([]);

        Assert.Equal(1, code);
        foreach (var expected in new[]
        {
            "there is no section \"SingIn\"; did you mean \"SignIn\"?",
            "SignIn:CodeLifetme: there is no such setting; did you mean \"CodeLifetime\"?",
            "SignIn:CodeLifetime must be at most 00:10:00",
            "SignIn:CodeLength must be at least 6",
            "Hosting:TrustedProxies: \"not-a-proxy\"",
            "\"https://*.app.example/callback\" has a wildcard",
            "\"https://app.example/callback#part\" has a fragment",
            "Applications:weak:Secrets: a secret needs at least 32 characters",
            "Applications:typo:RedirectUri: there is no such setting; did you mean \"RedirectUris\"?",
            "Server:Issuer is missing",
            "Delivery:Email:Provider is not set",
        })
            Assert.Contains(expected, output, StringComparison.Ordinal);
        Assert.DoesNotContain("10.0.0.0/24\"", output, StringComparison.Ordinal);
        AssertReadable(output);
    }

    [Theory]
    [InlineData("SignIn__CodeLifetime", "soon", "SignIn:CodeLifetime")]
    [InlineData("Applications__app__Type", "Secretive", "Applications:app:Type")]
    [InlineData("Applications__app__Scopes", "openid", "Applications:app:Scopes: this is no single value")]
    [InlineData("Server__Issuer", "http://id.example.com", "must use https")]
    [InlineData("Server__Issuer", "https://id.example.com/", "must not end with a slash")]
    [InlineData("Server__Issuer", "https://id.example.com/path", "must not have a path")]
    [InlineData("Server__Issuer", "https://id.example.com?a=b", "is not an address")]
    [InlineData("Applications__app__Scopes__0", "unheard", "there is no scope \"unheard\"")]
    [InlineData("Database__ConnectionString", "Nonsense=1;Password=hunter2-very-secret", "Database:ConnectionString is malformed")]
    [InlineData("IDENTITYSERVER_CONFIG", "there.json;missing.json", "IDENTITYSERVER_CONFIG names missing.json, which does not exist")]
    [InlineData("Keys__MasterKeyFile", "there.json", "is not a master key")]
    public async Task One_problem_is_named(string name, string value, string expected)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "there.json"), "{}");
        if (value is "unheard" or "there.json")
            await RunAsync(["migrate"], Valid);

        var (code, output) = await RunAsync([], [.. Valid, (name, value)]);

        Assert.Equal(1, code);
        Assert.Contains(expected, output, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", output, StringComparison.Ordinal);
        AssertReadable(output);
    }

    [Fact]
    public async Task Outside_Development_migrations_are_applied_by_command_only()
    {
        var (code, output) = await RunAsync([], Valid);
        Assert.Equal(1, code);
        Assert.Contains("dotnet IdentityServer.dll migrate", output, StringComparison.Ordinal);
        AssertReadable(output);

        (code, output) = await RunAsync(["prun"], Valid);
        Assert.Equal(2, code);
        Assert.Contains("There is no command \"prun\"; did you mean \"prune\"?", output, StringComparison.Ordinal);

        Assert.Equal((0, true), await SaysAsync("up to date", "migrate"));
        Assert.Equal((0, true), await SaysAsync("up to date", "migrate"));
        Assert.Equal((0, true), await SaysAsync("0 rows deleted", "prune"));
        Assert.Equal((0, true), await SaysAsync("migrate", "--help"));

        var address = $"http://localhost:{ChildProcess.FreePort()}";
        await using var server = ChildProcess.Start("dotnet", [Repository.ServerDll], folder, [.. Valid, ("ASPNETCORE_ENVIRONMENT", "Production"), ("ASPNETCORE_URLS", address)]);
        await server.AnswersAsync($"{address}/health");
        using var client = new HttpClient();
        var discovery = JsonSerializer.Deserialize<JsonElement>(await client.GetStringAsync($"{address}/.well-known/openid-configuration"));
        Assert.Equal("https://id.example.com", discovery.GetProperty("issuer").GetString());
        Assert.Equal(404, (int)(await client.GetAsync($"{address}/dev/inbox.json")).StatusCode);
    }

    [Fact]
    public async Task A_password_that_PostgreSQL_does_not_take_is_not_printed()
    {
        if (PostgresCluster.Missing is { } reason)
            Assert.Skip(reason);
        await File.WriteAllTextAsync(Path.Combine(folder, "master.key"), Convert.ToBase64String(new byte[32]));

        var unknown = $"{PostgresCluster.NewDatabase()};Username=nobody-here;Password=hunter2-very-secret";
        var unreachable = $"Host=127.0.0.1;Port={ChildProcess.FreePort()};Database=a;Username=b;Password=hunter2-very-secret";
        var runs = await Task.WhenAll(
            RunAsync([], OnPostgres(unknown)), RunAsync(["migrate"], OnPostgres(unknown)), RunAsync([], OnPostgres(unreachable)), RunAsync(["prune"], OnPostgres(unreachable)));

        Assert.All(runs, run =>
        {
            Assert.Equal(1, run.Code);
            Assert.Contains("The Postgres database cannot be used", run.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("hunter2", run.Output, StringComparison.Ordinal);
            AssertReadable(run.Output);
        });
    }

    [Fact]
    public async Task Later_files_win_over_earlier_ones_and_the_environment_over_all()
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "one.json"), """{ "Brand": { "Name": "First" }, "SignIn": { "CodeLength": 7, "ResendDelay": "00:00:40" } }""");
        await File.WriteAllTextAsync(Path.Combine(folder, "two.json"), """{ "Brand": { "Name": "Second" }, "SignIn": { "CodeLength": 6 } }""");
        await using var server = await ServerProcess.StartAsync(
            ("IDENTITYSERVER_CONFIG", $"{folder}/one.json; {folder}/two.json"), ("SignIn__CodeLength", "8"));

        using var client = server.NewClient();
        Assert.Contains("Second", await client.GetStringAsync("/"), StringComparison.Ordinal);
        var started = await new RelyingParty(client, "native", "").PostAsync("/connect/otp", ("address", "anna@example.com"));
        Assert.Equal(("8", "40"), (started.Value("code_length"), started.Value("resend_in")));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static (string, string)[] OnPostgres(string connection) =>
        [.. Valid, ("Keys__MasterKeyFile", "master.key"), ("Database__Provider", "Postgres"), ("Database__ConnectionString", connection)];

    // For people, not for debuggers.
    private static void AssertReadable(string output)
    {
        Assert.DoesNotContain("Unhandled", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    private async Task<(int Code, bool Says)> SaysAsync(string expected, string command)
    {
        var (code, output) = await RunAsync([command], Valid);
        return (code, output.Contains(expected, StringComparison.Ordinal));
    }

    private async Task<(int Code, string Output)> RunAsync(string[] arguments, params (string, string)[] environment)
    {
        await using var process = ChildProcess.Start("dotnet", [Repository.ServerDll, .. arguments], folder,
            [("ASPNETCORE_ENVIRONMENT", "Production"), ("ASPNETCORE_URLS", $"http://localhost:{ChildProcess.FreePort()}"), .. environment]);
        return (await process.ExitCodeAsync(TimeSpan.FromSeconds(60)), process.Output);
    }
}
