using System.Globalization;
using System.Text.Json;
using IdentityServer.Protocol.Jose;

namespace IdentityServer.Protocol.Tokens;

/// <summary>The JWT form of access tokens (RFC 9068): what is written here is read here.</summary>
internal static class AccessTokenJwt
{
    /// <summary>RFC 9068 §2.1: the header's <c>typ</c>, which keeps ID tokens from passing as access tokens.</summary>
    public const string Type = "at+jwt";

    private static readonly JwsAlgorithm[] Algorithms = Enum.GetValues<JwsAlgorithm>();

    public static string Write(AccessToken token, string issuer, SigningKey key) =>
        JwsWriter.Sign(key, Type, json =>
        {
            json.WriteStartObject();
            token.WriteClaims(json, issuer);
            if (token.AuthorizationId is { } authorization)
                json.WriteString("aid"u8, authorization.ToString("D", CultureInfo.InvariantCulture));
            json.WriteEndObject();
        });

    /// <summary>The token when it is ours, whatever its expiry; null otherwise.</summary>
    public static AccessToken? Read(string compact, string issuer, IEnumerable<SigningKey> keys)
    {
        if (JwsVerifier.Verify(compact, Algorithms, keys.Select(key => key.PublicKey), Type) is not JwsVerification.Valid(_, var claims)
            || Text(claims, "iss") != issuer)
            return null;

        // Signed by this server: the shapes are those of Write. What has a user has an authorization.
        var authorizationId = Id(claims, "aid");
        return new AccessToken
        {
            Id = Text(claims, "jti")!,
            ClientId = Text(claims, "client_id")!,
            UserId = authorizationId is null ? null : Id(claims, "sub"),
            Scopes = Text(claims, "scope")?.Split(' ') ?? [],
            Audience = Texts(claims, "aud"),
            IssuedAt = Time(claims, "iat")!.Value,
            ExpiresAt = Time(claims, "exp")!.Value,
            AuthorizationId = authorizationId,
            SessionId = Id(claims, "sid"),
            AuthenticatedAt = Time(claims, "auth_time"),
            Methods = Texts(claims, "amr"),
        };
    }

    private static string? Text(JsonElement claims, string name) => claims.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static Guid? Id(JsonElement claims, string name) => Text(claims, name) is { } text ? Guid.ParseExact(text, "D") : null;

    private static DateTimeOffset? Time(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) ? DateTimeOffset.FromUnixTimeSeconds(value.GetInt64()) : null;

    private static string[] Texts(JsonElement claims, string name)
    {
        if (!claims.TryGetProperty(name, out var value))
            return [];
        return value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(item => item.GetString()!)] : [value.GetString()!];
    }
}
