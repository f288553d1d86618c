using System.Text;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.SignIn;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

public sealed class SqliteVerifyCodeTests(SqliteDatabase database) : VerifyCodeTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresVerifyCodeTests(PostgresDatabase database) : VerifyCodeTests(database), IClassFixture<PostgresDatabase>;

public abstract class VerifyCodeTests
{
    // One address may ask often here: what is tested is what codes cost, not what messages cost.
    private static readonly Dictionary<string, string?> Generous = new()
    {
        ["Limits:MessagesPerAddressAndHour"] = "1000",
        ["Limits:MessagesPerAddressAndDay"] = "1000",
        ["Limits:StartsPerNetworkAndHour"] = "1000",
    };

    private readonly SignInServer server;

    protected VerifyCodeTests(TestDatabase database)
    {
        database.SkipIfMissing();
        server = new SignInServer(database, Generous);
    }

    [Fact]
    public async Task The_right_code_signs_in()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        var user = await server.AddUserAsync(address);
        var challenge = await server.StartAsync(address, browser);

        var signedIn = Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser));

        var session = await server.ReadAsync(db => db.Sessions.SingleAsync(row => row.Id == signedIn.Ticket.SessionId));
        Assert.Equal(user, session.UserId);
        Assert.Equal(["otp"], session.Methods);
        Assert.Equal(server.Clock.Now, session.AuthenticatedAt);
        Assert.Equal(server.Clock.Now, await server.ReadAsync(db => db.Users.Where(row => row.Id == user).Select(row => row.LastSignInAt).SingleAsync()));
    }

    // C3
    [Fact]
    public async Task The_database_holds_neither_code_nor_link_nor_address()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        var challenge = await server.StartAsync(address, browser);
        var mail = await server.MailAsync(challenge);

        var row = await server.ChallengeAsync(challenge);
        var message = await server.ReadAsync(db => db.Messages.SingleAsync(entry => entry.ChallengeId == challenge));
        var audit = await server.ReadAsync(db => db.AuditEvents.Select(entry => entry.Data).ToListAsync());

        var dump = string.Join('\n', [row.Address, message.Recipient, message.Model, .. audit]);
        Assert.DoesNotContain(mail.Code, dump, StringComparison.Ordinal);
        Assert.DoesNotContain(mail.Token, dump, StringComparison.Ordinal);
        Assert.DoesNotContain(address, dump, StringComparison.OrdinalIgnoreCase);
        Assert.NotEqual(System.Security.Cryptography.SHA256.HashData(Encoding.ASCII.GetBytes(mail.Code)), row.Codes[0].Mac);
        Assert.NotEqual(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(address.ToUpperInvariant())), row.AddressHash);
    }

    [Fact]
    public async Task A_challenge_has_five_tries()
    {
        var (challenge, browser) = await KnownAsync();
        var wrong = await server.WrongCodeAsync(challenge);

        for (var left = 4; left > 0; left--)
            Assert.Equal(new VerifyOutcome.Wrong(left), await server.VerifyAsync(challenge, wrong, browser));
        Assert.IsType<VerifyOutcome.Spent>(await server.VerifyAsync(challenge, wrong, browser));
        Assert.IsType<VerifyOutcome.Spent>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser));
        Assert.IsType<ResendOutcome.Gone>(await server.ResendAsync(challenge, browser));
    }

    [Fact]
    public async Task What_cannot_be_a_code_costs_no_try()
    {
        var (challenge, browser) = await KnownAsync();

        Assert.Equal(new VerifyOutcome.Wrong(5), await server.VerifyAsync(challenge, "12", browser));
        Assert.Equal(new VerifyOutcome.Wrong(5), await server.VerifyAsync(challenge, "letters", browser));
        Assert.Equal(0, (await server.ChallengeAsync(challenge)).Attempts);
    }

    // C6. NIST SP 800-63B-4 §3.1.3.2
    [Fact]
    public async Task A_resend_resets_neither_the_tries_nor_the_address_budget()
    {
        var (challenge, browser) = await KnownAsync();
        for (var send = 0; send < 4; send++)
        {
            await server.VerifyAsync(challenge, await server.WrongCodeAsync(challenge), browser);
            server.Clock.Advance(TimeSpan.FromSeconds(31));
            Assert.IsType<ResendOutcome.Sent>(await server.ResendAsync(challenge, browser));
        }

        Assert.IsType<VerifyOutcome.Spent>(await server.VerifyAsync(challenge, await server.WrongCodeAsync(challenge), browser));
        Assert.Equal(5, await FailuresAsync(challenge));
    }

    // C7: a new challenge, another browser, another network, another spelling.
    [Fact]
    public async Task Ten_failures_in_a_row_pause_codes_wherever_they_come_from()
    {
        var address = SignInServer.NewAddress();
        await server.AddUserAsync(address);
        for (var failure = 0; failure < 10; failure++)
        {
            var browser = SignInServer.NewBrowser();
            var challenge = await server.StartAsync(failure % 2 == 0 ? address : address.Replace("@", $"+{failure}@", StringComparison.Ordinal).ToUpperInvariant(), browser);
            Assert.IsType<VerifyOutcome.Wrong>(await server.VerifyAsync(challenge, await server.WrongCodeAsync(challenge), browser));
        }

        var owner = SignInServer.NewBrowser();
        var last = await server.StartAsync(address, owner);
        Assert.Equal(new VerifyOutcome.Paused(server.Clock.Now.AddSeconds(30)), await server.VerifyAsync(last, await server.CodeAsync(last), owner));
        Assert.Equal(0, (await server.ChallengeAsync(last)).Attempts);

        server.Clock.Advance(TimeSpan.FromSeconds(30));
        await server.VerifyAsync(last, await server.WrongCodeAsync(last), owner);
        Assert.Equal(new VerifyOutcome.Paused(server.Clock.Now.AddSeconds(60)), await server.VerifyAsync(last, await server.CodeAsync(last), owner));

        server.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(last, await server.CodeAsync(last), owner));
    }

    // C8
    [Fact]
    public async Task Success_resets_the_failures()
    {
        var (challenge, browser) = await KnownAsync();
        for (var failure = 0; failure < 3; failure++)
            await server.VerifyAsync(challenge, await server.WrongCodeAsync(challenge), browser);
        Assert.Equal(3, await FailuresAsync(challenge));

        Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser));

        Assert.Equal(0, await FailuresAsync(challenge));
    }

    // C15. NIST SP 800-63B-4 §3.2.2
    [Fact]
    public async Task At_a_hundred_failures_codes_are_off_until_the_link_is_used()
    {
        var address = SignInServer.NewAddress();
        await server.AddUserAsync(address);
        var browser = SignInServer.NewBrowser();
        for (var failure = 0; failure < 100; failure++)
        {
            var stranger = SignInServer.NewBrowser();
            var guessed = await server.StartAsync(address, stranger);
            Assert.IsNotType<VerifyOutcome.Paused>(await server.VerifyAsync(guessed, await server.WrongCodeAsync(guessed), stranger));
            server.Clock.Advance(TimeSpan.FromHours(1));
        }

        server.Clock.Advance(TimeSpan.FromDays(365));
        var challenge = await server.StartAsync(address, browser);
        Assert.Equal(new VerifyOutcome.Paused(null), await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser));
        Assert.IsType<VerifyOutcome.SignedIn>(await server.UseLinkAsync((await server.MailAsync(challenge)).Token, browser));

        var next = await server.StartAsync(address, browser);
        Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(next, await server.CodeAsync(next), browser));
    }

    // C9
    [Fact]
    public async Task A_code_of_one_challenge_is_worth_nothing_in_another()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        await server.AddUserAsync(address);
        var one = await server.StartAsync(address, browser);
        var other = await server.StartAsync(address, browser);
        var (codeOfOne, codeOfOther) = (await server.CodeAsync(one), await server.CodeAsync(other));
        if (codeOfOne == codeOfOther)
            return;

        Assert.IsType<VerifyOutcome.Wrong>(await server.VerifyAsync(other, codeOfOne, browser));
        Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(other, codeOfOther, browser));
    }

    // The issue overrules C11: a resend kills the earlier code, says so, and the mistake costs no try.
    [Fact]
    public async Task A_superseded_code_says_so_and_costs_no_try()
    {
        var (challenge, browser) = await KnownAsync();
        var earlier = await server.CodeAsync(challenge);
        server.Clock.Advance(TimeSpan.FromSeconds(31));
        Assert.IsType<ResendOutcome.Sent>(await server.ResendAsync(challenge, browser));

        for (var again = 0; again < 8; again++)
            Assert.IsType<VerifyOutcome.Superseded>(await server.VerifyAsync(challenge, earlier, browser));

        Assert.Equal(0, (await server.ChallengeAsync(challenge)).Attempts);
        Assert.Equal(0, await FailuresAsync(challenge));
        Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser));
    }

    // C12
    [Fact]
    public async Task A_double_submit_gives_the_same_session()
    {
        var (challenge, browser) = await KnownAsync();
        var code = await server.CodeAsync(challenge);

        var first = Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(challenge, code, browser));
        var second = Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(challenge, code, browser));

        Assert.Equal(first.Ticket.SessionId, second.Ticket.SessionId);
        Assert.Equal(first.Ticket.Secret, second.Ticket.Secret);
        Assert.Equal(first.Ticket.ExpiresAt, second.Ticket.ExpiresAt);
    }

    [Fact]
    public async Task After_the_last_try_a_double_submit_still_works_and_guesses_do_not()
    {
        var (challenge, browser) = await KnownAsync();
        for (var failure = 0; failure < 4; failure++)
            await server.VerifyAsync(challenge, await server.WrongCodeAsync(challenge), browser);
        var code = await server.CodeAsync(challenge);
        Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(challenge, code, browser));
        Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(challenge, code, browser));

        for (var guess = 0; guess < 3; guess++)
            Assert.IsType<VerifyOutcome.Spent>(await server.VerifyAsync(challenge, SignInServer.Other(code), browser));
        Assert.IsType<VerifyOutcome.Spent>(await server.VerifyAsync(challenge, code, browser));
    }

    [Fact]
    public async Task A_session_that_was_ended_does_not_revive()
    {
        var (challenge, browser) = await KnownAsync();
        var code = await server.CodeAsync(challenge);
        var ticket = Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(challenge, code, browser)).Ticket;
        await server.ReadAsync(db => db.Sessions.Where(row => row.Id == ticket.SessionId).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.EndedAt, server.Clock.Now)));

        Assert.IsType<VerifyOutcome.Spent>(await server.VerifyAsync(challenge, code, browser));
    }

    // L9, login CSRF: the challenge is nobody's in another browser, and it costs its owner nothing.
    [Fact]
    public async Task Another_browser_finds_no_challenge()
    {
        var (challenge, browser) = await KnownAsync();
        var victim = SignInServer.NewBrowser();

        Assert.IsType<VerifyOutcome.Gone>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), victim));
        Assert.IsType<VerifyOutcome.Gone>(await server.VerifyAsync(Guid.CreateVersion7(server.Clock.Now), "123456", victim));
        Assert.IsType<ResendOutcome.Gone>(await server.ResendAsync(challenge, victim));
        Assert.Null(await server.LookAsync(challenge, victim));
        Assert.Equal(0, (await server.ChallengeAsync(challenge)).Attempts);
        Assert.NotNull(await server.LookAsync(challenge, browser));
    }

    [Fact]
    public async Task A_code_ends_after_five_minutes_and_another_can_be_asked_for()
    {
        var (challenge, browser) = await KnownAsync();
        server.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.IsType<VerifyOutcome.Spent>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser));
        Assert.Equal(0, (await server.ChallengeAsync(challenge)).Attempts);

        Assert.IsType<ResendOutcome.Sent>(await server.ResendAsync(challenge, browser));
        Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser));
    }

    [Fact]
    public async Task Nobody_is_signed_in_to_an_account_that_was_disabled_meanwhile()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        await server.AddUserAsync(address);
        var challenge = await server.StartAsync(address, browser);
        await server.DisableAsync(address);

        Assert.IsType<VerifyOutcome.Spent>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser));
        Assert.IsType<VerifyOutcome.Spent>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser));
        Assert.Equal(0, await server.SessionsAsync(address));
    }

    // S2, pre-hijacking
    [Fact]
    public async Task A_first_proof_of_the_mailbox_removes_what_others_left()
    {
        var address = SignInServer.NewAddress();
        var user = await server.AddUserAsync(address, confirmed: false);
        var earlier = await AddSessionAsync(user);
        await server.ReadAsync(async db =>
        {
            db.UserLogins.Add(new() { UserId = user, LoginProvider = "elsewhere", ProviderKey = user.ToString() });
            return await db.SaveChangesAsync();
        });

        await server.SignInAsync(address, SignInServer.NewBrowser());

        Assert.True(await server.ReadAsync(db => db.Users.Where(row => row.Id == user).Select(row => row.EmailConfirmed).SingleAsync()));
        Assert.False(await server.ReadAsync(db => db.UserLogins.AnyAsync(row => row.UserId == user)));
        Assert.NotNull(await server.ReadAsync(db => db.Sessions.Where(row => row.Id == earlier).Select(row => row.EndedAt).SingleAsync()));
        Assert.Equal(2, await server.SessionsAsync(address));
    }

    private async Task<(Guid Challenge, Core.Users.Visitor Browser)> KnownAsync()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        await server.AddUserAsync(address);
        return (await server.StartAsync(address, browser), browser);
    }

    private async Task<int> FailuresAsync(Guid challenge)
    {
        var row = await server.ChallengeAsync(challenge);
        var key = "code-failures:" + System.Buffers.Text.Base64Url.EncodeToString(row.AddressHash);
        return await server.ReadAsync(db => db.Counters.Where(counter => counter.Key == key).Select(counter => (int)counter.Count).SingleOrDefaultAsync());
    }

    private async Task<Guid> AddSessionAsync(Guid user)
    {
        var now = server.Clock.Now;
        var session = new SessionRow
        {
            Id = Guid.CreateVersion7(now),
            KeyHash = System.Security.Cryptography.RandomNumberGenerator.GetBytes(32),
            UserId = user,
            CreatedAt = now,
            AuthenticatedAt = now,
            ChosenAt = now,
            Methods = [],
            LastSeenAt = now,
            ExpiresAt = now.AddDays(1),
            UserAgent = "",
        };
        return await server.ReadAsync(async db =>
        {
            db.Add(session);
            await db.SaveChangesAsync();
            return session.Id;
        });
    }
}
