using IdentityServer.Core.SignIn;
using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

public sealed class SqliteTwoAddressesTests(SqliteDatabase database) : TwoAddressesTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresTwoAddressesTests(PostgresDatabase database) : TwoAddressesTests(database), IClassFixture<PostgresDatabase>;

/// <summary>A person with an e-mail address and a phone number: each is proved by itself, and what is not proved opens nothing of others.</summary>
public abstract class TwoAddressesTests
{
    private readonly SignInServer server;

    protected TwoAddressesTests(TestDatabase database)
    {
        database.SkipIfMissing();
        server = new SignInServer(database, sms: true);
    }

    [Fact]
    public async Task Both_proved_addresses_open_the_account()
    {
        var (address, number) = (SignInServer.NewAddress(), SignInServer.NewNumber());
        var user = await server.AddUserAsync(address, true, number, true);

        await server.SignInAsync(address, SignInServer.NewBrowser());
        await server.SignInAsync(number, SignInServer.NewBrowser());

        Assert.Equal([user], await server.UserIdsAsync(number));
        Assert.Equal(2, await server.SessionsAsync(address));
    }

    [Fact]
    public async Task Claims_tell_of_each_address_whether_it_is_verified()
    {
        var (address, number) = (SignInServer.NewAddress(), SignInServer.NewNumber());
        var user = await server.AddUserAsync(address, true, number, false);

        var claims = (await server.RunAsync<ISubjects, Protocol.Model.Subject?>(subjects => subjects.FindAsync(user, default)))!.Claims;

        Assert.Equal((address, true, number, false),
            ((string?)claims["email"], (bool)claims["email_verified"]!, (string?)claims["phone_number"], (bool)claims["phone_number_verified"]!));
    }

    // A mistyped number must not let its owner into somebody else's account.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_proves_an_unproved_address_of_an_owned_account_gets_one_of_their_own(bool byPhone)
    {
        var (address, number, browser) = (SignInServer.NewAddress(), SignInServer.NewNumber(), SignInServer.NewBrowser());
        var user = await server.AddUserAsync(address, byPhone, number, !byPhone);
        var typed = byPhone ? number : address;

        var challenge = await server.StartAsync(typed, browser);
        Assert.IsType<VerifyOutcome.DetailsNeeded>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser));
        Assert.IsType<DetailsOutcome.SignedIn>(await server.ConfirmAsync(challenge, "Somebody else", browser));

        Assert.NotEqual(user, Assert.Single(await server.UserIdsAsync(typed)));
        var first = await server.UserAsync(user);
        Assert.Equal(byPhone ? (address, null) : (null, number), (first.Email, first.PhoneNumber));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_is_signed_in_proves_a_further_address_and_keeps_everything(bool byPhone)
    {
        var (address, number, browser) = (SignInServer.NewAddress(), SignInServer.NewNumber(), SignInServer.NewBrowser());
        var user = await server.AddUserAsync(address, byPhone, number, !byPhone);
        var session = await server.SignInAsync(byPhone ? address : number, browser);
        var elsewhere = await server.SignInAsync(byPhone ? address : number, SignInServer.NewBrowser());
        server.Clock.Advance(TimeSpan.FromMinutes(1));

        await server.SignInAsync(byPhone ? number : address, browser with { SessionSecret = session.Secret });

        var row = await server.UserAsync(user);
        Assert.Equal((address, true, number, true), (row.Email, row.EmailConfirmed, row.PhoneNumber, row.PhoneNumberConfirmed));
        Assert.Equal(server.Clock.Now, row.UpdatedAt);
        Assert.Null(await server.ReadAsync(async db => (await db.Sessions.FindAsync(elsewhere.SessionId))!.EndedAt));
    }

    [Fact]
    public async Task A_session_that_is_over_proves_nothing()
    {
        var (address, number, browser) = (SignInServer.NewAddress(), SignInServer.NewNumber(), SignInServer.NewBrowser());
        await server.AddUserAsync(address, true, number, false);
        var session = await server.SignInAsync(address, browser);
        await server.ReadAsync(async db =>
        {
            (await db.Sessions.FindAsync(session.SessionId))!.EndedAt = server.Clock.Now;
            return await db.SaveChangesAsync();
        });

        var signedOut = browser with { SessionSecret = session.Secret };
        var challenge = await server.StartAsync(number, signedOut);

        Assert.IsType<VerifyOutcome.DetailsNeeded>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), signedOut));
    }

    // Pre-hijacking, S2: nobody owns the account yet; the first proof takes it, and whatever others may have put there goes.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_first_proof_of_an_account_removes_the_other_address(bool byPhone)
    {
        var (address, number) = (SignInServer.NewAddress(), SignInServer.NewNumber());
        var user = await server.AddUserAsync(address, false, number, false);

        await server.SignInAsync(byPhone ? number : address, SignInServer.NewBrowser());

        var row = await server.UserAsync(user);
        Assert.Equal(byPhone ? (null, number, true) : (address, null, false), (row.Email, row.PhoneNumber, row.PhoneNumberConfirmed));
    }

    [Fact]
    public async Task Declared_numbers_are_trusted_when_new_and_unverified_when_changed()
    {
        var (address, number, changed) = (SignInServer.NewAddress(), SignInServer.NewNumber(), SignInServer.NewNumber());

        Assert.Null(await PutAsync(address, number));
        var user = Assert.Single(await server.UserIdsAsync(address));
        Assert.Equal((number, true), ((await server.UserAsync(user)).PhoneNumber, (await server.UserAsync(user)).PhoneNumberConfirmed));

        Assert.Null(await PutAsync(address, changed));
        Assert.Equal((changed, false), ((await server.UserAsync(user)).PhoneNumber, (await server.UserAsync(user)).PhoneNumberConfirmed));
        Assert.Null(await PutAsync(address, null));
        Assert.Equal(changed, (await server.UserAsync(user)).PhoneNumber);
        Assert.NotNull(await PutAsync(SignInServer.NewAddress(), changed));
        Assert.NotNull(await PutAsync(address, "020 7946 0958"));
        Assert.NotNull(await PutAsync("nonsense", null));
    }

    [Fact]
    public async Task A_user_may_be_declared_by_number_alone()
    {
        var number = SignInServer.NewNumber();

        Assert.Null(await PutAsync(number, null));

        await server.SignInAsync(number, SignInServer.NewBrowser());
        Assert.Single(await server.UserIdsAsync(number));
    }

    private Task<string?> PutAsync(string address, string? phone) =>
        server.RunAsync<UserDirectory, string?>(users => users.PutAsync(address, "Someone", disabled: false, phone, default));
}
