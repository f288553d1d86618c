using System.Security.Cryptography;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.SignIn;
using IdentityServer.Core.Users;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

public sealed class SqliteSignInAttackTests(SqliteDatabase database) : SignInAttackTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresSignInAttackTests(PostgresDatabase database) : SignInAttackTests(database), IClassFixture<PostgresDatabase>;

/// <summary>What attackers tried on challenges and accounts.</summary>
public abstract class SignInAttackTests
{
    private readonly SignInServer server;

    protected SignInAttackTests(TestDatabase database)
    {
        database.SkipIfMissing();
        server = new SignInServer(database);
    }

    // E1. Superseded codes cost no try: whoever went through all of them and hit upon none would know that the address may not sign in.
    [Fact]
    public async Task A_superseded_code_of_a_decoy_is_told_like_any_other()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        await server.AddUserAsync(address, disabled: true);
        var challenge = await server.StartAsync(address, browser);
        var earlier = await GuessAsync(challenge);
        server.Clock.Advance(TimeSpan.FromSeconds(31));
        Assert.IsType<ResendOutcome.Sent>(await server.ResendAsync(challenge, browser));

        Assert.IsType<VerifyOutcome.Superseded>(await server.VerifyAsync(challenge, earlier, browser));
        Assert.Equal(new VerifyOutcome.Wrong(4), await server.VerifyAsync(challenge, await GuessAsync(challenge), browser));
        Assert.Equal(0, await server.SessionsAsync(address));
    }

    // Two mailboxes, one key: U+03C2 and U+03C3 have the same upper case.
    [Fact]
    public async Task A_proof_of_another_mailbox_does_not_open_an_account_that_was_made_meanwhile()
    {
        var unique = SignInServer.NewAddress();
        var (attacker, owner) = (SignInServer.NewBrowser(), SignInServer.NewBrowser());
        var look_alike = await server.StartAsync("οδος" + unique, attacker);
        var code = await server.CodeAsync(look_alike);
        var challenge = await server.StartAsync("οδοσ" + unique, owner);
        await server.VerifyAsync(challenge, await server.CodeAsync(challenge), owner);
        Assert.IsType<DetailsOutcome.SignedIn>(await server.ConfirmAsync(challenge, "Owner", owner));

        Assert.IsType<VerifyOutcome.Spent>(await server.VerifyAsync(look_alike, code, attacker));
        Assert.Equal(1, await server.SessionsAsync("οδοσ" + unique));
    }

    [Fact]
    public async Task Details_of_another_mailbox_do_not_open_an_account_that_was_made_meanwhile()
    {
        var unique = SignInServer.NewAddress();
        var (attacker, owner) = (SignInServer.NewBrowser(), SignInServer.NewBrowser());
        var look_alike = await server.StartAsync("Person" + unique, attacker);
        Assert.IsType<VerifyOutcome.DetailsNeeded>(await server.VerifyAsync(look_alike, await server.CodeAsync(look_alike), attacker));
        var challenge = await server.StartAsync("person" + unique, owner);
        await server.VerifyAsync(challenge, await server.CodeAsync(challenge), owner);
        Assert.IsType<DetailsOutcome.SignedIn>(await server.ConfirmAsync(challenge, "Owner", owner));

        Assert.IsType<DetailsOutcome.Gone>(await server.ConfirmAsync(look_alike, "Attacker", attacker));
        Assert.Equal(1, await server.SessionsAsync("person" + unique));
    }

    [Fact]
    public async Task Another_spelling_of_a_known_address_signs_in_because_the_code_went_to_the_owner()
    {
        var address = SignInServer.NewAddress();
        var browser = SignInServer.NewBrowser();
        await server.AddUserAsync(address);
        var challenge = await server.StartAsync(address.ToUpperInvariant(), browser);
        Assert.Equal(address, (await server.MailAsync(challenge)).To);

        Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser));
    }

    // OWASP ASVS 5.0, 7.4.2.
    [Fact]
    public async Task Who_was_disabled_does_not_come_back_when_the_account_is_opened_again()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        var user = await server.AddUserAsync(address);
        var ticket = await server.SignInAsync(address, browser);
        var (authorization, family) = await AddFamilyAsync(user, ticket.SessionId);

        Assert.Null(await server.RunAsync<UserDirectory, string?>(users => users.PutAsync(address, "Someone", disabled: true, phone: null, default)));
        Assert.Null(await server.RunAsync<UserDirectory, string?>(users => users.PutAsync(address, "Someone", disabled: false, phone: null, default)));

        Assert.NotNull(await server.ReadAsync(db => db.Sessions.Where(row => row.Id == ticket.SessionId).Select(row => row.EndedAt).SingleAsync()));
        Assert.NotNull(await server.ReadAsync(db => db.Authorizations.Where(row => row.Id == authorization).Select(row => row.RevokedAt).SingleAsync()));
        Assert.Equal(TokenStatus.Revoked, await server.ReadAsync(db => db.Tokens.Where(row => row.Id == family).Select(row => row.Status).SingleAsync()));
        await server.SignInAsync(address, SignInServer.NewBrowser());
    }

    // What nobody is told: the newest code, found with the server's own keys.
    private async Task<string> GuessAsync(Guid challenge)
    {
        var secrets = server.Services.GetRequiredService<Secrets>();
        var mac = (await server.ChallengeAsync(challenge)).Codes[^1].Mac;
        for (var guess = 0; guess < 1_000_000; guess++)
        {
            var code = guess.ToString("D6");
            if (secrets.CodeMac(challenge, code).AsSpan().SequenceEqual(mac))
                return code;
        }

        throw new InvalidOperationException("No code leaves this trace.");
    }

    private Task<(Guid Authorization, Guid Family)> AddFamilyAsync(Guid user, Guid session)
    {
        var now = server.Clock.Now;
        var application = new Application { Id = Guid.CreateVersion7(now), ClientId = "app" + RandomNumberGenerator.GetHexString(12), DisplayName = "App" };
        var authorization = new Authorization
        {
            Id = Guid.CreateVersion7(now),
            ApplicationId = application.Id,
            UserId = user,
            Kind = AuthorizationKind.AdHoc,
            Scopes = [],
            SessionId = session,
            GrantedAt = now,
        };
        var family = new Token
        {
            Id = Guid.CreateVersion7(now),
            Kind = TokenKind.RefreshFamily,
            Reference = RandomNumberGenerator.GetHexString(32),
            ApplicationId = application.Id,
            AuthorizationId = authorization.Id,
            UserId = user,
            SessionId = session,
            Payload = "{}",
            CreatedAt = now,
            ExpiresAt = now.AddDays(1),
        };
        return server.ReadAsync(async db =>
        {
            db.AddRange(application, authorization, family);
            await db.SaveChangesAsync();
            return (authorization.Id, family.Id);
        });
    }
}
