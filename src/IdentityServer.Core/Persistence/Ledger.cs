using System.Security.Cryptography;
using System.Text;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Persistence;

/// <summary>
/// Tokens and authorizations in the database, without the change tracker. What is spent is claimed by one conditional <c>UPDATE</c>: one row changes, or
/// nothing is written. Locks are always taken in the order authorization, token, so that no two writers wait for each other.
/// </summary>
public sealed class Ledger(IDbContextFactory<ServerDb> databases) : ILedger
{
    // Not static: a compiled query belongs to one database's model.
    private readonly Func<ServerDb, TokenKind, string, CancellationToken, Task<Token?>> findToken = EF.CompileAsyncQuery(
        (ServerDb db, TokenKind kind, string reference, CancellationToken _) =>
            db.Tokens.AsNoTracking().FirstOrDefault(token => token.Reference == reference && token.Kind == kind));

    private readonly Func<ServerDb, Guid, CancellationToken, Task<Authorization?>> findAuthorization = EF.CompileAsyncQuery(
        (ServerDb db, Guid id, CancellationToken _) => db.Authorizations.AsNoTracking().FirstOrDefault(authorization => authorization.Id == id));

    private readonly Func<ServerDb, byte[], CancellationToken, Task<bool>> isConsumed = EF.CompileAsyncQuery(
        (ServerDb db, byte[] hash, CancellationToken _) => db.ConsumedIds.Any(id => id.Hash == hash));

    private Inserters? inserters;

    /// <inheritdoc/>
    public async Task<bool> CommitAsync(Issuance issuance, CancellationToken cancellationToken)
    {
        if (issuance.IsEmpty)
            return true;

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (issuance is { Spend: { } only, Authorization: null, Tokens.Count: 0 })
            return await SpendAsync(db, only, cancellationToken);

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await HangsOnEndedAsync(db, issuance, cancellationToken)
            || (issuance.Spend is { } spend && !await SpendAsync(db, spend, cancellationToken)))
        {
            await transaction.RollbackAsync(cancellationToken);
            return false;
        }

        await InsertAsync(db, issuance, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <inheritdoc/>
    public async Task<Token?> FindTokenAsync(TokenKind kind, string reference, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await findToken(db, kind, reference, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Authorization?> FindAuthorizationAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await findAuthorization(db, id, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Authorization?> FindConsentAsync(Guid userId, Guid applicationId, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Authorizations.AsNoTracking().SingleOrDefaultAsync(
            authorization => authorization.UserId == userId && authorization.ApplicationId == applicationId
                && authorization.Kind == AuthorizationKind.Permanent && authorization.RevokedAt == null,
            cancellationToken);
    }

    /// <inheritdoc/>
    public async Task RevokeAuthorizationAsync(Guid id, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Authorizations.Where(authorization => authorization.Id == id && authorization.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(authorization => authorization.RevokedAt, at), cancellationToken);
        await db.Tokens.Where(token => token.AuthorizationId == id && token.Status == TokenStatus.Valid)
            .ExecuteUpdateAsync(set => set.SetProperty(token => token.Status, TokenStatus.Revoked), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task RevokeTokenAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.Tokens.Where(token => token.Id == id && token.Status == TokenStatus.Valid)
            .ExecuteUpdateAsync(set => set.SetProperty(token => token.Status, TokenStatus.Revoked), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<bool> ConsumeIdAsync(string id, DateTimeOffset expiresAt, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var row = new ConsumedId { Hash = Hash(id), ExpiresAt = expiresAt };
        return await InsertersFor(db).ConsumedIds.InsertAsync(db, row, " ON CONFLICT DO NOTHING", cancellationToken) == 1;
    }

    /// <inheritdoc/>
    public async Task<bool> IsConsumedAsync(string id, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await isConsumed(db, Hash(id), cancellationToken);
    }

    private static byte[] Hash(string id) => SHA256.HashData(Encoding.UTF8.GetBytes(id));

    // A sign-out that runs at the same moment either sees what is bought here and ends it, or is seen here: the shared lock lets neither overtake the other.
    private static async Task<bool> HangsOnEndedAsync(ServerDb db, Issuance issuance, CancellationToken cancellationToken)
    {
        var ids = issuance.Tokens.Select(token => token.AuthorizationId).Where(id => id is not null && id != issuance.Authorization?.Id).Distinct();
        foreach (var id in ids.Order())
        {
            var rows = db.Database.IsNpgsql()
                ? db.Authorizations.FromSql($"""SELECT * FROM "Authorizations" WHERE "Id" = {id} FOR SHARE""")
                : db.Authorizations.Where(authorization => authorization.Id == id);
            if (await rows.AsNoTracking().ToListAsync(cancellationToken) is [{ RevokedAt: not null }])
                return true;
        }

        return false;
    }

    private static async Task<bool> SpendAsync(ServerDb db, Spend spend, CancellationToken cancellationToken) => 1 == spend switch
    {
        Spend.Redeem redeem => await db.Tokens
            .Where(token => token.Id == redeem.TokenId && token.Status == TokenStatus.Valid)
            .ExecuteUpdateAsync(
                set => set.SetProperty(token => token.Status, TokenStatus.Redeemed).SetProperty(token => token.RedeemedAt, redeem.At),
                cancellationToken),
        Spend.Advance advance => await db.Tokens
            .Where(token => token.Id == advance.TokenId && token.Status == TokenStatus.Valid && token.Generation == advance.Generation)
            .ExecuteUpdateAsync(
                set => set.SetProperty(token => token.Generation, advance.Generation + 1).SetProperty(token => token.ExpiresAt, advance.ExpiresAt),
                cancellationToken),
        _ => throw new ArgumentOutOfRangeException(nameof(spend)),
    };

    private Task<int> InsertAsync(ServerDb db, Issuance issuance, CancellationToken cancellationToken) => Statements.ExecuteAsync(
        db,
        (command, text) =>
        {
            if (issuance.Authorization is { } authorization)
                InsertersFor(db).Authorizations.Append(command, text, authorization);
            foreach (var token in issuance.Tokens)
                InsertersFor(db).Tokens.Append(command, text, token);
        },
        cancellationToken);

    private Inserters InsertersFor(ServerDb db) => inserters ??= new Inserters(new(db), new(db), new(db));

    private sealed record Inserters(RowInserter<Token> Tokens, RowInserter<Authorization> Authorizations, RowInserter<ConsumedId> ConsumedIds);
}
