using IdentityServer.Protocol.Model;
using IdentityServer.Protocol.Tokens;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Protocol.Grants;

/// <summary>
/// The authorization code grant (RFC 6749 §4.1.3) with PKCE (RFC 7636 §4.5). A code is good once. Whoever presents it a second time
/// with everything right (its own client, redirect URI and verifier) shows that two hold what one should hold: the request is denied
/// and the authorization ends with all that the code bought, also when both arrive at once, so that a client which redeems twice
/// by mistake fails every time and not once a week. A replay that proves less ends nothing, or anybody who saw a code could end a sign-in.
/// </summary>
internal sealed class AuthorizationCodeGrant(ILedger ledger, IRegistry registry, ISubjects subjects, ISessions sessions, ILogger<AuthorizationCodeGrant> log) : IGrant
{
    // What a stranger could learn from a closer text is whether the code exists.
    private const string Unknown = "The code is unknown, expired, or another client's. Start a new authorization request.";
    private const string Used = "The code was used already. A code is good for one request; start a new authorization request.";

    public string GrantType => GrantTypes.AuthorizationCode;

    public async Task<GrantResult> AuthorizeAsync(TokenRequest request, CancellationToken cancellationToken)
    {
        if (request.Parameters["code"] is not { } wire)
            return new GrantResult.Refused(ProtocolError.InvalidRequest("The parameter code is missing."));
        var verifier = request.Parameters["code_verifier"];
        if (verifier is not null && !Pkce.IsVerifier(verifier))
            return new GrantResult.Refused(ProtocolError.InvalidRequest("code_verifier has 43 to 128 characters of A-Z a-z 0-9 - . _ ~ (RFC 7636, section 4.1)."));

        var code = await ledger.FindTokenAsync(TokenKind.Code, Handle.Reference(wire), cancellationToken);
        if (code is null)
            return Refuse(Unknown, "no such code");
        if (code.ApplicationId != request.Client.Application.Id)
            return Refuse(Unknown, "another client's code");

        var payload = TokenPayload.Parse(code.Payload);
        if (Mismatch(request.Parameters, payload, verifier) is { } mismatch)
            return mismatch;

        return code.Status switch
        {
            TokenStatus.Redeemed => await EndReplayedAsync(code, request, cancellationToken),
            TokenStatus.Valid when code.ExpiresAt > request.At => await ApproveAsync(code, payload, request, cancellationToken),
            TokenStatus.Valid => Refuse(Unknown, "expired"),
            _ => Refuse(Unknown, "revoked"),
        };
    }

    private static GrantResult.Refused? Mismatch(Parameters parameters, TokenPayload payload, string? verifier)
    {
        // RFC 6749 §4.1.3: "if the "redirect_uri" parameter was included in the authorization request […] their values MUST be identical".
        if (parameters["redirect_uri"] != payload.RedirectUri)
            return Refuse("redirect_uri is missing or differs from the one of the authorization request.", "redirect_uri differs");

        return (payload.CodeChallenge, verifier) switch
        {
            (null, null) => null,
            // RFC 9700 §2.1.1: "Authorization servers MUST mitigate PKCE downgrade attacks by ensuring that a token request containing a
            // code_verifier parameter is accepted only if a code_challenge parameter was present in the authorization request".
            (null, _) => Refuse("There is a code_verifier, but the authorization request had no code_challenge.", "PKCE downgrade"),
            (_, null) => Refuse("code_verifier is missing: the authorization request had a code_challenge.", "no verifier"),
            var (challenge, given) when Pkce.Matches(given, challenge) => null,
            _ => Refuse("code_verifier does not match the code_challenge of the authorization request.", "wrong verifier"),
        };
    }

    private async Task<GrantResult> ApproveAsync(Token code, TokenPayload payload, TokenRequest request, CancellationToken cancellationToken)
    {
        if (code.UserId is not { } userId || await subjects.FindAsync(userId, cancellationToken) is null)
            return Refuse("The user is disabled or was deleted.", "user gone");
        if (code.SessionId is { } sessionId && !await sessions.IsLiveAsync(sessionId, cancellationToken))
            return Refuse("The user signed out meanwhile. Start a new authorization request.", "session ended");
        if (code.AuthorizationId is { } authorizationId
            && await ledger.FindAuthorizationAsync(authorizationId, cancellationToken) is not { RevokedAt: null })
            return Refuse(Unknown, "authorization ended");

        var scopes = await registry.ScopesAsync(cancellationToken);
        return new GrantResult.Approved(new Approval
        {
            UserId = userId,
            Scopes = [.. payload.Scopes.Where(scope => scopes.ContainsKey(scope) && request.Client.Application.Scopes.Contains(scope, StringComparer.Ordinal))],
            SessionId = code.SessionId,
            AuthenticatedAt = payload.AuthenticatedAt,
            Methods = payload.Methods,
            Nonce = payload.Nonce,
            AuthorizationId = code.AuthorizationId,
            Spend = new Spend.Redeem(code.Id, request.At),
            // Another request was faster: a replay like any other, unless a sign-out revoked the code.
            OnSpendLost = cancellation => AuthorizeAsync(request, cancellation),
        });
    }

    private async Task<GrantResult> EndReplayedAsync(Token code, TokenRequest request, CancellationToken cancellationToken)
    {
        // RFC 6749 §4.1.2: "If an authorization code is used more than once, the authorization server MUST deny the request and SHOULD
        // revoke (when possible) all tokens previously issued based on that authorization code."
        if (code.AuthorizationId is { } authorizationId)
            await ledger.RevokeAuthorizationAsync(authorizationId, request.At, cancellationToken);
        log.LogWarning("A code of {ClientId} was redeemed twice; authorization {AuthorizationId} ended.", request.Client.Application.ClientId, code.AuthorizationId);
        return Refuse(Used, "replayed");
    }

    private static GrantResult.Refused Refuse(string description, string logDetail) =>
        new(ProtocolError.InvalidGrant(description) with { LogDetail = logDetail });
}
