using IdentityServer.Protocol;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Http;

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
    /// <summary>Sets the session cookie.</summary>
    public void SignIn(HttpContext context, SessionTicket ticket) => throw new InvalidOperationException("not yet");

    /// <inheritdoc/>
    public ValueTask<Session?> CurrentAsync(HttpContext context) => throw new InvalidOperationException("not yet");

    /// <inheritdoc/>
    public Task<bool> IsLiveAsync(Guid sessionId, CancellationToken cancellationToken) => throw new InvalidOperationException("not yet");

    /// <inheritdoc/>
    public Task EndAsync(HttpContext context, Session session) => throw new InvalidOperationException("not yet");

    /// <summary>The person goes on with this account: satisfies <c>prompt=select_account</c>.</summary>
    public Task ChooseAsync(Session session, CancellationToken cancellationToken) => throw new InvalidOperationException("not yet");

    /// <summary>The user's live sessions, newest first.</summary>
    public Task<IReadOnlyList<SessionView>> ListAsync(Session current, CancellationToken cancellationToken) => throw new InvalidOperationException("not yet");

    /// <summary>Ends one of the user's own sessions with its authorizations and tokens; another user's is left alone, silently.</summary>
    public Task EndOneAsync(Guid userId, Guid sessionId, CancellationToken cancellationToken) => throw new InvalidOperationException("not yet");
}
