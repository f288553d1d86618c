using System.Globalization;
using System.Security.Cryptography;
using IdentityServer.Protocol.Grants;
using IdentityServer.Protocol.Model;

namespace IdentityServer.Protocol.Tokens;

/// <summary>
/// Turns an approval into tokens: claims (pure), signatures, one entry in the ledger. Signing comes first, so that nothing is spent
/// on tokens that could not be made.
/// </summary>
internal sealed class TokenIssuer(ILedger ledger, IRegistry registry, IKeyRing keys, RefreshTokens refreshTokens)
{
    /// <returns>The answer; null when the approval's spend was lost to another request, and nothing was written.</returns>
    public async Task<TokenAnswer?> IssueAsync(string issuer, Application application, Approval approval, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var authorization = NewAuthorization(application, approval, now);
        var bound = approval with { AuthorizationId = authorization?.Id ?? approval.AuthorizationId };
        var written = new List<Token>(2);

        var facts = await FactsAsync(issuer, application, bound, now, cancellationToken);
        var accessToken = await AccessTokenAsync(issuer, application, facts, written, cancellationToken);
        var refreshToken = RefreshToken(application, bound, now, written);
        var idToken = bound.UserId is not null && bound.Scopes.Contains(ScopeNames.OpenId, StringComparer.Ordinal)
            ? IdToken.Write(issuer, application, bound, accessToken, now, await keys.SigningKeyAsync(application.IdTokenAlgorithm, cancellationToken))
            : null;

        var issuance = new Issuance { Spend = bound.Spend, Authorization = authorization, Tokens = written };
        return issuance.IsEmpty || await ledger.CommitAsync(issuance, cancellationToken)
            ? new TokenAnswer(accessToken, application.AccessTokenLifetime, bound.Scopes, refreshToken, idToken)
            : null;
    }

    private static Authorization? NewAuthorization(Application application, Approval approval, DateTimeOffset now) =>
        approval.UserId is null || approval.AuthorizationId is not null ? null : new Authorization
        {
            Id = Guid.CreateVersion7(now),
            ApplicationId = application.Id,
            UserId = approval.UserId,
            Kind = AuthorizationKind.AdHoc,
            Scopes = approval.Scopes,
            SessionId = approval.SessionId,
            GrantedAt = now,
        };

    private async Task<AccessToken> FactsAsync(string issuer, Application application, Approval approval, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var scopes = await registry.ScopesAsync(cancellationToken);
        var resources = approval.Scopes.SelectMany(name => scopes[name].Resources).Distinct(StringComparer.Ordinal).ToList();
        return new AccessToken
        {
            Id = Guid.CreateVersion7(now).ToString("N", CultureInfo.InvariantCulture),
            ClientId = application.ClientId,
            UserId = approval.UserId,
            Scopes = approval.Scopes,
            Audience = resources.Count > 0 ? resources : [issuer],
            IssuedAt = now,
            ExpiresAt = now + application.AccessTokenLifetime,
            AuthorizationId = approval.AuthorizationId,
            SessionId = approval.SessionId,
            AuthenticatedAt = approval.AuthenticatedAt,
            Methods = approval.Methods,
        };
    }

    private async Task<string> AccessTokenAsync(string issuer, Application application, AccessToken facts, List<Token> written, CancellationToken cancellationToken)
    {
        if (application.AccessTokenFormat == AccessTokenFormat.Jwt)
            return AccessTokenJwt.Write(facts, issuer, await keys.SigningKeyAsync(application.AccessTokenAlgorithm, cancellationToken));

        var handle = Handle.Create();
        written.Add(new Token
        {
            Id = Guid.ParseExact(facts.Id, "N"),
            Kind = TokenKind.ReferenceAccessToken,
            Reference = Handle.Reference(handle),
            ApplicationId = application.Id,
            AuthorizationId = facts.AuthorizationId,
            UserId = facts.UserId,
            SessionId = facts.SessionId,
            Payload = new TokenPayload
            {
                Scopes = facts.Scopes,
                AuthenticatedAt = facts.AuthenticatedAt,
                Methods = facts.Methods,
                Audience = facts.Audience,
            }.ToJson(),
            CreatedAt = facts.IssuedAt,
            ExpiresAt = facts.ExpiresAt,
        });
        return handle;
    }

    private string? RefreshToken(Application application, Approval approval, DateTimeOffset now, List<Token> written)
    {
        if (approval.Refresh is RefreshChoice.Successor(var successor))
            return successor;
        if (approval.Refresh is not RefreshChoice.New || approval.UserId is null || !application.Allows(GrantTypes.RefreshToken)
            || !approval.Scopes.Contains(ScopeNames.OfflineAccess, StringComparer.Ordinal))
            return null;

        var id = Guid.CreateVersion7(now);
        var secret = RandomNumberGenerator.GetBytes(RefreshTokens.SecretLength);
        written.Add(new Token
        {
            Id = id,
            Kind = TokenKind.RefreshFamily,
            Reference = RefreshTokens.Reference(id),
            Generation = 1,
            ApplicationId = application.Id,
            AuthorizationId = approval.AuthorizationId,
            UserId = approval.UserId,
            SessionId = approval.SessionId,
            Payload = new TokenPayload
            {
                Scopes = approval.Scopes,
                AuthenticatedAt = approval.AuthenticatedAt,
                Methods = approval.Methods,
                Secret = secret,
            }.ToJson(),
            CreatedAt = now,
            ExpiresAt = RefreshTokens.ExpiryAfterUse(application, createdAt: now, now),
        });
        return refreshTokens.Write(id, generation: 1, secret);
    }
}
