using System.Security.Cryptography;
using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.Tests.Commands;

/// <summary>The commands, as processes of their own.</summary>
public sealed class CommandTests
{
    private static readonly (string, string) Production = ("ASPNETCORE_ENVIRONMENT", "Production");

    [Fact]
    public async Task A_test_message_goes_out_through_the_configured_sender()
    {
        var folder = Folder();

        var (code, output) = await RunInAsync(folder, ["send-test", "--to", "someone@mail.example"]);

        Assert.Equal(0, code);
        Assert.StartsWith("file: accepted", output, StringComparison.Ordinal);
        Assert.Contains("someone@mail.example", await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(Path.Combine(folder, "data", "mail"), "*.eml"))), StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("'--to' is required", "send-test")]
    [InlineData("no address", "send-test", "--to=nonsense")]
    [InlineData("did you mean \"send-test\"?", "send-tset")]
    public async Task A_command_that_is_used_wrongly_says_how(string answer, params string[] arguments)
    {
        var (code, output) = await RunAsync(arguments);

        Assert.Equal(2, code);
        Assert.Contains(answer, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_relay_that_does_not_answer_is_told_without_the_password()
    {
        var (code, output) = await RunAsync(["send-test", "--to", "someone@mail.example"], [.. Relay(1)]);

        Assert.Equal(1, code);
        Assert.Contains("smtp: not now: no connection (ConnectionRefused)", output, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_doctor_finds_nothing_on_a_server_that_runs()
    {
        var folder = Folder();
        await MigrateAsync(folder);
        await WriteKeyAsync(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var (code, output) = await RunInAsync(folder, ["doctor"], Production, Issuer, ("Delivery__Email__Provider", "file"));

        Assert.True(code == 0, output);
        foreach (var check in new[] { "configuration", "database", "clock", "master key" })
            Assert.Matches($"(?m)^ok +{check}", output);
        Assert.Matches("(?m)^note +signing keys", output);
        Assert.Matches("(?m)^note +proxies", output);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_doctor_names_what_must_be_done()
    {
        var folder = Folder();
        await WriteKeyAsync(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        var (code, output) = await RunInAsync(folder, ["doctor"], [Production, Issuer, .. Relay(1)]);

        Assert.Equal(1, code);
        Assert.Matches("(?m)^fail +database +.*dotnet IdentityServer.dll migrate", output);
        Assert.Matches("(?m)^fail +master key +.*chmod 600", output);
        Assert.Matches("(?m)^fail +smtp +no connection", output);
        Assert.DoesNotContain("hunter2", output, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_doctor_asks_PostgreSQL_for_its_clock()
    {
        if (PostgresCluster.Missing is { } missing)
            Assert.Skip(missing);
        var folder = Folder();
        (string, string)[] postgres = [("Database__Provider", "Postgres"), ("Database__ConnectionString", PostgresCluster.NewDatabase())];
        await MigrateAsync(folder, postgres);
        await WriteKeyAsync(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var (code, output) = await RunInAsync(folder, ["doctor"], [Production, Issuer, ("Delivery__Email__Provider", "file"), .. postgres]);

        Assert.True(code == 0, output);
        Assert.Matches("(?m)^ok +clock +agrees", output);
        Directory.Delete(folder, recursive: true);
    }

    internal static async Task<(int Code, string Output)> RunAsync(string[] arguments, params (string Name, string Value)[] environment)
    {
        var folder = Folder();
        var result = await RunInAsync(folder, arguments, environment);
        Directory.Delete(folder, recursive: true);
        return result;
    }

    private static (string, string) Issuer => ("Server__Issuer", "https://id.example.com");

    private static IEnumerable<(string, string)> Relay(int port) =>
    [
        ("Delivery__Email__Provider", "smtp"),
        ("Delivery__Email__Smtp__Host", "localhost"),
        ("Delivery__Email__Smtp__Port", $"{port}"),
        ("Delivery__Email__Smtp__UserName", "relay-user"),
        ("Delivery__Email__Smtp__Password", "hunter2"),
        ("Delivery__Email__Smtp__From", "id@mail.example"),
    ];

    private static string Folder() => Directory.CreateTempSubdirectory("identityserver-").FullName;

    private static async Task MigrateAsync(string folder, params (string, string)[] environment)
    {
        var (code, output) = await RunInAsync(folder, ["migrate"], environment);
        Assert.True(code == 0, output);
    }

    private static async Task WriteKeyAsync(string folder, UnixFileMode mode)
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "certs")).FullName, "master.key");
        await File.WriteAllTextAsync(path, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, mode);
    }

    private static async Task<(int Code, string Output)> RunInAsync(string folder, string[] arguments, params (string Name, string Value)[] environment)
    {
        (string, string)[] variables = [("ASPNETCORE_ENVIRONMENT", "Development"), .. environment];
        await using var process = ChildProcess.Start("dotnet", [Repository.ServerDll, .. arguments], folder, variables);
        var code = await process.ExitCodeAsync(TimeSpan.FromMinutes(1));
        return (code, process.Output);
    }
}
