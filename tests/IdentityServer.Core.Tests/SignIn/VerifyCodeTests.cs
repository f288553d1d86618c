using System.Text;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.SignIn;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

public sealed class SqliteVerifyCodeTests(SqliteDatabase database) : VerifyCodeTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresVerifyCodeTests(PostgresDatabase database) : VerifyCodeTests(database), IClassFixture<PostgresDatabase>;

/// <summary>What codes open, and for whom.</summary>
public abstract class VerifyCodeTests(TestDatabase database) : CodeTests(database)
{
    [Fact]
    public async Task The_right_code_signs_in()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        var user = await Server.AddUserAsync(address);
        var challenge = await Server.StartAsync(address, browser);

        var signedIn = Assert.IsType<VerifyOutcome.SignedIn>(await Server.VerifyAsync(challenge, await Server.CodeAsync(challenge), browser));

        var session = await Server.ReadAsync(db => db.Sessions.SingleAsync(row => row.Id == signedIn.Ticket.SessionId));
        Assert.Equal(user, session.UserId);
        Assert.Equal(["otp"], session.Methods);
        Assert.Equal(Server.Clock.Now, session.AuthenticatedAt);
        Assert.Equal(Server.Clock.Now, await Server.ReadAsync(db => db.Users.Where(row => row.Id == user).Select(row => row.LastSignInAt).SingleAsync()));
    }

    // C3
    [Fact]
    public async Task The_database_holds_neither_code_nor_link_nor_address()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        var challenge = await Server.StartAsync(address, browser);
        var mail = await Server.MailAsync(challenge);

        var row = await Server.ChallengeAsync(challenge);
        var message = await Server.ReadAsync(db => db.Messages.SingleAsync(entry => entry.ChallengeId == challenge));
        var audit = await Server.ReadAsync(db => db.AuditEvents.Select(entry => entry.Data).ToListAsync());

        var dump = string.Join('\n', [row.Address, message.Recipient, message.Model, .. audit]);
        Assert.DoesNotContain(mail.Code, dump, StringComparison.Ordinal);
        Assert.DoesNotContain(mail.Token, dump, StringComparison.Ordinal);
        Assert.DoesNotContain(address, dump, StringComparison.OrdinalIgnoreCase);
        Assert.NotEqual(System.Security.Cryptography.SHA256.HashData(Encoding.ASCII.GetBytes(mail.Code)), row.Codes[0].Mac);
        Assert.NotEqual(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(address.ToUpperInvariant())), row.AddressHash);
    }

    // C9
    [Fact]
    public async Task A_code_of_one_challenge_is_worth_nothing_in_another()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        await Server.AddUserAsync(address);
        var one = await Server.StartAsync(address, browser);
        var other = await Server.StartAsync(address, browser);
        var (codeOfOne, codeOfOther) = (await Server.CodeAsync(one), await Server.CodeAsync(other));
        if (codeOfOne == codeOfOther)
            return;

        Assert.IsType<VerifyOutcome.Wrong>(await Server.VerifyAsync(other, codeOfOne, browser));
        Assert.IsType<VerifyOutcome.SignedIn>(await Server.VerifyAsync(other, codeOfOther, browser));
    }

    // C10
    [Theory]
    [InlineData(ChallengePurpose.Registration)]
    [InlineData(ChallengePurpose.NewAddress)]
    [InlineData(ChallengePurpose.Confirmation)]
    public async Task What_was_sent_for_another_purpose_signs_nobody_in(ChallengePurpose purpose)
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        await Server.AddUserAsync(address);
        var challenge = await Server.StartAsync(address, browser);
        var mail = await Server.MailAsync(challenge);
        await Server.ReadAsync(db => db.Challenges.Where(row => row.Id == challenge).ExecuteUpdateAsync(set => set.SetProperty(row => row.Purpose, purpose)));

        Assert.IsType<VerifyOutcome.Gone>(await Server.VerifyAsync(challenge, mail.Code, browser));
        Assert.IsNotType<VerifyOutcome.SignedIn>(await Server.UseLinkAsync(mail.Token, browser));
        Assert.IsNotType<DetailsOutcome.SignedIn>(await Server.ConfirmAsync(challenge, "Ada", browser));
        Assert.Equal(0, await Server.SessionsAsync(address));
        Assert.Equal((purpose, 0), await Server.ReadAsync(async db => await db.Challenges.Where(row => row.Id == challenge).Select(row => new ValueTuple<ChallengePurpose, int>(row.Purpose, row.Attempts)).SingleAsync()));
    }

    // C11 does not hold, because the issue overrules it: a resend kills the earlier code, says so, and the mistake costs no try. The tries are shared.
    [Fact]
    public async Task A_superseded_code_says_so_and_costs_no_try()
    {
        var (challenge, browser) = await KnownAsync();
        var earlier = await Server.CodeAsync(challenge);
        Server.Clock.Advance(TimeSpan.FromSeconds(31));
        Assert.IsType<ResendOutcome.Sent>(await Server.ResendAsync(challenge, browser));

        for (var again = 0; again < 8; again++)
            Assert.IsType<VerifyOutcome.Superseded>(await Server.VerifyAsync(challenge, earlier, browser));

        Assert.Equal(0, (await Server.ChallengeAsync(challenge)).Attempts);
        Assert.Equal(0, await FailuresAsync(challenge));
        Assert.IsType<VerifyOutcome.SignedIn>(await Server.VerifyAsync(challenge, await Server.CodeAsync(challenge), browser));
    }

    // C12
    [Fact]
    public async Task A_double_submit_gives_the_same_session()
    {
        var (challenge, browser) = await KnownAsync();
        var code = await Server.CodeAsync(challenge);

        var first = Assert.IsType<VerifyOutcome.SignedIn>(await Server.VerifyAsync(challenge, code, browser));
        var second = Assert.IsType<VerifyOutcome.SignedIn>(await Server.VerifyAsync(challenge, code, browser));

        Assert.Equal(first.Ticket.SessionId, second.Ticket.SessionId);
        Assert.Equal(first.Ticket.Secret, second.Ticket.Secret);
        Assert.Equal(first.Ticket.ExpiresAt, second.Ticket.ExpiresAt);
    }

    [Fact]
    public async Task A_session_that_was_ended_does_not_revive()
    {
        var (challenge, browser) = await KnownAsync();
        var code = await Server.CodeAsync(challenge);
        var ticket = Assert.IsType<VerifyOutcome.SignedIn>(await Server.VerifyAsync(challenge, code, browser)).Ticket;
        await Server.ReadAsync(db => db.Sessions.Where(row => row.Id == ticket.SessionId).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.EndedAt, Server.Clock.Now)));

        Assert.IsType<VerifyOutcome.Spent>(await Server.VerifyAsync(challenge, code, browser));
    }

    // L9, login CSRF: the challenge is nobody's in another browser, and it costs its owner nothing.
    [Fact]
    public async Task Another_browser_finds_no_challenge()
    {
        var (challenge, browser) = await KnownAsync();
        var victim = SignInServer.NewBrowser();

        Assert.IsType<VerifyOutcome.Gone>(await Server.VerifyAsync(challenge, await Server.CodeAsync(challenge), victim));
        Assert.IsType<VerifyOutcome.Gone>(await Server.VerifyAsync(Guid.CreateVersion7(Server.Clock.Now), "123456", victim));
        Assert.IsType<ResendOutcome.Gone>(await Server.ResendAsync(challenge, victim));
        Assert.Null(await Server.LookAsync(challenge, victim));
        Assert.Equal(0, (await Server.ChallengeAsync(challenge)).Attempts);
        Assert.NotNull(await Server.LookAsync(challenge, browser));
    }

    [Fact]
    public async Task A_code_ends_after_five_minutes_and_another_can_be_asked_for()
    {
        var (challenge, browser) = await KnownAsync();
        Server.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.IsType<VerifyOutcome.Spent>(await Server.VerifyAsync(challenge, await Server.CodeAsync(challenge), browser));
        Assert.Equal(0, (await Server.ChallengeAsync(challenge)).Attempts);

        Assert.IsType<ResendOutcome.Sent>(await Server.ResendAsync(challenge, browser));
        Assert.IsType<VerifyOutcome.SignedIn>(await Server.VerifyAsync(challenge, await Server.CodeAsync(challenge), browser));
    }

    [Fact]
    public async Task Nobody_is_signed_in_to_an_account_that_was_disabled_meanwhile()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        await Server.AddUserAsync(address);
        var challenge = await Server.StartAsync(address, browser);
        await Server.DisableAsync(address);

        Assert.IsType<VerifyOutcome.Spent>(await Server.VerifyAsync(challenge, await Server.CodeAsync(challenge), browser));
        Assert.IsType<VerifyOutcome.Spent>(await Server.VerifyAsync(challenge, await Server.CodeAsync(challenge), browser));
        Assert.Equal(0, await Server.SessionsAsync(address));
    }

    // S2, pre-hijacking
    [Fact]
    public async Task A_first_proof_of_the_mailbox_removes_what_others_left()
    {
        var address = SignInServer.NewAddress();
        var user = await Server.AddUserAsync(address, confirmed: false);
        var earlier = await AddSessionAsync(user);
        await Server.ReadAsync(async db =>
        {
            db.UserLogins.Add(new() { UserId = user, LoginProvider = "elsewhere", ProviderKey = user.ToString() });
            return await db.SaveChangesAsync();
        });

        await Server.SignInAsync(address, SignInServer.NewBrowser());

        Assert.True(await Server.ReadAsync(db => db.Users.Where(row => row.Id == user).Select(row => row.EmailConfirmed).SingleAsync()));
        Assert.False(await Server.ReadAsync(db => db.UserLogins.AnyAsync(row => row.UserId == user)));
        Assert.NotNull(await Server.ReadAsync(db => db.Sessions.Where(row => row.Id == earlier).Select(row => row.EndedAt).SingleAsync()));
        Assert.Equal(2, await Server.SessionsAsync(address));
    }

    private async Task<Guid> AddSessionAsync(Guid user)
    {
        var now = Server.Clock.Now;
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
        return await Server.ReadAsync(async db =>
        {
            db.Add(session);
            await db.SaveChangesAsync();
            return session.Id;
        });
    }
}
