using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Users;

/// <summary>A new session's cookie value, on its way to the browser.</summary>
/// <param name="SessionId">The session's row.</param>
/// <param name="Secret">What the cookie holds.</param>
/// <param name="ExpiresAt">The session's absolute end.</param>
public sealed record SessionTicket(Guid SessionId, byte[] Secret, DateTimeOffset ExpiresAt);

/// <summary>A session as its owner sees it on the account page.</summary>
public sealed record SessionView(Guid Id, DateTimeOffset CreatedAt, DateTimeOffset LastSeenAt, string? UserAgent, string? Ip, bool IsCurrent);

/// <summary>Browsers' sign-ins: rows in the database, opaque cookies in browsers.</summary>
public sealed class Sessions : ISessions
{
    // What the row says of the last visit is true to the minute, so that reading a page is not a write.
    private static readonly TimeSpan SeenEvery = TimeSpan.FromMinutes(1);
    private static readonly object Known = new();

    private readonly ServerDb db;
    private readonly SessionWriter writer;
    private readonly TimeProvider time;

    internal Sessions(ServerDb db, SessionWriter writer, TimeProvider time)
    {
        this.db = db;
        this.writer = writer;
        this.time = time;
    }

    /// <summary>Sets the session cookie.</summary>
    [SuppressMessage("Performance", "CA1822", Justification = "Pages call it beside the other members; that it needs no state is this class's affair.")]
    public void SignIn(HttpContext context, SessionTicket ticket)
    {
        BrowserCookie.Session.Write(context, ticket.Secret, ticket.ExpiresAt);
        context.Items.Remove(Known);
    }

    /// <inheritdoc/>
    public async ValueTask<Session?> CurrentAsync(HttpContext context)
    {
        if (context.Items.TryGetValue(Known, out var known))
            return (Session?)known;

        var session = BrowserCookie.Session.Read(context) is { } secret ? await FindAsync(secret, context) : null;
        context.Items[Known] = session;
        return session;
    }

    /// <inheritdoc/>
    public Task<bool> IsLiveAsync(Guid sessionId, CancellationToken cancellationToken) =>
        db.Sessions.AnyAsync(row => row.Id == sessionId && row.EndedAt == null, cancellationToken);

    /// <inheritdoc/>
    public async Task EndAsync(HttpContext context, Session session)
    {
        await EndAsync(session.Id, session.UserId, Visitors.IpOf(context), context.RequestAborted);
        BrowserCookie.Session.Delete(context);
        context.Items.Remove(Known);
    }

    /// <summary>The person goes on with this account: satisfies <c>prompt=select_account</c>.</summary>
    public Task ChooseAsync(Session session, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return db.Sessions.Where(row => row.Id == session.Id && row.EndedAt == null).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.ChosenAt, now), cancellationToken);
    }

    /// <summary>
    /// The person proved anew who they are, by a code to their address: the session counts as signed in to now. The cookie's secret is another one from
    /// now on: who had taken the old one must gain nothing by the proof (OWASP ASVS 7.2.4). False when the session is over or was renewed meanwhile.
    /// </summary>
    public async Task<bool> RenewAsync(HttpContext context, Session session, Channel channel)
    {
        if (BrowserCookie.Session.Read(context) is not { } earlier)
            return false;

        var now = time.GetUtcNow();
        var secret = RandomNumberGenerator.GetBytes(BrowserCookie.SecretLength);
        var (from, to) = (SHA256.HashData(earlier), SHA256.HashData(secret));
        var (methods, end) = (ProofMethods.Of(channel), writer.EndOf(now, now));
        await using var transaction = await db.Database.BeginTransactionAsync(context.RequestAborted);
        var renewed = await db.Sessions
            .Where(row => row.Id == session.Id && row.KeyHash == from && row.EndedAt == null && row.ExpiresAt > now)
            .ExecuteUpdateAsync(
                set => set.SetProperty(row => row.KeyHash, to).SetProperty(row => row.AuthenticatedAt, now).SetProperty(row => row.Methods, methods)
                    .SetProperty(row => row.LastSeenAt, now).SetProperty(row => row.ExpiresAt, end),
                context.RequestAborted);
        if (renewed == 0)
            return false;

        AuditLog.Add(db, AuditKind.SessionRenewed, now, new AuditSubject(session.UserId, SessionId: session.Id, Ip: Visitors.IpOf(context)));
        await db.SaveChangesAsync(context.RequestAborted);
        await transaction.CommitAsync(context.RequestAborted);
        db.ChangeTracker.Clear();
        SignIn(context, new SessionTicket(session.Id, secret, writer.LastEndOf(now)));
        return true;
    }

    private async Task EndAsync(Guid sessionId, Guid userId, string? ip, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await writer.EndAsync(sessionId, now, cancellationToken))
            AuditLog.Add(db, AuditKind.SessionEnded, now, new AuditSubject(userId, SessionId: sessionId, Ip: ip));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
    }

    private async Task<Session?> FindAsync(byte[] secret, HttpContext context)
    {
        var now = time.GetUtcNow();
        var keyHash = SHA256.HashData(secret);
        var row = await db.Sessions.AsNoTracking()
            .Where(session => session.KeyHash == keyHash && session.EndedAt == null && session.ExpiresAt > now)
            .Where(session => db.Users.Any(user => user.Id == session.UserId && user.DisabledAt == null))
            .SingleOrDefaultAsync(context.RequestAborted);
        if (row is null)
            return null;

        if (row.LastSeenAt + SeenEvery <= now)
            await SeeAsync(row, Visitors.IpOf(context), now, context.RequestAborted);
        return new Session(row.Id, row.UserId, row.AuthenticatedAt, row.ChosenAt, row.Methods);
    }

    private Task<int> SeeAsync(SessionRow session, string? ip, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var end = writer.EndOf(session.AuthenticatedAt, now);
        return db.Sessions.Where(row => row.Id == session.Id && row.LastSeenAt == session.LastSeenAt && row.EndedAt == null).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.LastSeenAt, now).SetProperty(row => row.ExpiresAt, end).SetProperty(row => row.Ip, ip), cancellationToken);
    }
}
