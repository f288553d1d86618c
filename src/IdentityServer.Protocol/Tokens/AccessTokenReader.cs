using System.Globalization;
using IdentityServer.Protocol.Model;

namespace IdentityServer.Protocol.Tokens;

/// <summary>
/// The one place that says whether an access token is good: JWT or reference, ours, not expired, not revoked, its authorization not
/// ended, its application and its user still there. Userinfo and introspection ask it.
/// </summary>
internal sealed class AccessTokenReader(ILedger ledger, IRegistry registry, ISubjects subjects, IKeyRing keys, TimeProvider time)
{
    /// <summary>The token with its user; null when it is no good, for whatever reason.</summary>
    public async Task<LiveAccessToken?> ReadAsync(string wire, string issuer, CancellationToken cancellationToken)
    {
        var token = await FindAsync(wire, issuer, cancellationToken);
        if (token is null || token.ExpiresAt <= time.GetUtcNow()
            || await registry.FindApplicationAsync(token.ClientId, cancellationToken) is null)
            return null;
        if (token.AuthorizationId is { } authorizationId
            && await ledger.FindAuthorizationAsync(authorizationId, cancellationToken) is not { RevokedAt: null })
            return null;
        if (token.UserId is not { } userId)
            return new LiveAccessToken(token, User: null);

        return await subjects.FindAsync(userId, cancellationToken) is { } user ? new LiveAccessToken(token, user) : null;
    }

    /// <summary>The token when it is authentic and not revoked by itself; expiry, authorization and user are not looked at.</summary>
    public async Task<AccessToken?> FindAsync(string wire, string issuer, CancellationToken cancellationToken)
    {
        // A handle is base64url and has no full stop.
        if (!wire.Contains('.', StringComparison.Ordinal))
            return await FindReferenceAsync(wire, cancellationToken);

        var token = AccessTokenJwt.Read(wire, issuer, await keys.PublishedKeysAsync(cancellationToken));
        return token is null || await ledger.IsConsumedAsync(RevokedId(issuer, token), cancellationToken) ? null : token;
    }

    /// <summary>What a revoked JWT is remembered by in <see cref="ILedger.ConsumeIdAsync"/>.</summary>
    public static string RevokedId(string issuer, AccessToken token) => $"{issuer} at {token.Id}";

    private async Task<AccessToken?> FindReferenceAsync(string handle, CancellationToken cancellationToken)
    {
        if (await ledger.FindTokenAsync(TokenKind.ReferenceAccessToken, Handle.Reference(handle), cancellationToken) is not { Status: TokenStatus.Valid } row
            || await registry.FindApplicationAsync(row.ApplicationId, cancellationToken) is not { } application)
            return null;

        var payload = TokenPayload.Parse(row.Payload);
        return new AccessToken
        {
            Id = row.Id.ToString("N", CultureInfo.InvariantCulture),
            ClientId = application.ClientId,
            UserId = row.UserId,
            Scopes = payload.Scopes,
            Audience = payload.Audience ?? [],
            IssuedAt = row.CreatedAt,
            ExpiresAt = row.ExpiresAt,
            AuthorizationId = row.AuthorizationId,
            SessionId = row.SessionId,
            AuthenticatedAt = payload.AuthenticatedAt,
            Methods = payload.Methods,
        };
    }
}

/// <summary>An access token that is good now.</summary>
/// <param name="Token">Its facts.</param>
/// <param name="User">Its user; null when the application acts for itself.</param>
internal sealed record LiveAccessToken(AccessToken Token, Subject? User);
