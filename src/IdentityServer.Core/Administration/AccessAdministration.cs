using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Administration;

/// <summary>What to list of sessions or authorizations.</summary>
/// <param name="UserId">Only this user's; null: everybody's.</param>
/// <param name="ApplicationId">Only what this application has; null: every application. Sessions belong to none.</param>
/// <param name="Active">Only what is in force, or only what is over; null: both.</param>
/// <param name="Limit">Rows at most.</param>
/// <param name="Offset">Rows to skip.</param>
public sealed record AccessQuery(Guid? UserId = null, Guid? ApplicationId = null, bool? Active = null, int Limit = 50, int Offset = 0);

/// <summary>Lists and ends sessions and authorizations for administrators. Each end is written down with who made it.</summary>
public sealed class AccessAdministration
{
    private readonly ServerDb db;
    private readonly SessionWriter sessions;
    private readonly TimeProvider time;

    internal AccessAdministration(ServerDb db, SessionWriter sessions, TimeProvider time)
    {
        this.db = db;
        this.sessions = sessions;
        this.time = time;
    }

    /// <summary>Sessions, newest first.</summary>
    public async Task<Listed<SessionRow>> ListSessionsAsync(AccessQuery query, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var rows = db.Sessions.AsNoTracking();
        if (query.UserId is { } user)
            rows = rows.Where(row => row.UserId == user);
        if (query.Active is { } active)
            rows = rows.Where(row => (row.EndedAt == null && row.ExpiresAt > now) == active);
        return new(
            await rows.CountAsync(cancellationToken),
            await rows.OrderByDescending(row => row.Id).Skip(query.Offset).Take(query.Limit).ToListAsync(cancellationToken));
    }

    /// <summary>The session; null when there is none.</summary>
    public Task<SessionRow?> FindSessionAsync(Guid id, CancellationToken cancellationToken) =>
        db.Sessions.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken);

    /// <summary>Ends a session with its sign-ins at applications and their tokens. False when there is no such session; ending it twice changes nothing.</summary>
    public async Task<bool> EndSessionAsync(Guid id, Operator by, CancellationToken cancellationToken)
    {
        if (await FindSessionAsync(id, cancellationToken) is not { } session)
            return false;

        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await sessions.EndAsync(id, now, cancellationToken))
            AuditLog.Add(db, AuditKind.SessionEnded, now, new AuditSubject(session.UserId, by.ApplicationId, id, by.Ip), UserAdministration.Facts(by));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
        return true;
    }

    /// <summary>Authorizations, newest first.</summary>
    public async Task<Listed<Authorization>> ListAuthorizationsAsync(AccessQuery query, CancellationToken cancellationToken)
    {
        var rows = db.Authorizations.AsNoTracking();
        if (query.UserId is { } user)
            rows = rows.Where(row => row.UserId == user);
        if (query.ApplicationId is { } application)
            rows = rows.Where(row => row.ApplicationId == application);
        if (query.Active is { } active)
            rows = rows.Where(row => (row.RevokedAt == null) == active);
        return new(
            await rows.CountAsync(cancellationToken),
            await rows.OrderByDescending(row => row.Id).Skip(query.Offset).Take(query.Limit).ToListAsync(cancellationToken));
    }

    /// <summary>The authorization; null when there is none.</summary>
    public Task<Authorization?> FindAuthorizationAsync(Guid id, CancellationToken cancellationToken) =>
        db.Authorizations.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken);

    /// <summary>Takes back an authorization with its tokens. False when there is no such authorization; twice changes nothing.</summary>
    public async Task<bool> RevokeAuthorizationAsync(Guid id, Operator by, CancellationToken cancellationToken)
    {
        if (await FindAuthorizationAsync(id, cancellationToken) is not { } authorization)
            return false;

        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);

        // Locks are taken as in the ledger: authorizations before tokens.
        var revoked = await db.Authorizations.Where(row => row.Id == id && row.RevokedAt == null).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.RevokedAt, now), cancellationToken);
        await db.Tokens.Where(token => token.AuthorizationId == id && token.Status == TokenStatus.Valid).ExecuteUpdateAsync(
            set => set.SetProperty(token => token.Status, TokenStatus.Revoked), cancellationToken);
        if (revoked == 1)
        {
            var facts = UserAdministration.Facts(by);
            facts["authorization"] = id.ToString("D");
            AuditLog.Add(db, AuditKind.AccessRevoked, now, new AuditSubject(authorization.UserId, authorization.ApplicationId, Ip: by.Ip), facts);
        }

        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
        return true;
    }
}
