using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.SignIn;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

public sealed class SqliteConfirmDetailsTests(SqliteDatabase database) : ConfirmDetailsTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresConfirmDetailsTests(PostgresDatabase database) : ConfirmDetailsTests(database), IClassFixture<PostgresDatabase>;

public abstract class ConfirmDetailsTests
{
    private readonly SignInServer server;

    protected ConfirmDetailsTests(TestDatabase database)
    {
        database.SkipIfMissing();
        server = new SignInServer(database);
    }

    [Fact]
    public async Task The_account_exists_only_after_the_details_are_confirmed()
    {
        var (challenge, browser, address) = await ProvedAsync();
        Assert.False(await server.ReadAsync(db => db.Users.AnyAsync(user => user.Email == address)));
        Assert.Equal(new DetailsView(address, Channel.Email, null), await LookAsync(challenge, browser));

        Assert.IsType<DetailsOutcome.SignedIn>(await server.ConfirmAsync(challenge, "  Ada Lovelace ", browser));

        var user = await server.ReadAsync(db => db.Users.SingleAsync(row => row.Email == address));
        Assert.Equal(("Ada Lovelace", true, "en"), (user.Name, user.EmailConfirmed, user.Locale));
        Assert.Equal(server.Clock.Now, user.CreatedAt);
        Assert.Null(await LookAsync(challenge, browser));
    }

    [Fact]
    public async Task Confirming_twice_gives_the_same_session()
    {
        var (challenge, browser, _) = await ProvedAsync();

        var first = Assert.IsType<DetailsOutcome.SignedIn>(await server.ConfirmAsync(challenge, "Ada", browser));
        var second = Assert.IsType<DetailsOutcome.SignedIn>(await server.ConfirmAsync(challenge, "Ada", browser));

        Assert.Equal(first.Ticket.Secret, second.Ticket.Secret);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("a\nb")]
    [InlineData("a\u202Eb")]
    [InlineData("...")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901")]
    public async Task A_name_that_is_none_changes_nothing(string name)
    {
        var (challenge, browser, address) = await ProvedAsync();

        Assert.IsType<DetailsOutcome.NameNeeded>(await server.ConfirmAsync(challenge, name, browser));

        Assert.False(await server.ReadAsync(db => db.Users.AnyAsync(user => user.Email == address)));
        Assert.IsType<DetailsOutcome.SignedIn>(await server.ConfirmAsync(challenge, "Ada", browser));
    }

    [Fact]
    public async Task The_double_submit_of_the_code_asks_for_details_again()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        var challenge = await server.StartAsync(address, browser);
        var code = await server.CodeAsync(challenge);

        Assert.Equal(new VerifyOutcome.DetailsNeeded(challenge), await server.VerifyAsync(challenge, code, browser));
        Assert.Equal(new VerifyOutcome.DetailsNeeded(challenge), await server.VerifyAsync(challenge, code, browser));
    }

    [Fact]
    public async Task Another_browser_confirms_nothing()
    {
        var (challenge, _, _) = await ProvedAsync();

        Assert.IsType<DetailsOutcome.Gone>(await server.ConfirmAsync(challenge, "Eve", SignInServer.NewBrowser()));
        Assert.Null(await LookAsync(challenge, SignInServer.NewBrowser()));
    }

    [Fact]
    public async Task An_unproved_challenge_confirms_nothing()
    {
        var browser = SignInServer.NewBrowser();
        var challenge = await server.StartAsync(SignInServer.NewAddress(), browser);

        Assert.IsType<DetailsOutcome.Gone>(await server.ConfirmAsync(challenge, "Eve", browser));
        Assert.Null(await LookAsync(challenge, browser));
    }

    [Fact]
    public async Task A_proof_ends_after_a_quarter_of_an_hour()
    {
        var (challenge, browser, _) = await ProvedAsync();
        server.Clock.Advance(TimeSpan.FromMinutes(15));

        Assert.IsType<DetailsOutcome.Gone>(await server.ConfirmAsync(challenge, "Ada", browser));
    }

    [Fact]
    public async Task Who_signed_up_meanwhile_is_signed_in()
    {
        var (challenge, browser, address) = await ProvedAsync();
        var user = await server.AddUserAsync(address);

        var ticket = Assert.IsType<DetailsOutcome.SignedIn>(await server.ConfirmAsync(challenge, "Other name", browser)).Ticket;

        Assert.Equal(user, await server.ReadAsync(db => db.Sessions.Where(row => row.Id == ticket.SessionId).Select(row => row.UserId).SingleAsync()));
        Assert.Equal("Someone", await server.ReadAsync(db => db.Users.Where(row => row.Id == user).Select(row => row.Name).SingleAsync()));
    }

    private Task<DetailsView?> LookAsync(Guid challenge, Visitor browser) =>
        server.RunAsync<ConfirmDetails, DetailsView?>(details => details.LookAsync(challenge, browser, default));

    private async Task<(Guid Challenge, Visitor Browser, string Address)> ProvedAsync()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        var challenge = await server.StartAsync(address, browser);
        Assert.IsType<VerifyOutcome.DetailsNeeded>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser));
        return (challenge, browser, address);
    }
}
