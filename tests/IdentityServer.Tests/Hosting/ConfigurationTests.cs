using IdentityServer.Core;
using IdentityServer.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Tests.Hosting;

public sealed class ConfigurationTests
{
    private const string Begin = "<!-- settings -->\n";
    private const string End = "<!-- /settings -->";
    private const string Rewrite = "REWRITE_DOCS";

    // With REWRITE_DOCS=1 in the environment it writes the table instead.
    [Fact]
    public async Task The_table_of_settings_in_the_documentation_is_what_the_options_say()
    {
        var file = Path.Combine(Repository.Root, "docs", "configuration.md");
        var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        await using var server = new Server();
        var table = SettingsTable.Of(server.Services.GetServices<SettingsSection>());
        var (from, to) = (text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, text.IndexOf(End, StringComparison.Ordinal));
        if (Environment.GetEnvironmentVariable(Rewrite) == "1")
        {
            await File.WriteAllTextAsync(file, text[..from] + table + text[to..], TestContext.Current.CancellationToken);
            return;
        }

        Assert.True(
            text[from..to] == table,
            $"docs/configuration.md is not what the options classes say. Write it anew: {Rewrite}=1 dotnet test tests/IdentityServer.Tests --filter {nameof(ConfigurationTests)}");
    }

    [Fact]
    public async Task A_setting_comes_from_an_environment_variable()
    {
        var (code, output) = await Commands.CommandTests.RunAsync(["doctor"], ("SignIn__CodeLength", "5"));

        Assert.Equal(1, code);
        Assert.Contains("SignIn:CodeLength must be at least 6", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_setting_comes_from_user_secrets()
    {
        var home = Directory.CreateTempSubdirectory("identityserver-home-");
        var secrets = home.CreateSubdirectory(Path.Combine(".microsoft", "usersecrets", "identityserver"));
        await File.WriteAllTextAsync(Path.Combine(secrets.FullName, "secrets.json"), """{ "SignIn:CodeLength": "5" }""", TestContext.Current.CancellationToken);

        var (code, output) = await Commands.CommandTests.RunAsync(["doctor"], ("HOME", home.FullName));

        Assert.Equal(1, code);
        Assert.Contains("SignIn:CodeLength must be at least 6", output, StringComparison.Ordinal);
        home.Delete(recursive: true);
    }
}
