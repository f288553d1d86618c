using IdentityServer.Core.Abuse;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.SignIn;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

public sealed class SqliteLimitsTests(SqliteDatabase database) : LimitsTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresLimitsTests(PostgresDatabase database) : LimitsTests(database), IClassFixture<PostgresDatabase>;

/// <summary>
/// Limits of sign-in. They sit below pages and endpoints: these tests call what those call, so they hold in the process too (A11).
/// </summary>
public abstract class LimitsTests : IAsyncLifetime
{
    private readonly TestDatabase database;
    private readonly SignInServer server;

    protected LimitsTests(TestDatabase database)
    {
        database.SkipIfMissing();
        this.database = database;
        server = new SignInServer(database, new() { ["Limits:StartsPerAddressAndMinute"] = "1" });
    }

    // What a test counted overall must not meet the next one.
    public async ValueTask InitializeAsync()
    {
        if (database.Missing is null)
            await server.ReadAsync(db => db.Counters.ExecuteDeleteAsync());
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    // A2, A11, E4
    [Fact]
    public async Task An_address_is_written_to_once_a_minute_five_times_an_hour_and_ten_times_a_day_known_or_not()
    {
        var (known, unknown) = (SignInServer.NewAddress(), SignInServer.NewAddress());
        await server.AddUserAsync(known);
        var began = server.Clock.Now;

        for (var hour = 0; hour < 2; hour++)
        {
            for (var start = 0; start < 5; start++)
            {
                await BothAsync(known, unknown, outcome => Assert.IsType<StartOutcome.Started>(outcome));
                var soonest = server.Clock.Now.AddMinutes(1);
                server.Clock.Advance(TimeSpan.FromSeconds(1));
                if (start < 4)
                    await BothAsync(known, unknown, outcome => Assert.Equal(new StartOutcome.TryLater(soonest), outcome));
                server.Clock.Advance(TimeSpan.FromMinutes(1));
            }

            var at = hour == 0 ? began.AddHours(1) : began.AddDays(1);
            await BothAsync(known, unknown, outcome => Assert.Equal(new StartOutcome.TryLater(at), outcome));
            server.Clock.Advance(began.AddHours(hour + 1) - server.Clock.Now);
        }

        server.Clock.Advance(TimeSpan.FromDays(1));
        await BothAsync(known, unknown, outcome => Assert.IsType<StartOutcome.Started>(outcome));
    }

    // A1
    [Fact]
    public async Task Spellings_of_one_mailbox_share_its_limits()
    {
        var address = SignInServer.NewAddress();
        await server.StartAsync(address, SignInServer.NewBrowser());

        var (local, domain) = (address.Split('@')[0], address.Split('@')[1]);
        foreach (var spelling in new[] { $"{local}+tag@{domain}", $" {local.ToUpperInvariant()}@{domain} ", $"{local}@{domain.ToUpperInvariant()}" })
            Assert.IsType<StartOutcome.TryLater>(await server.TryStartAsync(spelling, SignInServer.NewBrowser()));
    }

    // ASVS 6.1.1: limits must not let a stranger lock the owner out.
    [Fact]
    public async Task One_network_cannot_use_up_an_address_for_the_day()
    {
        var (address, stranger) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        for (var start = 0; start < 8; start++)
        {
            await server.StartAsync(address, stranger);
            server.Clock.Advance(TimeSpan.FromMinutes(30));
        }

        Assert.IsType<StartOutcome.TryLater>(await server.TryStartAsync(address, stranger));
        await server.StartAsync(address, SignInServer.NewBrowser());
    }

    // A3: /24 is StartSignInTests'; a /48 is what anybody gets from a tunnel broker.
    [Fact]
    public async Task A_site_of_many_networks_has_one_limit()
    {
        var strict = new SignInServer(database, new() { ["Limits:StartsPerSiteAndHour"] = "3" });
        for (var start = 0; start < 3; start++)
            await strict.StartAsync(SignInServer.NewAddress(), SignInServer.NewBrowser($"2001:db8:77:{start}::1"));

        Assert.IsType<StartOutcome.TryLater>(await strict.TryStartAsync(SignInServer.NewAddress(), SignInServer.NewBrowser("2001:db8:77:9::1")));
        await strict.StartAsync(SignInServer.NewAddress(), SignInServer.NewBrowser("2001:db8:78::1"));
    }

    [Fact]
    public async Task All_starts_together_have_a_limit_that_parallel_starts_do_not_exceed_by_one()
    {
        var strict = new SignInServer(database, new() { ["Limits:StartsPerHour"] = "12" });

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ =>
            Task.Run(() => strict.TryStartAsync(SignInServer.NewAddress(), SignInServer.NewBrowser()))));

