using System.Security.Cryptography;
using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.Tests.Commands;

/// <summary>What <c>doctor</c> says of the master key's file and of gateways.</summary>
public sealed class DoctorTests
{
    [Theory]
    [InlineData(UnixFileMode.UserRead, "ok")]
    // As Docker mounts secrets.
    [InlineData(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead, "note")]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, "fail")]
    public async Task The_master_key_s_mode_is_judged_by_who_may_read_and_who_may_write(UnixFileMode mode, string mark)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes.");
        var folder = Directory.CreateTempSubdirectory("identityserver-").FullName;
        var key = Path.Combine(folder, "mounted.key");
        await File.WriteAllTextAsync(key, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(key, mode);
        // As Kubernetes mounts them: by a link, whose own mode is open to all.
        File.CreateSymbolicLink(Path.Combine(folder, "master.key"), key);

        var output = await RunAsync(folder, ("Keys__MasterKeyFile", Path.Combine(folder, "master.key")));

        Assert.Matches($"(?m)^{mark} +master key", output);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Gateways_are_asked_and_their_keys_not_told()
    {
        const string Secret = "4B6579546861744E6F626F6479536565";
        var folder = Directory.CreateTempSubdirectory("identityserver-").FullName;

        var output = await RunAsync(
            folder,
            ("Delivery__Sms__Providers__0", "kavenegar"),
            ("Delivery__Sms__Providers__1", "megafon"),
            ("Delivery__Sms__Providers__2", "http"),
            ("Delivery__Sms__Kavenegar__BaseUrl", "http://127.0.0.1:1"),
            ("Delivery__Sms__Kavenegar__ApiKey", Secret),
            ("Delivery__Sms__MegaFon__Login", "login"),
            ("Delivery__Sms__MegaFon__Password", Secret),
            ("Delivery__Sms__MegaFon__From", "Brand"),
            ("Delivery__Sms__Http__Url", "https://gateway.example.com/{to}/{code}"));

        Assert.Matches("(?m)^fail +kavenegar +no connection", output);
        Assert.Matches("(?m)^note +megafon +has no free call", output);
        Assert.Matches("(?m)^note +http +cannot be checked", output);
        Assert.DoesNotContain(Secret, output, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    // RFC 8252 §8.6
    [Fact]
    public async Task A_native_application_that_others_can_pass_for_is_noted_when_nobody_is_asked()
    {
        using var run = new CommandRun();
        foreach (var (id, uri, kind, own) in new[]
        {
            ("loopback", "http://127.0.0.1/callback", "native", true), ("scheme", "com.example.app:/callback", "native", true), ("asked", "http://127.0.0.1/callback", "native", false),
            ("claimed", "https://app.example/callback", "native", true), ("spa-here", "http://localhost:5173/callback", "spa", true),
        })
            Assert.Equal(0, (await run.RunAsync(["applications", "add", id, "--kind", kind, "--redirect-uri", uri, .. own ? ["--own"] : Array.Empty<string>()])).Code);
        run.Settings.AddRange(
        [
            "--Applications:declared:Type=Public", "--Applications:declared:Kind=Native", "--Applications:declared:Consent=Implicit",
            "--Applications:declared:GrantTypes:0=authorization_code", "--Applications:declared:RedirectUris:0=com.example.declared:/callback",
        ]);

        var answer = await run.RunAsync("doctor");

        Assert.Matches("(?m)^note +applications +declared, loopback, scheme: any app on the same device", answer.Output);
    }

    private static async Task<string> RunAsync(string folder, params (string Name, string Value)[] environment)
    {
        await using var process = ChildProcess.Start("dotnet", [Repository.ServerDll, "doctor"], folder, [("ASPNETCORE_ENVIRONMENT", "Development"), .. environment]);
        await process.ExitCodeAsync(TimeSpan.FromMinutes(1));
        return process.Output;
    }
}
