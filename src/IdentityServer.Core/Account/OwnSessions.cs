using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Account;

/// <summary>The person's own sign-ins, seen through an application.</summary>
public sealed class OwnSessions
{
    private readonly ServerDb db;
    private readonly SessionWriter writer;
    private readonly TimeProvider time;

    internal OwnSessions(ServerDb db, SessionWriter writer, TimeProvider time)
    {
        this.db = db;
        this.writer = writer;
        this.time = time;
    }

    /// <summary>Browsers that are signed in, the newest first.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="current">The one that is asking; null when none is.</param>
    /// <param name="skip">Rows to skip.</param>
    /// <param name="take">Rows at most.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<Listed<SessionView>> ListAsync(Guid userId, Guid? current, int skip, int take, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var live = db.Sessions.Where(row => row.UserId == userId && row.EndedAt == null && row.ExpiresAt > now);
        var count = await live.CountAsync(cancellationToken);
        var part = await live.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id).Skip(skip).Take(take)
            .Select(row => new SessionView(row.Id, row.CreatedAt, row.LastSeenAt, row.UserAgent, row.Ip, row.Id == current))
            .ToListAsync(cancellationToken);
        return new(count, part);
    }

    /// <summary>Ends one with what hangs on it; false when it is not the person's, or over.</summary>
    public async Task<bool> EndAsync(Guid userId, Guid sessionId, Operator by, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (!await db.Sessions.AnyAsync(row => row.Id == sessionId && row.UserId == userId, cancellationToken) || !await writer.EndAsync(sessionId, now, cancellationToken))
            return false;

        AuditLog.Add(db, AuditKind.SessionEnded, now, new AuditSubject(userId, by.ApplicationId, sessionId, by.Ip));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
        return true;
    }

    /// <summary>Ends all sign-ins but the one that is asking: browsers, and applications that were signed in to without one. Remembered consent stays.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="session">The browser's sign-in to keep.</param>
    /// <param name="authorization">The application's sign-in to keep.</param>
    /// <param name="by">Where from, and through what.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task EndOthersAsync(Guid userId, Guid? session, Guid? authorization, Operator by, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Sessions.Where(row => row.UserId == userId && row.EndedAt == null && row.Id != session).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.EndedAt, now), cancellationToken);
        var others = db.Authorizations.Where(row => row.UserId == userId && row.Kind == AuthorizationKind.AdHoc
            && row.Id != authorization && (session == null || row.SessionId == null || row.SessionId != session));
        await others.Where(row => row.RevokedAt == null).ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, now), cancellationToken);
        var ids = others.Select(row => (Guid?)row.Id);
        await db.Tokens.Where(token => token.Status == TokenStatus.Valid && ids.Contains(token.AuthorizationId)).ExecuteUpdateAsync(
            set => set.SetProperty(token => token.Status, TokenStatus.Revoked), cancellationToken);
        AuditLog.Add(db, AuditKind.OtherSessionsEnded, now, new AuditSubject(userId, by.ApplicationId, session, by.Ip));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
    }
}
