using IdentityServer.Protocol;
using IdentityServer.Protocol.Model;
using IdentityServer.Testing.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Core.Tests.Persistence;

public abstract class LedgerTests : LedgerContract
{
    private readonly TestDatabase database;

    protected LedgerTests(TestDatabase database)
    {
        database.SkipIfMissing();
        this.database = database;
    }

    // A sign-out that meets a redemption: whoever comes first, no family outlives its authorization.
    [Fact]
    public async Task What_is_bought_while_the_authorization_ends_ends_with_it()
    {
        var ledger = database.Services.GetRequiredService<ILedger>();
        var now = database.Clock.Now;
        for (var round = 0; round < 40; round++)
        {
            var authorization = NewAuthorization(now);
            var code = NewToken(authorization, TokenKind.Code, now);
            var family = NewToken(authorization, TokenKind.RefreshFamily, now);
            Assert.True(await ledger.CommitAsync(new Issuance { Authorization = authorization, Tokens = [code] }, default));

            var redeem = Task.Run(() => ledger.CommitAsync(new Issuance { Spend = new Spend.Redeem(code.Id, now), Tokens = [family] }, default));
            var end = Task.Run(() => ledger.RevokeAuthorizationAsync(authorization.Id, now, default));
            await Task.WhenAll(redeem, end);

            var left = await ledger.FindTokenAsync(TokenKind.RefreshFamily, family.Reference, default);
            Assert.True(left is null || left.Status == TokenStatus.Revoked);
            Assert.Equal(await redeem, left is not null);
        }
    }

    [Fact]
    public async Task Nothing_is_bought_under_an_ended_authorization()
    {
        var ledger = database.Services.GetRequiredService<ILedger>();
        var now = database.Clock.Now;
        var authorization = NewAuthorization(now);
        await ledger.CommitAsync(new Issuance { Authorization = authorization }, default);
        await ledger.RevokeAuthorizationAsync(authorization.Id, now, default);

        var token = NewToken(authorization, TokenKind.RefreshFamily, now);
        Assert.False(await ledger.CommitAsync(new Issuance { Tokens = [token] }, default));
        Assert.Null(await ledger.FindTokenAsync(TokenKind.RefreshFamily, token.Reference, default));
    }

    [Fact]
    public async Task Consent_is_one_a_user_and_application()
    {
        var ledger = database.Services.GetRequiredService<ILedger>();
        var consent = NewAuthorization(database.Clock.Now) with { Kind = AuthorizationKind.Permanent };
        await ledger.CommitAsync(new Issuance { Authorization = consent }, default);

        var second = consent with { Id = Guid.CreateVersion7(database.Clock.Now) };
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => ledger.CommitAsync(new Issuance { Authorization = second }, default));
        await ledger.RevokeAuthorizationAsync(consent.Id, database.Clock.Now, default);
        Assert.True(await ledger.CommitAsync(new Issuance { Authorization = second }, default));
    }

    protected override Task<T> UseAsync<T>(Func<ILedger, Task<T>> use) => use(database.Services.GetRequiredService<ILedger>());

    private static Authorization NewAuthorization(DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        ApplicationId = Guid.CreateVersion7(now),
        UserId = Guid.CreateVersion7(now),
        Kind = AuthorizationKind.AdHoc,
        Scopes = ["openid"],
        GrantedAt = now,
    };

    private static Token NewToken(Authorization authorization, TokenKind kind, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        Kind = kind,
        Reference = Guid.CreateVersion7(now).ToString("N"),
        ApplicationId = authorization.ApplicationId,
        AuthorizationId = authorization.Id,
        UserId = authorization.UserId,
        Payload = "{}",
        CreatedAt = now,
        ExpiresAt = now.AddMinutes(1),
    };
}

public sealed class SqliteLedgerTests(SqliteDatabase database) : LedgerTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresLedgerTests(PostgresDatabase database) : LedgerTests(database), IClassFixture<PostgresDatabase>;
