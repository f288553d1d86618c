using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Tests.Commands;

/// <summary>Signing keys from the command line.</summary>
public sealed class KeysCommandsTests
{
    [Fact]
    public async Task Successors_are_published_a_day_before_they_sign_and_once()
    {
        using var run = new CommandRun();
        Assert.Equal(0, (await run.RunAsync("keys", "list", "--json")).Json.GetArrayLength());
        Assert.Equal(0, await run.ReadAsync(db => db.SigningKeys.CountAsync()));
        Assert.Contains("first keys were made", (await run.RunAsync("keys", "rotate")).Output, StringComparison.Ordinal);

        var now = TimeProvider.System.GetUtcNow();
        var rotated = await run.RunAsync("keys", "rotate", "--json");
        var again = await run.RunAsync("keys", "rotate", "--json");

        Assert.Equal((0, 0), (rotated.Code, again.Code));
        Assert.Equal(rotated.Output, again.Output);
        var listed = (await run.RunAsync("keys", "list", "--json")).Json.EnumerateArray().ToList();
        Assert.Equal(["signs", "next", "signs", "next"], listed.Select(key => key.GetProperty("state").GetString()));
        Assert.All(listed.Where(key => key.GetProperty("state").GetString() == "next"), key =>
            Assert.InRange(key.GetProperty("activates_at").GetDateTimeOffset(), now.AddDays(1), now.AddDays(2)));

        // What signs now goes on until then, and is published for as long as tokens of it may live.
        Assert.All(listed.Where(key => key.GetProperty("state").GetString() == "signs"), key =>
        {
            Assert.Equal(listed.First(next => next.GetProperty("state").GetString() == "next").GetProperty("activates_at").GetDateTimeOffset(), key.GetProperty("retires_at").GetDateTimeOffset());
            Assert.Equal(TimeSpan.FromDays(7), key.GetProperty("expires_at").GetDateTimeOffset() - key.GetProperty("retires_at").GetDateTimeOffset());
        });
        Assert.Contains("published until", (await run.RunAsync("keys", "list")).Output, StringComparison.Ordinal);
    }
}
