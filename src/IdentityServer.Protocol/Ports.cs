using IdentityServer.Protocol.Jose;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Http;

namespace IdentityServer.Protocol;

/// <summary>Tokens and authorizations: the only port that writes what the protocol hands out.</summary>
public interface ILedger
{
    /// <summary>Writes all of <paramref name="issuance"/> in one transaction, or nothing: false when what it spends was spent, ended or advanced by another.</summary>
    Task<bool> CommitAsync(Issuance issuance, CancellationToken cancellationToken);

    /// <summary>The token with this reference, whatever its status and expiry; null when there is none (or it was pruned).</summary>
    Task<Token?> FindTokenAsync(TokenKind kind, string reference, CancellationToken cancellationToken);

    /// <summary>The authorization, ended or not; null when there is none.</summary>
    Task<Authorization?> FindAuthorizationAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>The consent that the user gave to the application and did not take back; null when there is none.</summary>
    Task<Authorization?> FindConsentAsync(Guid userId, Guid applicationId, CancellationToken cancellationToken);

    /// <summary>Ends an authorization and every token under it. Ending it twice changes nothing.</summary>
    Task RevokeAuthorizationAsync(Guid id, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>Ends one token.</summary>
    Task RevokeTokenAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Remembers a one-time id (or a revoked token's <c>jti</c>) until it expires: true for the first caller only.</summary>
    /// <param name="id">What is to be used once, e.g. <c>issuer + jti</c>; kept as a hash.</param>
    /// <param name="expiresAt">When it may be forgotten.</param>
    /// <param name="cancellationToken">Cancels the write.</param>
    Task<bool> ConsumeIdAsync(string id, DateTimeOffset expiresAt, CancellationToken cancellationToken);

    /// <summary>Whether <see cref="ConsumeIdAsync"/> was called with this id.</summary>
    Task<bool> IsConsumedAsync(string id, CancellationToken cancellationToken);
}

/// <summary>Applications and scopes, served from memory.</summary>
public interface IRegistry
{
    /// <summary>The application with this <c>client_id</c> (ordinal comparison); null when there is none.</summary>
    ValueTask<Application?> FindApplicationAsync(string clientId, CancellationToken cancellationToken);

    /// <summary>The application with this row id; null when there is none.</summary>
    ValueTask<Application?> FindApplicationAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Every scope by its name.</summary>
    ValueTask<IReadOnlyDictionary<string, Scope>> ScopesAsync(CancellationToken cancellationToken);

    /// <summary>Whether some application registered this origin for calls from a browser.</summary>
    ValueTask<bool> IsOriginRegisteredAsync(string origin, CancellationToken cancellationToken);
}

/// <summary>Users, as far as the protocol needs them.</summary>
public interface ISubjects
{
    /// <summary>The user with current claims; null when deleted or disabled.</summary>
    Task<Subject?> FindAsync(Guid userId, CancellationToken cancellationToken);
}

/// <summary>Browsers' sign-ins.</summary>
public interface ISessions
{
    /// <summary>The live session of the request's browser; null when signed out, expired or disabled.</summary>
    ValueTask<Session?> CurrentAsync(HttpContext context);

    /// <summary>Whether the session was neither ended nor deleted. Idle expiry does not count: refresh families have their own.</summary>
    Task<bool> IsLiveAsync(Guid sessionId, CancellationToken cancellationToken);

    /// <summary>Ends the browser's session, its cookie, its authorizations and their tokens.</summary>
    Task EndAsync(HttpContext context, Session session);
}

/// <summary>Keys that the server holds.</summary>
public interface IKeyRing
{
    /// <summary>The key to sign with now.</summary>
    ValueTask<SigningKey> SigningKeyAsync(JwsAlgorithm algorithm, CancellationToken cancellationToken);

    /// <summary>Every key that verifiers must know: upcoming, active, and retired until the last token signed with it ended.</summary>
    ValueTask<IReadOnlyList<SigningKey>> PublishedKeysAsync(CancellationToken cancellationToken);

    /// <summary>Keys for refresh tokens' MACs, kept outside the database: the first is used, the others are still accepted.</summary>
    IReadOnlyList<MacKey> MacKeys { get; }
}

/// <summary>A secret key for HMAC-SHA-256.</summary>
/// <param name="Id">Tells keys apart on the wire; not secret.</param>
/// <param name="Key">32 bytes.</param>
public sealed record MacKey(uint Id, byte[] Key);

/// <summary>What a person is asked to do before an authorization request can be answered.</summary>
public enum Interaction
{
    /// <summary>Prove who they are.</summary>
    SignIn,

    /// <summary>Go on with this account or another.</summary>
    SelectAccount,

    /// <summary>Allow the application what it asks for.</summary>
    Consent,

    /// <summary>Say that they want to sign out.</summary>
    SignOut,

    /// <summary>Nothing: they are signed out, and no application asked for them back.</summary>
    SignedOut,
}

/// <summary>The pages that people see.</summary>
public interface IInteraction
{
    /// <summary>The local path of the page for <paramref name="step"/>, carrying the parked request in the query parameter <c>request</c> when there is one, e.g. <c>/sign-in?request=…</c>. Without the path base, which the caller adds.</summary>
    string PathFor(Interaction step, string? request);
}