        Assert.Equal(12, outcomes.Count(outcome => outcome is StartOutcome.Started));
        Assert.Equal(28, outcomes.Count(outcome => outcome is StartOutcome.TryLater));
    }

    [Fact]
    public async Task Parallel_starts_of_one_address_start_once()
    {
        var address = SignInServer.NewAddress();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => Task.Run(() => server.TryStartAsync(address, SignInServer.NewBrowser()))));

        Assert.Single(outcomes.OfType<StartOutcome.Started>());
        Assert.Equal(29, outcomes.OfType<StartOutcome.TryLater>().Count());
    }

    // A4: one in ten mistypes, one in twenty-five never comes back.
    [Fact]
    public async Task Five_hundred_people_behind_one_address_are_not_blocked()
    {
        const string Ip = "198.51.100.7";
        for (var person = 0; person < 500; person++)
        {
            var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser(Ip));
            var challenge = await server.StartAsync(address, browser);
            if (person % 25 == 0)
                continue;
            if (person % 10 == 1)
                Assert.IsType<VerifyOutcome.Wrong>(await server.VerifyAsync(challenge, await server.WrongCodeAsync(challenge), browser));
            Assert.IsType<VerifyOutcome.DetailsNeeded>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser));
            Assert.IsType<DetailsOutcome.SignedIn>(await server.ConfirmAsync(challenge, "Somebody", browser));
        }

        // Only who never came back is counted.
        Assert.Equal([20L, 20L], await CountsAsync("overall-starts", "network-starts:%"));
    }

    [Fact]
    public async Task Wrong_codes_of_a_network_end_in_a_pause_that_costs_no_try_and_leaves_the_link()
    {
        var strict = new SignInServer(database, new() { ["Limits:WrongCodesPerNetworkAndHour"] = "4" });
        var browsers = new List<(Guid Challenge, Visitor Browser)>();
        for (var i = 0; i < 5; i++)
        {
            var browser = SignInServer.NewBrowser($"192.0.2.{i}");
            browsers.Add((await strict.StartAsync(SignInServer.NewAddress(), browser), browser));
        }

        var until = strict.Clock.Now.AddHours(1);
        foreach (var (challenge, browser) in browsers.Take(4))
            Assert.IsType<VerifyOutcome.Wrong>(await strict.VerifyAsync(challenge, await strict.WrongCodeAsync(challenge), browser));

        var (last, owner) = browsers[4];
        Assert.Equal(new VerifyOutcome.TryLater(until), await strict.VerifyAsync(last, await strict.CodeAsync(last), owner));
        Assert.Equal(0, (await strict.ChallengeAsync(last)).Attempts);
        Assert.IsType<VerifyOutcome.DetailsNeeded>(await strict.UseLinkAsync((await strict.MailAsync(last)).Token, owner));
    }

    [Fact]
    public async Task Right_codes_of_a_network_are_not_counted()
    {
        var strict = new SignInServer(database, new() { ["Limits:WrongCodesPerNetworkAndHour"] = "1" });
        for (var i = 0; i < 5; i++)
        {
            var browser = SignInServer.NewBrowser("192.0.2.200");
            var challenge = await strict.StartAsync(SignInServer.NewAddress(), browser);
            Assert.IsType<VerifyOutcome.DetailsNeeded>(await strict.VerifyAsync(challenge, await strict.CodeAsync(challenge), browser));
        }
    }

    // A10: nothing leaves uncounted, by whatever channel: the counters are in the transaction that queues the message.
    [Fact]
    public async Task Without_counters_nothing_is_sent()
    {
        var before = await server.ReadAsync(db => db.Messages.CountAsync());
        await server.ReadAsync(db => db.Database.ExecuteSqlRawAsync("""ALTER TABLE "Counters" RENAME TO "Away" """));
        try
        {
            await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => server.TryStartAsync(SignInServer.NewAddress(), SignInServer.NewBrowser()));

            // Requests of applications stay bounded by what each instance counts for itself.
            var requests = server.Services.GetRequiredService<RefusedRequests>();
            var entered = 0;
            while (await requests.EnterAsync("192.0.2.1") is null)
                entered++;
            Assert.Equal(600, entered);
        }
        finally
        {
            await server.ReadAsync(db => db.Database.ExecuteSqlRawAsync("""ALTER TABLE "Away" RENAME TO "Counters" """));
        }

        Assert.Equal(before, await server.ReadAsync(db => db.Messages.CountAsync()));
    }

    private async Task BothAsync(string known, string unknown, Action<StartOutcome> check)
    {
        foreach (var address in new[] { known, unknown })
            check(await server.TryStartAsync(address, SignInServer.NewBrowser()));
    }

    private async Task<List<long>> CountsAsync(params string[] patterns)
    {
        var counts = new List<long>();
        foreach (var pattern in patterns)
            counts.AddRange(await server.ReadAsync(db => db.Counters.Where(row => EF.Functions.Like(row.Key, pattern)).Select(row => row.Count).ToListAsync()));
        return counts;
    }
}
