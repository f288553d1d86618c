using System.Globalization;
using System.Text.Json;

namespace IdentityServer.Protocol.Tokens;

/// <summary>The facts of an access token, whichever its format.</summary>
public sealed record AccessToken
{
    /// <summary><c>jti</c>, or a reference token's row id in "N" form.</summary>
    public required string Id { get; init; }

    /// <summary>To which application it was issued.</summary>
    public required string ClientId { get; init; }

    /// <summary>For which user; null when the application acts for itself.</summary>
    public Guid? UserId { get; init; }

    /// <summary>What it allows.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Who accepts it.</summary>
    public required IReadOnlyList<string> Audience { get; init; }

    /// <summary><c>iat</c>.</summary>
    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary><c>exp</c>.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The ad hoc authorization that it hangs on: <c>aid</c>.</summary>
    public Guid? AuthorizationId { get; init; }

    /// <summary>The browser's sign-in that it came from: <c>sid</c>.</summary>
    public Guid? SessionId { get; init; }

    /// <summary><c>auth_time</c>.</summary>
    public DateTimeOffset? AuthenticatedAt { get; init; }

    /// <summary><c>amr</c>.</summary>
    public IReadOnlyList<string> Methods { get; init; } = [];

    /// <summary><c>sub</c>. RFC 9068 §2.2: without a resource owner it "SHOULD correspond to an identifier the authorization server uses to indicate the client application".</summary>
    public string Subject => UserId?.ToString("D", CultureInfo.InvariantCulture) ?? ClientId;

    /// <summary>Writes the claims that its JWT (RFC 9068 §2.2) and its introspection (RFC 7662 §2.2) share.</summary>
    internal void WriteClaims(Utf8JsonWriter json, string issuer)
    {
        json.WriteString("iss"u8, issuer);
        json.WriteString("sub"u8, Subject);
        json.WriteStrings("aud", Audience);
        json.WriteString("client_id"u8, ClientId);
        if (Scopes.Count > 0)
            json.WriteString("scope"u8, string.Join(' ', Scopes));
        json.WriteNumber("iat"u8, IssuedAt.ToUnixTimeSeconds());
        json.WriteNumber("exp"u8, ExpiresAt.ToUnixTimeSeconds());
        json.WriteString("jti"u8, Id);
        json.WriteAuthentication(AuthenticatedAt, Methods, SessionId);
    }
}
