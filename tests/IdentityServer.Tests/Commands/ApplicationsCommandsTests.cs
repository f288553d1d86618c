using System.Security.Cryptography;
using System.Text;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Tests.Commands;

/// <summary>Applications from the command line.</summary>
public sealed class ApplicationsCommandsTests
{
    [Theory]
    [InlineData(ApplicationType.Public, ApplicationKind.Web, "authorization_code refresh_token", "--kind", "spa", "--redirect-uri", "https://shop.example/callback")]
    [InlineData(ApplicationType.Confidential, ApplicationKind.Web, "authorization_code refresh_token", "--kind", "web", "--redirect-uri", "https://shop.example/callback")]
    [InlineData(ApplicationType.Public, ApplicationKind.Native, "authorization_code refresh_token", "--kind", "native", "--redirect-uri", "http://127.0.0.1/callback")]
    [InlineData(ApplicationType.Public, ApplicationKind.Native, "urn:identityserver:params:oauth:grant-type:otp refresh_token", "--kind", "native", "--otp", "--own")]
    [InlineData(ApplicationType.Confidential, ApplicationKind.Web, "client_credentials", "--kind", "machine", "--scope", "openid")]
    public async Task Each_kind_has_safe_defaults_and_says_what_goes_where(ApplicationType type, ApplicationKind kind, string grants, params string[] options)
    {
        using var run = new CommandRun();

        var added = await run.RunAsync(["applications", "add", "shop", "--json", .. options]);

        Assert.True(added.Code == 0, added.Output + added.Error);
        var stored = await run.ReadAsync(db => db.Applications.SingleAsync());
        Assert.Equal((type, kind, grants), (stored.Type, stored.Kind, string.Join(' ', stored.GrantTypes)));
        Assert.True(stored.RequirePkce);
        Assert.Equal(options.Contains("--own") ? ConsentMode.Implicit : ConsentMode.Explicit, stored.Consent);
        var traces = await run.ReadAsync(db => db.ApplicationSecrets.ToListAsync());
        if (type == ApplicationType.Public)
            Assert.Empty(traces);
        else
            Assert.Equal(SHA256.HashData(Encoding.UTF8.GetBytes(added.Json.GetProperty("secret").GetString()!)), Assert.Single(traces).Hash);

        var text = (await run.RunAsync(["applications", "add", "other", .. options])).Output;
        Assert.Contains("client_id      other", text, StringComparison.Ordinal);
        Assert.Equal(type == ApplicationType.Confidential, text.Contains("client_secret  ", StringComparison.Ordinal));
        Assert.Equal(2, (await run.RunAsync("applications", "list", "--json")).Json.GetArrayLength());
    }

