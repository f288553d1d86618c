using IdentityServer.Protocol.Model;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Protocol.Grants;

/// <summary>
/// The refresh grant (RFC 6749 §6) on families. The current token advances the family by one generation. The one before it is a
/// retry (a lost answer, a second tab), which FAPI 2.0 demands to succeed: it gets the very same successor and writes nothing to
/// the family. Anything older is reuse (RFC 9700 §4.14.2): the family and its authorization end.
/// </summary>
internal sealed class RefreshTokenGrant(
    ILedger ledger, IRegistry registry, ISubjects subjects, RefreshTokens refreshTokens, ILogger<RefreshTokenGrant> log) : IGrant
{
    private const string Unknown = "The refresh token is unknown, expired, ended, or another client's. The user has to sign in again.";

    public string GrantType => GrantTypes.RefreshToken;

    public async Task<GrantResult> AuthorizeAsync(TokenRequest request, CancellationToken cancellationToken)
    {
        if (request.Parameters["refresh_token"] is not { } wire)
            return new GrantResult.Refused(ProtocolError.InvalidRequest("The parameter refresh_token is missing."));
        if (await refreshTokens.ReadAsync(wire, cancellationToken) is not { } presented)
            return Refuse("not authentic");

        var family = presented.Family;
        if (family.ApplicationId != request.Client.Application.Id)
            return Refuse("another client's");
        if (family.Status != TokenStatus.Valid)
            return Refuse("ended");
        if (RefreshTokens.Expiry(request.Client.Application, family) <= request.At)
            return Refuse("expired");
        // A generation from the future: this database is older than the token (a restored backup).
        if (presented.Behind < 0)
            return Refuse("newer than the database");
        if (presented.Behind > 1)
            return await EndReusedAsync(presented, request, cancellationToken);
        return await ApproveAsync(presented, request, cancellationToken);
    }

    private async Task<GrantResult> ApproveAsync(PresentedRefreshToken presented, TokenRequest request, CancellationToken cancellationToken)
    {
        var family = presented.Family;
        // Ending an authorization ends its families; a family that was written in that very moment is caught here.
        if (family.AuthorizationId is { } authorizationId
            && await ledger.FindAuthorizationAsync(authorizationId, cancellationToken) is not { RevokedAt: null })
            return Refuse("authorization ended");
        if (family.UserId is not { } userId || await subjects.FindAsync(userId, cancellationToken) is null)
            return Refuse("user gone");

        var known = await registry.ScopesAsync(cancellationToken);
        var granted = presented.Payload.Scopes
            .Where(scope => known.ContainsKey(scope) && request.Client.Application.Scopes.Contains(scope, StringComparer.Ordinal)).ToList();
        // RFC 6749 §6: "The requested scope MUST NOT include any scope not originally granted by the resource owner".
        if (request.Scopes?.Except(granted, StringComparer.Ordinal).FirstOrDefault() is { } extra)
            return new GrantResult.Refused(ProtocolError.InvalidScope($"The scope {extra} was not granted. A refresh may ask for less, never for more."));

        var isRetry = presented.Behind == 1;
        return new GrantResult.Approved(new Approval
        {
            UserId = userId,
            Scopes = request.Scopes ?? granted,
            SessionId = family.SessionId,
            AuthenticatedAt = presented.Payload.AuthenticatedAt,
            Methods = presented.Payload.Methods,
            AuthorizationId = family.AuthorizationId,
            Spend = isRetry ? null : new Spend.Advance(family.Id, presented.Generation,
                RefreshTokens.ExpiryAfterUse(request.Client.Application, family.CreatedAt, request.At)),
            Refresh = new RefreshChoice.Successor(refreshTokens.Write(family.Id, presented.Generation + 1, presented.Payload.Secret)),
            // Another request with the same token was faster: read again, and answer as a retry.
            OnSpendLost = cancellation => AuthorizeAsync(request, cancellation),
        });
    }

    private async Task<GrantResult> EndReusedAsync(PresentedRefreshToken presented, TokenRequest request, CancellationToken cancellationToken)
    {
        // RFC 9700 §4.14.2: "The authorization server cannot determine which party submitted the invalid refresh token, but it will
        // revoke the active refresh token".
        if (presented.Family.AuthorizationId is { } authorizationId)
            await ledger.RevokeAuthorizationAsync(authorizationId, request.At, cancellationToken);
        else
            await ledger.RevokeTokenAsync(presented.Family.Id, cancellationToken);
        log.LogWarning("A refresh token of {ClientId} was reused {Behind} generations late; authorization {AuthorizationId} ended.",
            request.Client.Application.ClientId, presented.Behind, presented.Family.AuthorizationId);
        return Refuse("reused");
    }

    private static GrantResult.Refused Refuse(string logDetail) => new(ProtocolError.InvalidGrant(Unknown) with { LogDetail = logDetail });
}
