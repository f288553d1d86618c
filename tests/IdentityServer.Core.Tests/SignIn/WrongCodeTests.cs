using IdentityServer.Core.Proofs;
using IdentityServer.Core.SignIn;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

public sealed class SqliteWrongCodeTests(SqliteDatabase database) : WrongCodeTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresWrongCodeTests(PostgresDatabase database) : WrongCodeTests(database), IClassFixture<PostgresDatabase>;

/// <summary>What wrong codes cost.</summary>
public abstract class WrongCodeTests(TestDatabase database) : CodeTests(database)
{
    [Fact]
    public async Task A_challenge_has_five_tries()
    {
        var (challenge, browser) = await KnownAsync();
        var wrong = await Server.WrongCodeAsync(challenge);

        for (var left = 4; left > 0; left--)
            Assert.Equal(new VerifyOutcome.Wrong(left), await Server.VerifyAsync(challenge, wrong, browser));
        Assert.IsType<VerifyOutcome.Spent>(await Server.VerifyAsync(challenge, wrong, browser));
        Assert.IsType<VerifyOutcome.Spent>(await Server.VerifyAsync(challenge, await Server.CodeAsync(challenge), browser));
        Assert.IsType<ResendOutcome.Gone>(await Server.ResendAsync(challenge, browser));
    }

    [Fact]
    public async Task What_cannot_be_a_code_costs_no_try()
    {
        var (challenge, browser) = await KnownAsync();

        Assert.Equal(new VerifyOutcome.Wrong(5), await Server.VerifyAsync(challenge, "12", browser));
        Assert.Equal(new VerifyOutcome.Wrong(5), await Server.VerifyAsync(challenge, "letters", browser));
        Assert.Equal(0, (await Server.ChallengeAsync(challenge)).Attempts);
    }

    // C6. NIST SP 800-63B-4 §3.1.3.2
    [Fact]
    public async Task A_resend_resets_neither_the_tries_nor_the_address_budget()
    {
        var (challenge, browser) = await KnownAsync();
        for (var send = 0; send < 4; send++)
        {
            await Server.VerifyAsync(challenge, await Server.WrongCodeAsync(challenge), browser);
            Server.Clock.Advance(TimeSpan.FromSeconds(31));
            Assert.IsType<ResendOutcome.Sent>(await Server.ResendAsync(challenge, browser));
        }

        Assert.IsType<VerifyOutcome.Spent>(await Server.VerifyAsync(challenge, await Server.WrongCodeAsync(challenge), browser));
        Assert.Equal(5, await FailuresAsync(challenge));
    }

    // C6, a hundred times: most are refused, for a challenge sends five messages.
    [Fact]
    public async Task A_hundred_resends_reset_nothing()
    {
        var (challenge, browser) = await KnownAsync();
        await Server.VerifyAsync(challenge, await Server.WrongCodeAsync(challenge), browser);
        for (var resend = 0; resend < 100; resend++)
        {
            await Server.ResendAsync(challenge, browser);
            Server.Clock.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.Equal((1, 5), ((await Server.ChallengeAsync(challenge)).Attempts, (await Server.ChallengeAsync(challenge)).Sends));
        Assert.Equal(1, await FailuresAsync(challenge));
    }

    // C7: a new challenge, another browser, another network, another spelling.
    [Fact]
    public async Task Ten_failures_in_a_row_pause_codes_wherever_they_come_from()
    {
        var address = SignInServer.NewAddress();
        await Server.AddUserAsync(address);
        for (var failure = 0; failure < 10; failure++)
        {
            var browser = SignInServer.NewBrowser();
            var challenge = await Server.StartAsync(failure % 2 == 0 ? address : address.Replace("@", $"+{failure}@", StringComparison.Ordinal).ToUpperInvariant(), browser);
            Assert.IsType<VerifyOutcome.Wrong>(await Server.VerifyAsync(challenge, await Server.WrongCodeAsync(challenge), browser));
        }

        var owner = SignInServer.NewBrowser();
        var last = await Server.StartAsync(address, owner);
        Assert.Equal(new VerifyOutcome.Paused(Server.Clock.Now.AddSeconds(30)), await Server.VerifyAsync(last, await Server.CodeAsync(last), owner));
        Assert.Equal(0, (await Server.ChallengeAsync(last)).Attempts);

        Server.Clock.Advance(TimeSpan.FromSeconds(30));
        await Server.VerifyAsync(last, await Server.WrongCodeAsync(last), owner);
        Assert.Equal(new VerifyOutcome.Paused(Server.Clock.Now.AddSeconds(60)), await Server.VerifyAsync(last, await Server.CodeAsync(last), owner));

        Server.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.IsType<VerifyOutcome.SignedIn>(await Server.VerifyAsync(last, await Server.CodeAsync(last), owner));
    }

    // C8
    [Fact]
    public async Task Success_resets_the_failures()
    {
        var (challenge, browser) = await KnownAsync();
        for (var failure = 0; failure < 3; failure++)
            await Server.VerifyAsync(challenge, await Server.WrongCodeAsync(challenge), browser);
        Assert.Equal(3, await FailuresAsync(challenge));

        Assert.IsType<VerifyOutcome.SignedIn>(await Server.VerifyAsync(challenge, await Server.CodeAsync(challenge), browser));

        Assert.Equal(0, await FailuresAsync(challenge));
    }

    // C15. NIST SP 800-63B-4 §3.2.2
    [Fact]
    public async Task At_a_hundred_failures_codes_are_off_until_the_link_is_used()
    {
        var address = SignInServer.NewAddress();
        await Server.AddUserAsync(address);
        var browser = SignInServer.NewBrowser();
        for (var failure = 0; failure < 100; failure++)
        {
            var stranger = SignInServer.NewBrowser();
            var guessed = await Server.StartAsync(address, stranger);
            Assert.IsNotType<VerifyOutcome.Paused>(await Server.VerifyAsync(guessed, await Server.WrongCodeAsync(guessed), stranger));
            Server.Clock.Advance(TimeSpan.FromHours(1));
        }

        Server.Clock.Advance(TimeSpan.FromDays(365));
        var challenge = await Server.StartAsync(address, browser);
        Assert.Equal(new VerifyOutcome.Paused(null), await Server.VerifyAsync(challenge, await Server.CodeAsync(challenge), browser));
        Assert.IsType<VerifyOutcome.SignedIn>(await Server.UseLinkAsync((await Server.MailAsync(challenge)).Token, browser));

        var next = await Server.StartAsync(address, browser);
        Assert.IsType<VerifyOutcome.SignedIn>(await Server.VerifyAsync(next, await Server.CodeAsync(next), browser));
    }

    [Fact]
    public async Task After_the_last_try_a_double_submit_still_works_and_guesses_do_not()
    {
        var (challenge, browser) = await KnownAsync();
        for (var failure = 0; failure < 4; failure++)
            await Server.VerifyAsync(challenge, await Server.WrongCodeAsync(challenge), browser);
        var code = await Server.CodeAsync(challenge);
        Assert.IsType<VerifyOutcome.SignedIn>(await Server.VerifyAsync(challenge, code, browser));
        Assert.IsType<VerifyOutcome.SignedIn>(await Server.VerifyAsync(challenge, code, browser));

        for (var guess = 0; guess < 3; guess++)
            Assert.IsType<VerifyOutcome.Spent>(await Server.VerifyAsync(challenge, SignInServer.Other(code), browser));
        Assert.IsType<VerifyOutcome.Spent>(await Server.VerifyAsync(challenge, code, browser));
    }
}
