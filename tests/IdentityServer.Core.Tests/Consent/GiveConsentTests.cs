using IdentityServer.Core.Consent;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Tests.SignIn;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Authorize;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Core.Tests.Consent;

public sealed class SqliteGiveConsentTests(SqliteDatabase database) : GiveConsentTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresGiveConsentTests(PostgresDatabase database) : GiveConsentTests(database), IClassFixture<PostgresDatabase>;

public abstract class GiveConsentTests : IAsyncLifetime
{
    private readonly SignInServer server;

    protected GiveConsentTests(TestDatabase database)
    {
        database.SkipIfMissing();
        server = new SignInServer(database);
    }

    public async ValueTask InitializeAsync()
    {
        var writer = server.Services.GetRequiredService<RegistryWriter>();
        await writer.SeedAsync(default);
        Assert.Empty(await writer.PutAsync(
            [],
            [
                new Application
                {
                    Id = Guid.CreateVersion7(server.Clock.Now),
                    ClientId = "app",
                    DisplayName = "App",
                    Type = ApplicationType.Public,
                    RedirectUris = ["https://app.example/back"],
                    GrantTypes = [GrantTypes.AuthorizationCode],
                    Scopes = ["openid", "email", "profile"],
                },
            ],
            default));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task What_was_allowed_is_remembered_and_grows()
    {
        var session = await NewSessionAsync();
        Assert.Empty((await LookAsync(session, "openid", "email"))!.Remembered);

        await AllowAsync(session, "openid", "email");
        server.Clock.Advance(TimeSpan.FromMinutes(1));
        await AllowAsync(session, "openid", "profile");

        var view = (await LookAsync(session, "openid", "profile"))!;
        Assert.Equal(["email", "openid", "profile"], view.Remembered.Order(StringComparer.Ordinal));
        Assert.Equal(["openid", "profile"], view.Scopes.Select(scope => scope.Name));
        var consent = await server.ReadAsync(db => db.Authorizations.SingleAsync(row => row.UserId == session.UserId));
        Assert.Equal((AuthorizationKind.Permanent, server.Clock.Now, (Guid?)null), (consent.Kind, consent.GrantedAt, consent.SessionId));
    }

    [Fact]
    public async Task Tabs_that_allow_at_once_leave_one_consent_with_every_scope()
    {
        for (var round = 0; round < 5; round++)
        {
            var session = await NewSessionAsync();
            string[] scopes = ["openid", "email", "profile"];

            await Task.WhenAll(Enumerable.Range(0, 9).Select(i => Task.Run(() => AllowAsync(session, scopes[i % 3]))));

            var consent = await server.ReadAsync(db => db.Authorizations.SingleAsync(row => row.UserId == session.UserId));
            Assert.Equal(scopes.Order(StringComparer.Ordinal), consent.Scopes.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task What_was_taken_back_is_not_remembered()
    {
        var session = await NewSessionAsync();
        await AllowAsync(session, "openid", "email");
        var consent = await server.ReadAsync(db => db.Authorizations.SingleAsync(row => row.UserId == session.UserId));
        await server.Services.GetRequiredService<ILedger>().RevokeAuthorizationAsync(consent.Id, server.Clock.Now, default);

        Assert.Empty((await LookAsync(session, "openid"))!.Remembered);
        await AllowAsync(session, "openid");
        Assert.Equal(["openid"], (await LookAsync(session, "openid"))!.Remembered);
    }

    [Fact]
    public async Task An_application_that_is_gone_is_not_shown()
    {
        var session = await NewSessionAsync();

        Assert.Null(await server.RunAsync<GiveConsent, ConsentView?>(consent => consent.LookAsync(Request("gone", "openid"), session, default)));
    }

    private Task<ConsentView?> LookAsync(Session session, params string[] scopes) =>
        server.RunAsync<GiveConsent, ConsentView?>(consent => consent.LookAsync(Request("app", scopes), session, default));

    private Task<bool> AllowAsync(Session session, params string[] scopes) => server.RunAsync<GiveConsent, bool>(async consent =>
    {
        await consent.AllowAsync(Request("app", scopes), session, default);
        return true;
    });

    private AuthorizeRequest Request(string client, params string[] scopes) => new()
    {
        ClientId = client,
        RedirectUri = "https://app.example/back",
        ResponseMode = "query",
        Scopes = scopes,
        ReceivedAt = server.Clock.Now,
    };

    private async Task<Session> NewSessionAsync()
    {
        var now = server.Clock.Now;
        return new Session(Guid.CreateVersion7(now), await server.AddUserAsync(SignInServer.NewAddress()), now, now, ["otp"]);
    }
}
