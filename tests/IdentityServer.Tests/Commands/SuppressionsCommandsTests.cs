using System.Security.Cryptography;
using System.Text;
using IdentityServer.Core.Keys;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Tests.Commands;

/// <summary>Who is sent nothing, from the command line.</summary>
public sealed class SuppressionsCommandsTests
{
    private const string Anna = "anna@example.com";

    [Fact]
    public async Task Who_is_sent_nothing_is_listed_without_the_address_and_lifted_by_it()
    {
        await using var server = new Server();
        using var run = new CommandRun(server);
        Assert.Contains("Everybody", (await run.RunAsync("suppressions", "list")).Output, StringComparison.Ordinal);
        await SuppressAsync(server, Anna);
        await SuppressAsync(server, "nobody@example.com");

        var list = await run.RunAsync("suppressions", "list", "--json");
        Assert.Equal(["OptedOut", "OptedOut"], list.Json.EnumerateArray().Select(row => row.GetProperty("reason").GetString()));
        Assert.DoesNotContain("anna", list.Output + (await run.RunAsync("suppressions", "list")).Output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(1, (await run.RunAsync("suppressions", "list", "--limit", "1", "--json")).Json.GetArrayLength());
        Assert.Contains("OptedOut  test", (await run.RunAsync("suppressions", "list", "--address", Anna)).Output, StringComparison.Ordinal);

        Assert.True((await run.RunAsync("suppressions", "lift", "Anna@example.com", "--json")).Json.GetProperty("lifted").GetBoolean());
        Assert.Equal(0, (await run.RunAsync("suppressions", "list", "--address", Anna, "--json")).Json.GetArrayLength());
        Assert.Equal(1, (await run.RunAsync("suppressions", "list", "--json")).Json.GetArrayLength());

        // Once, and with the account instead of the address.
        var again = await run.RunAsync("suppressions", "lift", Anna);
        Assert.Equal((0, true), (again.Code, again.Output.Contains("Nothing held", StringComparison.Ordinal)));
        var entry = await run.ReadAsync(db => db.AuditEvents.SingleAsync(row => row.Kind == "SuppressionLifted"));
        Assert.NotNull(entry.UserId);
        Assert.Equal("{\"through\":\"command\",\"channel\":\"email\"}", entry.Data);
    }

    [Theory]
    [InlineData("neither an e-mail address", "suppressions", "lift", "nobody")]
    [InlineData("neither an e-mail address", "suppressions", "list", "--address", "nobody")]
    [InlineData("--limit is between", "suppressions", "list", "--limit", "0")]
    [InlineData("address", "suppressions", "lift")]
    public async Task Bad_input_is_told(string answer, params string[] words)
    {
        using var run = new CommandRun();
        var result = await run.RunAsync(words);
        Assert.Equal(2, result.Code);
        Assert.Contains(answer, result.Error, StringComparison.Ordinal);
    }

    // As delivery writes it when a mailbox's owner wants no more.
    private static async Task SuppressAsync(Server server, string address)
    {
        await using var scope = server.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ServerDb>();
        var key = server.Services.GetRequiredService<MasterKeys>().First("suppression");
        db.Add(new Suppression
        {
            Hash = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"Email|{address.ToUpperInvariant()}")), Reason = "OptedOut", Provider = "test", At = server.Clock.Now, ExpiresAt = server.Clock.Now.AddDays(30),
        });
        await db.SaveChangesAsync();
    }
}
