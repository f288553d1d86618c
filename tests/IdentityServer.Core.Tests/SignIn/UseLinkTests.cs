using System.Buffers.Text;
using System.Security.Cryptography;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.SignIn;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

public sealed class SqliteUseLinkTests(SqliteDatabase database) : UseLinkTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresUseLinkTests(PostgresDatabase database) : UseLinkTests(database), IClassFixture<PostgresDatabase>;

public abstract class UseLinkTests
{
    private readonly SignInServer server;

    protected UseLinkTests(TestDatabase database)
    {
        database.SkipIfMissing();
        server = new SignInServer(database);
    }

    // L1: whoever looks, however often.
    [Fact]
    public async Task Looking_changes_nothing()
    {
        var (challenge, browser, token) = await KnownAsync();
        for (var look = 0; look < 20; look++)
        {
            Assert.IsType<LinkView.OtherBrowser>(await server.LookAtLinkAsync(token, SignInServer.NewBrowser()));
            Assert.IsType<LinkView.Ready>(await server.LookAtLinkAsync(token, browser));
        }

        var row = await server.ChallengeAsync(challenge);
        Assert.Equal((ChallengeStatus.Pending, 0), (row.Status, row.Attempts));
        Assert.IsType<VerifyOutcome.SignedIn>(await server.UseLinkAsync(token, browser));
    }

    // L2, L9: a scanner that presses every button, a forwarded link, an attacker's link in the victim's browser.
    [Fact]
    public async Task A_tap_in_another_browser_signs_nobody_in()
    {
        var (challenge, browser, token) = await KnownAsync();

        Assert.IsType<VerifyOutcome.Gone>(await server.UseLinkAsync(token, SignInServer.NewBrowser()));

        Assert.Equal(ChallengeStatus.Pending, (await server.ChallengeAsync(challenge)).Status);
        Assert.IsType<VerifyOutcome.SignedIn>(await server.UseLinkAsync(token, browser));
    }

    // L3, L7
    [Fact]
    public async Task One_tap_in_the_browser_that_asked_signs_in_once()
    {
        var (challenge, browser, token) = await KnownAsync();

        var first = Assert.IsType<VerifyOutcome.SignedIn>(await server.UseLinkAsync(token, browser));
        var second = Assert.IsType<VerifyOutcome.SignedIn>(await server.UseLinkAsync(token, browser));

        Assert.Equal(first.Ticket.Secret, second.Ticket.Secret);
        Assert.IsType<LinkView.Gone>(await server.LookAtLinkAsync(token, browser));
        Assert.Equal(32, Base64Url.DecodeFromChars(token).Length);
        Assert.Equal(SHA256.HashData(Base64Url.DecodeFromChars(token)), (await server.ChallengeAsync(challenge)).LinkHash);
    }

    [Fact]
    public async Task The_code_after_the_link_gives_the_same_session()
    {
        var (challenge, browser, token) = await KnownAsync();
        var code = await server.CodeAsync(challenge);

        var byLink = Assert.IsType<VerifyOutcome.SignedIn>(await server.UseLinkAsync(token, browser));
        var byCode = Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(challenge, code, browser));

        Assert.Equal(byLink.Ticket.SessionId, byCode.Ticket.SessionId);
    }

    [Fact]
    public async Task A_resend_replaces_the_link()
    {
        var (challenge, browser, token) = await KnownAsync();
        server.Clock.Advance(TimeSpan.FromSeconds(31));
        await server.ResendAsync(challenge, browser);

        Assert.IsType<LinkView.Gone>(await server.LookAtLinkAsync(token, browser));
        Assert.IsType<VerifyOutcome.Gone>(await server.UseLinkAsync(token, browser));
        Assert.IsType<VerifyOutcome.SignedIn>(await server.UseLinkAsync((await server.MailAsync(challenge)).Token, browser));
    }

    [Fact]
    public async Task A_link_ends_with_its_code()
    {
        var (_, browser, token) = await KnownAsync();
        server.Clock.Advance(TimeSpan.FromMinutes(5));

        Assert.IsType<LinkView.Gone>(await server.LookAtLinkAsync(token, browser));
        Assert.IsType<VerifyOutcome.Gone>(await server.UseLinkAsync(token, browser));
    }

    [Fact]
    public async Task The_link_works_when_no_try_is_left_and_forgets_the_failures()
    {
        var (challenge, browser, token) = await KnownAsync();
        for (var failure = 0; failure < 5; failure++)
            await server.VerifyAsync(challenge, await server.WrongCodeAsync(challenge), browser);

        Assert.IsType<VerifyOutcome.SignedIn>(await server.UseLinkAsync(token, browser));

        var key = "code-failures:" + Base64Url.EncodeToString((await server.ChallengeAsync(challenge)).AddressHash);
        Assert.False(await server.ReadAsync(db => db.Counters.AnyAsync(counter => counter.Key == key)));
    }

    [Fact]
    public async Task The_link_of_an_account_disabled_meanwhile_signs_nobody_in()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        await server.AddUserAsync(address);
        var challenge = await server.StartAsync(address, browser);
        var token = (await server.MailAsync(challenge)).Token;
        await server.DisableAsync(address);

        Assert.IsType<VerifyOutcome.Gone>(await server.UseLinkAsync(token, browser));
        Assert.Equal(0, await server.SessionsAsync(address));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("!AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task What_is_no_link_of_ours_is_gone(string token)
    {
        Assert.IsType<LinkView.Gone>(await server.LookAtLinkAsync(token, SignInServer.NewBrowser()));
        Assert.IsType<VerifyOutcome.Gone>(await server.UseLinkAsync(token, SignInServer.NewBrowser()));
    }

    private async Task<(Guid Challenge, Core.Users.Visitor Browser, string Token)> KnownAsync()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        await server.AddUserAsync(address);
        var challenge = await server.StartAsync(address, browser);
        return (challenge, browser, (await server.MailAsync(challenge)).Token);
    }
}
