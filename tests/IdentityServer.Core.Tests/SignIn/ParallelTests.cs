using IdentityServer.Core.Proofs;
using IdentityServer.Core.SignIn;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

public sealed class SqliteParallelTests(SqliteDatabase database) : ParallelTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresParallelTests(PostgresDatabase database) : ParallelTests(database), IClassFixture<PostgresDatabase>;

/// <summary>Attacks that come all at once.</summary>
public abstract class ParallelTests
{
    private const int Many = 50;

    private readonly SignInServer server;

    protected ParallelTests(TestDatabase database)
    {
        database.SkipIfMissing();
        server = new SignInServer(database, new()
        {
            ["Limits:MessagesPerAddressAndHour"] = "1000",
            ["Limits:MessagesPerAddressAndDay"] = "1000",
            ["SignIn:MaxAttempts"] = "10",
        });
    }

    // C4
    [Fact]
    public async Task Fifty_right_codes_at_once_give_one_session()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        await server.AddUserAsync(address);
        var challenge = await server.StartAsync(address, browser);
        var code = await server.CodeAsync(challenge);

        var outcomes = await AllAsync(Many, _ => server.VerifyAsync(challenge, code, browser));

        var tickets = outcomes.OfType<VerifyOutcome.SignedIn>().Select(outcome => outcome.Ticket).ToList();
        Assert.NotEmpty(tickets);
        Assert.Single(tickets.Select(ticket => ticket.SessionId).Distinct());
        Assert.Single(tickets.Select(ticket => Convert.ToHexString(ticket.Secret)).Distinct());
        Assert.Equal(1, await server.SessionsAsync(address));
        Assert.All(outcomes, outcome => Assert.True(outcome is VerifyOutcome.SignedIn or VerifyOutcome.Spent or VerifyOutcome.Paused));
    }

    // C5
    [Fact]
    public async Task Fifty_wrong_codes_at_once_never_exceed_the_limit()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        await server.AddUserAsync(address);
        var challenge = await server.StartAsync(address, browser);
        var wrong = await server.WrongCodeAsync(challenge);

        await AllAsync(Many, _ => server.VerifyAsync(challenge, wrong, browser));

        Assert.Equal(10, (await server.ChallengeAsync(challenge)).Attempts);
        Assert.Equal(10, await ComparedAsync(address));
    }

    [Fact]
    public async Task Fifty_wrong_codes_across_challenges_never_exceed_the_address_budget()
    {
        var address = SignInServer.NewAddress();
        await server.AddUserAsync(address);
        var attacks = new List<(Guid Challenge, string Wrong, Core.Users.Visitor Browser)>();
        for (var i = 0; i < 10; i++)
        {
            var browser = SignInServer.NewBrowser();
            var challenge = await server.StartAsync(address, browser);
            attacks.Add((challenge, await server.WrongCodeAsync(challenge), browser));
        }

        var outcomes = await AllAsync(Many, i => server.VerifyAsync(attacks[i % 10].Challenge, attacks[i % 10].Wrong, attacks[i % 10].Browser));

        Assert.Equal(10, await ComparedAsync(address));
        Assert.Equal(Many - 10, outcomes.Count(outcome => outcome is VerifyOutcome.Paused));
        Assert.Equal(10, (await Task.WhenAll(attacks.Select(attack => server.ChallengeAsync(attack.Challenge)))).Sum(row => row.Attempts));
    }

    [Fact]
    public async Task Sixteen_confirmations_at_once_make_one_account()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        var challenge = await server.StartAsync(address, browser);
        Assert.IsType<VerifyOutcome.DetailsNeeded>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser));

        var outcomes = await AllAsync(16, i => server.ConfirmAsync(challenge, $"Name {i}", browser));

        Assert.Single(outcomes.Select(outcome => Assert.IsType<DetailsOutcome.SignedIn>(outcome).Ticket.SessionId).Distinct());
        Assert.Single(await server.UserIdsAsync(address));
        Assert.Equal(1, await server.SessionsAsync(address));
    }

    [Fact]
    public async Task Sixteen_challenges_of_one_new_address_make_one_account()
    {
        var address = SignInServer.NewAddress();
        var proofs = new List<(Guid Challenge, Core.Users.Visitor Browser)>();
        for (var i = 0; i < 16; i++)
        {
            var browser = SignInServer.NewBrowser();
            var challenge = await server.StartAsync(address, browser);
            Assert.IsType<VerifyOutcome.DetailsNeeded>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser));
            proofs.Add((challenge, browser));
        }

        var outcomes = await AllAsync(16, i => server.ConfirmAsync(proofs[i].Challenge, $"Name {i}", proofs[i].Browser));

        Assert.Equal(16, outcomes.Select(outcome => Assert.IsType<DetailsOutcome.SignedIn>(outcome).Ticket.SessionId).Distinct().Count());
        Assert.Single(await server.UserIdsAsync(address));
        Assert.Equal(16, await server.SessionsAsync(address));
    }

    [Fact]
    public async Task Resends_at_once_send_one_message()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        var challenge = await server.StartAsync(address, browser);
        server.Clock.Advance(TimeSpan.FromSeconds(31));

        var outcomes = await AllAsync(16, _ => server.ResendAsync(challenge, browser));

        Assert.Equal(1, outcomes.Count(outcome => outcome is ResendOutcome.Sent));
        Assert.Equal(2, (await server.ChallengeAsync(challenge)).Sends);
    }

    private static async Task<T[]> AllAsync<T>(int count, Func<int, Task<T>> attack)
    {
        using var start = new ManualResetEventSlim();
        var tasks = Enumerable.Range(0, count).Select(i => Task.Run(() =>
        {
            start.Wait();
            return attack(i);
        })).ToList();
        start.Set();
        return await Task.WhenAll(tasks);
    }

    // Every code that was compared and was wrong left an entry.
    private async Task<int> ComparedAsync(string address)
    {
        var user = Assert.Single(await server.UserIdsAsync(address));
        return await server.ReadAsync(db => db.AuditEvents.CountAsync(entry => entry.Kind == "WrongCode" && entry.UserId == user));
    }
}
