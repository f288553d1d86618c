using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Tests.Commands;

/// <summary>What configuration declares, planned and applied.</summary>
public sealed class ConfigurationCommandsTests
{
    private static readonly string[] Shop =
    [
        "--Applications:shop:Type=Confidential", "--Applications:shop:GrantTypes:0=client_credentials", "--Applications:shop:Scopes:0=stock",
        "--Applications:shop:Secrets:0=0123456789012345678901234567890123456789", "--Scopes:stock:DisplayName=Stock", "--Users:anna@mail.example:Name=Anna",
    ];

    [Fact]
    public async Task A_plan_is_what_apply_does_and_then_there_is_nothing_to_do()
    {
        using var run = new CommandRun();
        await run.RunAsync("migrate");
        await run.RunAsync("applications", "add", "other", "--kind", "spa", "--redirect-uri", "https://other.example/");
        Assert.Equal(0, (await run.RunAsync("plan")).Code);
        run.Settings.AddRange(Shop);

        var plan = await run.RunAsync("plan", "--json");
        Assert.Equal(3, plan.Code);
        Assert.Equal(["add scope stock", "add application shop", "leave application other", "add user anna@mail.example"], Steps(plan.Json));
        Assert.Equal(1, await run.ReadAsync(db => db.Applications.CountAsync()));

        var applied = await run.RunAsync("apply", "--json");
        Assert.Equal(0, applied.Code);
        Assert.Equal(Steps(plan.Json), Steps(applied.Json));
        var after = await run.RunAsync("plan");
        Assert.True(after.Code == 0, after.Output);
        Assert.EndsWith("Nothing to do.", after.Output.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plan_names_what_changes_and_shows_no_secret()
    {
        using var run = new CommandRun();
        run.Settings.AddRange(Shop);
        await run.RunAsync("apply");
        run.Settings.AddRange(["--Applications:shop:DisplayName=The shop", "--Applications:shop:Secrets:0=another-secret-6789012345678901234567890", "--Users:anna@mail.example:Disabled=true"]);

        var plan = await run.RunAsync("plan");

        Assert.Equal(3, plan.Code);
        Assert.Contains("change application shop (DisplayName: \"shop\" -> \"The shop\"; Secrets)", plan.Output, StringComparison.Ordinal);
        Assert.Contains("change user anna@mail.example (Disabled: sessions and tokens end)", plan.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("another-secret", plan.Output, StringComparison.Ordinal);
        await run.RunAsync("apply");
        Assert.Equal(0, (await run.RunAsync("plan")).Code);
        Assert.True(await run.ReadAsync(db => db.Users.AllAsync(user => user.DisabledAt != null)));
    }

    [Fact]
    public async Task Before_migrations_a_plan_says_so_and_makes_nothing()
    {
        using var run = new CommandRun();
        run.Settings.AddRange(Shop);

        var plan = await run.RunAsync("plan");

        Assert.Equal(1, plan.Code);
        Assert.Contains("migrate", plan.Output, StringComparison.Ordinal);
        Assert.NotEmpty(await run.ReadAsync(async db => (await db.Database.GetPendingMigrationsAsync()).ToList()));
    }

    private static string[] Steps(JsonElement steps) =>
        [.. steps.EnumerateArray().Select(step => $"{step.GetProperty("action").GetString()} {step.GetProperty("what").GetString()} {step.GetProperty("name").GetString()}")];
}