    [Theory]
    [InlineData(2, "--kind is one of", "--kind", "desktop")]
    [InlineData(2, "--kind", "--name", "Shop")]
    [InlineData(2, "--redirect-uri is missing", "--kind", "spa")]
    [InlineData(2, "A machine has no people", "--kind", "machine", "--redirect-uri", "https://shop.example/")]
    [InlineData(2, "--otp goes with", "--kind", "spa", "--otp", "--redirect-uri", "https://shop.example/")]
    [InlineData(2, "--otp goes with", "--kind", "native", "--otp")]
    [InlineData(1, "RedirectUris", "--kind", "spa", "--redirect-uri", "http://shop.example/callback")]
    [InlineData(1, "RedirectUris", "--kind", "web", "--redirect-uri", "https://*.shop.example/callback")]
    [InlineData(1, "there is no scope", "--kind", "machine", "--scope", "nonsense")]
    public async Task Bad_input_is_told_and_registers_nothing(int code, string answer, params string[] options)
    {
        using var run = new CommandRun();

        var result = await run.RunAsync(["applications", "add", "shop", .. options]);

        Assert.Equal(code, result.Code);
        Assert.Contains(answer, result.Output + result.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await run.RunAsync("applications", "list", "--json")).Json.GetArrayLength());
    }

    [Fact]
    public async Task An_application_that_is_there_is_left_alone()
    {
        using var run = new CommandRun();
        await run.RunAsync("applications", "add", "shop", "--kind", "spa", "--redirect-uri", "https://shop.example/one");

        var again = await run.RunAsync("applications", "add", "shop", "--kind", "spa", "--redirect-uri", "https://evil.example/two");

        Assert.Equal(1, again.Code);
        Assert.Equal(["https://shop.example/one"], await run.ReadAsync(async db => (await db.Applications.SingleAsync()).RedirectUris));
    }

    [Fact]
    public async Task A_new_secret_works_beside_the_old_ones_which_end()
    {
        using var run = new CommandRun();
        await run.RunAsync("applications", "add", "shop", "--kind", "web", "--redirect-uri", "https://shop.example/callback");
        var before = TimeProvider.System.GetUtcNow();

        var rotated = await run.RunAsync("applications", "rotate-secret", "shop", "--keep-old", "2h", "--json");

        Assert.Equal(0, rotated.Code);
        var secrets = await run.ReadAsync(db => db.ApplicationSecrets.ToListAsync());
        Assert.Equal(2, secrets.Count);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(rotated.Json.GetProperty("secret").GetString()!));
        Assert.Null(Assert.Single(secrets, secret => secret.Hash.SequenceEqual(hash)).ExpiresAt);
        var old = Assert.Single(secrets, secret => !secret.Hash.SequenceEqual(hash));
        Assert.InRange(old.ExpiresAt!.Value, before.AddHours(2), before.AddHours(2).AddMinutes(2));

        // The end of the oldest is not put off by a second rotation; with 0 there is one secret left.
        await run.RunAsync("applications", "rotate-secret", "shop");
        Assert.Equal(old.ExpiresAt, (await run.ReadAsync(db => db.ApplicationSecrets.SingleAsync(secret => secret.Id == old.Id))).ExpiresAt);
        await run.RunAsync("applications", "rotate-secret", "shop", "--keep-old", "0");
        Assert.Single(await run.ReadAsync(db => db.ApplicationSecrets.ToListAsync()));

        // What operators do is written down, whatever they do it with.
        var written = await run.ReadAsync(db => db.AuditEvents.Where(entry => entry.Data.Contains("\"through\":\"command\"")).Select(entry => entry.Kind).ToListAsync());
        Assert.Equal(["ApplicationChanged", "SecretChanged", "SecretChanged", "SecretChanged"], written.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(1, "did you mean \"shop\"", "shpo")]
    [InlineData(1, "A public application", "page")]
    [InlineData(1, "Configuration declares", "declared")]
    [InlineData(2, "--keep-old is a number", "shop", "--keep-old", "tomorrow")]
    [InlineData(2, "--keep-old is a number", "shop", "--keep-old", "366d")]
    [InlineData(2, "--keep-old is a number", "shop", "--keep-old", "2147483647d")]
    [InlineData(2, "client-id")]
    public async Task A_secret_that_cannot_be_renewed_stays(int code, string answer, params string[] words)
    {
        using var run = new CommandRun();
        await run.RunAsync("applications", "add", "shop", "--kind", "web", "--redirect-uri", "https://shop.example/callback");
        await run.RunAsync("applications", "add", "page", "--kind", "spa", "--redirect-uri", "https://shop.example/callback");
        await run.RunAsync("applications", "add", "declared", "--kind", "machine");
        run.Settings.AddRange(["--Applications:declared:Type=Confidential", "--Applications:declared:Secrets:0=0123456789012345678901234567890123456789"]);

        var result = await run.RunAsync(["applications", "rotate-secret", .. words]);

        Assert.Equal(code, result.Code);
        Assert.Contains(answer, result.Output + result.Error, StringComparison.Ordinal);
        Assert.Equal(2, await run.ReadAsync(db => db.ApplicationSecrets.CountAsync(secret => secret.ExpiresAt == null)));
    }
}
