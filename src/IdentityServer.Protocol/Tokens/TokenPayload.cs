using System.Text.Json;
using System.Text.Json.Serialization;

namespace IdentityServer.Protocol.Tokens;

/// <summary>What a stored token grants: the JSON in <see cref="Model.Token.Payload"/>.</summary>
public sealed record TokenPayload
{
    /// <summary>Granted scopes.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>When the person proved who they are: <c>auth_time</c>.</summary>
    public DateTimeOffset? AuthenticatedAt { get; init; }

    /// <summary>How: <c>amr</c>.</summary>
    public IReadOnlyList<string> Methods { get; init; } = [];

    /// <summary>A code's: the authorization request's <c>nonce</c>.</summary>
    public string? Nonce { get; init; }

    /// <summary>A code's: the redirect URI that it was sent to; the token request must repeat it (RFC 6749 §4.1.3).</summary>
    public string? RedirectUri { get; init; }

    /// <summary>A code's: the S256 challenge; null only where an administrator lifted PKCE.</summary>
    public string? CodeChallenge { get; init; }

    /// <summary>A reference access token's: who accepts it.</summary>
    public IReadOnlyList<string>? Audience { get; init; }

    /// <summary>A refresh family's: 32 random bytes that its tokens' MACs are made over.</summary>
    public byte[]? Secret { get; init; }

    /// <summary>The form that the ledger keeps.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, PayloadJson.Default.TokenPayload);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static TokenPayload Parse(string json) =>
        JsonSerializer.Deserialize(json, PayloadJson.Default.TokenPayload) ?? throw new JsonException("A token's payload is null.");
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TokenPayload))]
internal sealed partial class PayloadJson : JsonSerializerContext;
