using System.Globalization;
using IdentityServer.Commands;
using IdentityServer.Hosting;
using IdentityServer.Testing;
using Xunit;
using Command = System.CommandLine.Command;

namespace IdentityServer.Tests.Commands;

/// <summary>What is a command and what is a setting, help, and the document about it all.</summary>
public sealed class CommandLineTests
{
    private const string Begin = "<!-- commands -->\n";
    private const string End = "<!-- /commands -->";
    private const string Rewrite = "REWRITE_DOCS";

    public static TheoryData<string> Paths() => [.. Commands().Select(found => found.Path)];

    [Theory]
    [InlineData]
    [InlineData("--urls", "http://localhost:5005")]
    [InlineData("--urls=http://localhost:5005")]
    [InlineData("--Server:Issuer=https://id.example.com", "--Database:Provider", "Postgres")]
    [InlineData("--environment=Production", "--contentRoot", "/app")]
    [InlineData("/Server:Issuer=https://id.example.com")]
    public void Settings_alone_let_the_server_run(params string[] args) => Assert.Null(CommandLine.Find(args));

    [Theory]
    [InlineData("migrate", "--Database:ConnectionString=Data Source=data/other.db")]
    [InlineData("--Database:ConnectionString", "Data Source=data/other.db", "migrate")]
    [InlineData("--environment", "Development", "migrate", "--json", "--Database:ConnectionString=Data Source=data/other.db")]
    public async Task Settings_may_stand_before_and_after_a_command(params string[] args)
    {
        var folder = Directory.CreateTempSubdirectory("identityserver-").FullName;
        await using var output = new StringWriter(CultureInfo.InvariantCulture);

        var code = await CommandLine.Find([.. args, "--contentRoot", folder, "--environment=Development"])!.RunAsync(ServerBuilder.Build, output, output);

        Assert.True(code == 0, output.ToString());
        Assert.True(File.Exists(Path.Combine(folder, "data", "other.db")));
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Every_command_has_help_with_an_example_that_is_understood(string path)
    {
        await using var output = new StringWriter(CultureInfo.InvariantCulture);

        // Needs no server: help must work where nothing is configured.
        var code = await CommandLine.Find([.. path.Split(' '), "--help"])!.RunAsync(_ => throw new InvalidOperationException(), output, output);

        Assert.Equal(0, code);
        var example = output.ToString().Split("Example:", StringSplitOptions.None)[1].Trim();
        Assert.StartsWith($"dotnet IdentityServer.dll {path}", example, StringComparison.Ordinal);
        Assert.Empty(CommandLine.Root(Frame()).Parse(example["dotnet IdentityServer.dll ".Length..]).Errors);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("users", "--help")]
    [InlineData("--version")]
    public async Task Help_and_version_need_no_server(params string[] args)
    {
        await using var output = new StringWriter(CultureInfo.InvariantCulture);

        Assert.Equal(0, await CommandLine.Find(args)!.RunAsync(_ => throw new InvalidOperationException(), output, output));
        Assert.NotEqual("", output.ToString().Trim());
    }

    [Theory]
    [InlineData("A command is missing", "users")]
    [InlineData("A command is missing", "--json")]
    [InlineData("There is no command \"prnue\"; did you mean \"prune\"?", "prnue")]
    [InlineData("--url is an address", "health", "--url", "localhost:8080")]
    [InlineData("--frobnicate", "prune", "--frobnicate")]
    public async Task Whoever_mistypes_reads_what_to_type(string answer, params string[] args)
    {
        await using var output = new StringWriter(CultureInfo.InvariantCulture);
        await using var error = new StringWriter(CultureInfo.InvariantCulture);

        Assert.Equal(2, await CommandLine.Find(args)!.RunAsync(_ => throw new InvalidOperationException(), output, error));
        Assert.Contains(answer, error.ToString(), StringComparison.Ordinal);
        Assert.Equal("", output.ToString());
    }

    [Theory]
    [InlineData("http://localhost:5000", null, null)]
    [InlineData("http://localhost:8080", null, "8080")]
    [InlineData("http://localhost:8080", "http://+:8080", "9090")]
    [InlineData("http://127.0.0.1:81", "https://0.0.0.0:444;http://127.0.0.1:81", null)]
    [InlineData("http://localhost:8080", "http://[::]:8080", null)]
    public void Health_asks_where_the_instance_listens(string address, string? urls, string? ports) =>
        Assert.Equal(address, Health.Here(name => name == "ASPNETCORE_URLS" ? urls : ports));

    [Fact]
    public async Task Health_tells_a_running_instance_from_none()
    {
        await using var server = await ServerProcess.StartAsync();
        await using var output = new StringWriter(CultureInfo.InvariantCulture);

        Assert.Equal(0, await CommandLine.Find(["health", "--url", server.Address])!.RunAsync(_ => throw new InvalidOperationException(), output, output));
        Assert.Equal("Healthy", output.ToString().Trim());
        await server.KillAsync();
        Assert.Equal(1, await CommandLine.Find(["health", "--url", server.Address])!.RunAsync(_ => throw new InvalidOperationException(), output, output));
    }

    // With REWRITE_DOCS=1 in the environment it writes the table instead.
    [Fact]
    public async Task The_table_of_commands_in_the_documentation_is_what_help_says()
    {
        var file = Path.Combine(Repository.Root, "docs", "commands.md");
        var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        var table = "| command | what |\n|---|---|\n" + string.Concat(Commands().Select(found => $"| `{Usage(found.Path, found.Command).Replace("|", "\\|", StringComparison.Ordinal)}` | {found.Command.Description} |\n"));
        var (from, to) = (text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, text.IndexOf(End, StringComparison.Ordinal));
        if (Environment.GetEnvironmentVariable(Rewrite) == "1")
        {
            await File.WriteAllTextAsync(file, text[..from] + table + text[to..], TestContext.Current.CancellationToken);
            return;
        }

        Assert.True(
            text[from..to] == table,
            $"docs/commands.md is not what the commands say. Write it anew: {Rewrite}=1 dotnet test tests/IdentityServer.Tests --filter {nameof(CommandLineTests)}");
    }

    private static CommandFrame Frame() => new(_ => throw new InvalidOperationException(), []);

    private static List<(string Path, Command Command)> Commands() => [.. CommandLine.Root(Frame()).Subcommands.SelectMany(command => Leaves("", command))];

    private static IEnumerable<(string Path, Command Command)> Leaves(string above, Command command) => command.Subcommands.Count == 0
        ? [(above + command.Name, command)]
        : command.Subcommands.SelectMany(below => Leaves($"{above}{command.Name} ", below));

    private static string Usage(string path, Command command) => string.Join(' ',
    [
        path,
        .. command.Arguments.Select(argument => $"<{argument.Name}>"),
        .. command.Options.Select(option =>
        {
            var shown = option.ValueType == typeof(bool) ? option.Name : $"{option.Name} <{option.HelpName}>";
            return option.Required ? shown : $"[{shown}]";
        }),
    ]);
}
