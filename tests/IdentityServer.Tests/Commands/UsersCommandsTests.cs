using IdentityServer.Core.Persistence;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Tests.Commands;

/// <summary>Users and administrators from the command line.</summary>
public sealed class UsersCommandsTests
{
    [Fact]
    public async Task The_first_administrator_is_made_and_may_be_made_again()
    {
        using var run = new CommandRun();

        var made = await run.RunAsync("admin", "create", "--email", "anna@mail.example", "--name", "Anna", "--json");
        var again = await run.RunAsync("admin", "create", "--email", "anna@mail.example", "--json");

        Assert.Equal((0, 0), (made.Code, again.Code));
        Assert.True(made.Json.GetProperty("is_new").GetBoolean());
        Assert.False(again.Json.GetProperty("is_new").GetBoolean());
        Assert.Equal(made.Json.GetProperty("id").GetGuid(), again.Json.GetProperty("id").GetGuid());
        var shown = (await run.RunAsync("users", "show", "anna@mail.example", "--json")).Json;
        Assert.Equal("Anna", shown.GetProperty("name").GetString());
        Assert.Equal("admin", shown.GetProperty("roles")[0].GetString());
        Assert.Equal("command", await run.ReadAsync(async db => (await db.AuditEvents.SingleAsync(entry => entry.Kind == "RolesChanged")).Data.Contains("\"through\":\"command\"", StringComparison.Ordinal) ? "command" : "?"));
    }

    [Fact]
    public async Task Wrong_codes_of_an_address_are_forgotten()
    {
        await using var server = new Server(("Limits:StartsPerAddressAndMinute", "10"));
        using var run = new CommandRun(server);
        for (var round = 0; round < 2; round++)
        {
            var visitor = server.NewBrowser();
            var (page, mail) = await server.AskForCodeAsync(visitor, "anna@example.com");
            for (var tries = 0; tries < 5; tries++)
                page = await visitor.SubmitAsync(page, "Continue", ("Code", mail.Code == "000000" ? "000001" : "000000"));
        }

        Assert.Equal(10, await run.ReadAsync(FailuresAsync));
        var answer = await run.RunAsync("users", "unlock", "Anna@example.com");

        Assert.Equal(0, answer.Code);
        Assert.Equal(0, await run.ReadAsync(FailuresAsync));
        Assert.Equal(1, await run.ReadAsync(db => db.AuditEvents.CountAsync(entry => entry.Kind == "CodesUnlocked" && entry.UserId != null)));
        Assert.Equal(2, (await run.RunAsync("users", "unlock", "nobody")).Code);
        await server.SignInAsync(server.NewBrowser(), "anna@example.com");

        static Task<long> FailuresAsync(ServerDb db) => db.Counters.Where(row => row.Key.StartsWith("code-failures:")).SumAsync(row => row.Count);
    }

    [Fact]
    public async Task A_locked_account_does_not_become_an_administrator_by_the_way()
    {
        using var run = new CommandRun();
        await run.RunAsync("admin", "create", "--email", "anna@mail.example");
        var last = await run.RunAsync("users", "disable", "anna@mail.example");
        Assert.Equal(1, last.Code);
        Assert.Contains("last administrator", last.Output, StringComparison.Ordinal);
        await run.RunAsync("admin", "create", "--email", "bert@mail.example");
        await run.RunAsync("users", "disable", "anna@mail.example");

        var answer = await run.RunAsync("admin", "create", "--email", "anna@mail.example");

        Assert.Equal(1, answer.Code);
        Assert.Contains("users enable", answer.Output, StringComparison.Ordinal);
        Assert.True(await run.ReadAsync(db => db.Users.AnyAsync(user => user.DisabledAt != null)));
    }

    [Fact]
    public async Task A_user_is_found_by_id_and_address_listed_locked_out_and_deleted()
    {
        using var run = new CommandRun();
        foreach (var name in (string[])["anna", "bert", "carl"])
            await run.RunAsync("admin", "create", "--email", $"{name}@mail.example", "--name", name);

        var listed = (await run.RunAsync("users", "list", "--search", "BERT", "--json")).Json;
        Assert.Equal(1, listed.GetProperty("count").GetInt32());
        var id = listed.GetProperty("results")[0].GetProperty("id").GetString()!;

        Assert.Equal(0, (await run.RunAsync("users", "disable", id)).Code);
        Assert.Equal(1, (await run.RunAsync("users", "list", "--disabled", "--json")).Json.GetProperty("count").GetInt32());
        Assert.Contains("disabled", (await run.RunAsync("users", "show", "bert@mail.example")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await run.RunAsync("users", "enable", id)).Code);
        Assert.Contains("active", (await run.RunAsync("users", "show", id)).Output, StringComparison.Ordinal);

        Assert.Equal(2, (await run.RunAsync("users", "delete", id)).Code);
        Assert.Equal(0, (await run.RunAsync("users", "delete", id, "--yes")).Code);
        Assert.Equal(1, (await run.RunAsync("users", "show", id)).Code);
        var rest = (await run.RunAsync("users", "list", "--limit", "1", "--offset", "1", "--json")).Json;
        Assert.Equal(2, rest.GetProperty("count").GetInt32());
        Assert.Equal("anna", rest.GetProperty("results")[0].GetProperty("name").GetString());
    }

    [Theory]
    [InlineData(1, "no such user", "users", "show", "nobody@mail.example")]
    [InlineData(1, "no such user", "users", "disable", "nonsense")]
    [InlineData(1, "no such user", "users", "delete", "019e0000-0000-7000-8000-000000000000", "--yes")]
    [InlineData(2, "no e-mail address", "admin", "create", "--email", "+491701234567")]
    [InlineData(2, "--email", "admin", "create")]
    [InlineData(2, "--limit is between", "users", "list", "--limit", "0")]
    [InlineData(2, "--offset is 0", "users", "list", "--offset", "-1")]
    [InlineData(2, "who", "users", "show")]
    [InlineData(2, "did you mean \"show\"", "users", "shwo")]
    public async Task Bad_input_is_told_and_changes_nothing(int code, string answer, params string[] words)
    {
        using var run = new CommandRun();

        var result = await run.RunAsync(words);

        Assert.Equal(code, result.Code);
        Assert.Contains(answer, result.Output + result.Error, StringComparison.Ordinal);
    }
}
