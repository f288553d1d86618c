using System.Security.Cryptography;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Users;

/// <summary>Opens and ends sessions within the caller's transaction. Locks are taken as in the ledger: authorizations before tokens.</summary>
internal sealed class SessionWriter(ServerDb db, Secrets secrets, IOptions<SessionOptions> settings)
{
    private readonly SessionOptions options = settings.Value;

    /// <summary>When a session ends if nothing more happens.</summary>
    public DateTimeOffset EndOf(DateTimeOffset authenticatedAt, DateTimeOffset seenAt) =>
        new[] { seenAt + options.IdleLifetime, authenticatedAt + options.AbsoluteLifetime }.Min();

    /// <summary>When a session ends, however much it is used.</summary>
    public DateTimeOffset LastEndOf(DateTimeOffset authenticatedAt) => authenticatedAt + options.AbsoluteLifetime;

    /// <summary>
    /// Adds a new session to what will be saved; its cookie follows from the challenge and the browser, so that the same right answer gives the
    /// same cookie. The session that the browser had ends: what hangs on it goes over to the new one when it is the same person's (signing out
    /// must still end it), and ends with it when it was another's.
    /// </summary>
    public async Task<SessionTicket> OpenAsync(
        Guid userId, Guid challengeId, Visitor visitor, IReadOnlyList<string> methods, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var secret = secrets.SessionSecret(challengeId, visitor.BrowserSecret);
        var session = new SessionRow
        {
            Id = Guid.CreateVersion7(now),
            KeyHash = SHA256.HashData(secret),
            UserId = userId,
            CreatedAt = now,
            AuthenticatedAt = now,
            ChosenAt = now,
            Methods = methods,
            LastSeenAt = now,
            ExpiresAt = EndOf(now, now),
            UserAgent = visitor.UserAgent ?? "",
            Ip = visitor.Ip,
        };
        await ReplaceAsync(visitor, session, now, cancellationToken);
        db.Add(session);
        return new SessionTicket(session.Id, secret, LastEndOf(now));
    }

    /// <summary>The session that this challenge gave this browser before; null when there was none, or it is over.</summary>
    public async Task<(Guid UserId, SessionTicket Ticket)?> FindAsync(Guid challengeId, Visitor visitor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var secret = secrets.SessionSecret(challengeId, visitor.BrowserSecret);
        var keyHash = SHA256.HashData(secret);
        var session = await db.Sessions.AsNoTracking()
            .Where(row => row.KeyHash == keyHash && row.EndedAt == null && row.ExpiresAt > now)
            .Select(row => new { row.Id, row.UserId, row.AuthenticatedAt })
            .SingleOrDefaultAsync(cancellationToken);
        return session is null ? null : (session.UserId, new SessionTicket(session.Id, secret, LastEndOf(session.AuthenticatedAt)));
    }

    /// <summary>Ends the session, its authorizations and their tokens; false when it was over before.</summary>
    public async Task<bool> EndAsync(Guid sessionId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var ended = await db.Sessions.Where(row => row.Id == sessionId && row.EndedAt == null).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.EndedAt, now), cancellationToken);
        await db.Authorizations.Where(row => row.SessionId == sessionId && row.Kind == AuthorizationKind.AdHoc && row.RevokedAt == null).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.RevokedAt, now), cancellationToken);
        await db.Tokens.Where(token => token.Status == TokenStatus.Valid && HangingOn(sessionId).Contains(token.AuthorizationId)).ExecuteUpdateAsync(
            set => set.SetProperty(token => token.Status, TokenStatus.Revoked), cancellationToken);
        return ended == 1;
    }

    private async Task ReplaceAsync(Visitor visitor, SessionRow session, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (visitor.SessionSecret is null)
            return;

        var keyHash = SHA256.HashData(visitor.SessionSecret);
        var earlier = await db.Sessions.AsNoTracking()
            .Where(row => row.KeyHash == keyHash && row.EndedAt == null)
            .Select(row => new { row.Id, row.UserId })
            .SingleOrDefaultAsync(cancellationToken);
        if (earlier is null)
            return;

        if (earlier.UserId == session.UserId)
            await MoveAsync(earlier.Id, session.Id, cancellationToken);
        await EndAsync(earlier.Id, now, cancellationToken);
    }

    private async Task MoveAsync(Guid from, Guid to, CancellationToken cancellationToken)
    {
        await db.Authorizations.Where(row => row.SessionId == from && row.Kind == AuthorizationKind.AdHoc && row.RevokedAt == null).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.SessionId, (Guid?)to), cancellationToken);
        await db.Tokens.Where(token => token.Status == TokenStatus.Valid && HangingOn(to).Contains(token.AuthorizationId)).ExecuteUpdateAsync(
            set => set.SetProperty(token => token.SessionId, (Guid?)to), cancellationToken);
    }

    // Every token of a session hangs on one of its ad hoc authorizations, which are found by an index.
    private IQueryable<Guid?> HangingOn(Guid sessionId) =>
        db.Authorizations.Where(row => row.SessionId == sessionId && row.Kind == AuthorizationKind.AdHoc).Select(row => (Guid?)row.Id);
}
