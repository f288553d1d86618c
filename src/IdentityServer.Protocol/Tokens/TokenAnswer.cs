using System.Text.Json;

namespace IdentityServer.Protocol.Tokens;

/// <summary>A successful answer of the token endpoint (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).</summary>
internal sealed record TokenAnswer(string AccessToken, TimeSpan Lifetime, IReadOnlyList<string> Scopes, string? RefreshToken, string? IdToken)
{
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("access_token"u8, AccessToken);
        json.WriteString("token_type"u8, "Bearer"u8);
        json.WriteNumber("expires_in"u8, (long)Lifetime.TotalSeconds);
        if (Scopes.Count > 0)
            json.WriteString("scope"u8, string.Join(' ', Scopes));
        if (RefreshToken is not null)
            json.WriteString("refresh_token"u8, RefreshToken);
        if (IdToken is not null)
            json.WriteString("id_token"u8, IdToken);
        json.WriteEndObject();
    }

    // A record prints its members: this one never must.
    public override string ToString() => nameof(TokenAnswer);
}
