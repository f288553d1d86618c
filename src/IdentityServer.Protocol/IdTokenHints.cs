using System.Text.Json;
using IdentityServer.Protocol.Jose;
using IdentityServer.Protocol.Tokens;

namespace IdentityServer.Protocol;

/// <summary>What an ID token of this server says about a past sign-in.</summary>
/// <param name="UserId">Who it was.</param>
/// <param name="Audience">The application's <c>client_id</c>.</param>
/// <param name="SessionId">The browser's sign-in, if there was one.</param>
internal sealed record IdTokenHint(Guid UserId, string Audience, Guid? SessionId);

/// <summary>
/// Reads <c>id_token_hint</c>. Its age does not matter (OpenID Connect RP-Initiated Logout §2: "The OP SHOULD accept ID Tokens [...] even when
/// the exp time has passed"), as long as the key that signed it is still published.
/// </summary>
internal sealed class IdTokenHints(IKeyRing keys)
{
    private static readonly JwsAlgorithm[] Algorithms = Enum.GetValues<JwsAlgorithm>();

    /// <summary>The hint; null when it is no ID token that this server signed.</summary>
    public async ValueTask<IdTokenHint?> ReadAsync(string token, string issuer, CancellationToken cancellationToken)
    {
        var published = await keys.PublishedKeysAsync(cancellationToken);
        // The type tells an ID token from an access token or a logout token (RFC 8725 §3.11).
        var verified = JwsVerifier.Verify(token, Algorithms, published.Select(key => key.PublicKey), expectedTyp: IdToken.Type);
        if (verified is not JwsVerification.Valid { Payload: var claims } || Text(claims, "iss") != issuer)
            return null;

        return Guid.TryParseExact(Text(claims, "sub"), "D", out var userId) && Text(claims, "aud") is { } audience
            ? new IdTokenHint(userId, audience, Guid.TryParseExact(Text(claims, "sid"), "D", out var sessionId) ? sessionId : null)
            : null;
    }

    private static string? Text(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
