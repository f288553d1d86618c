using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IdentityServer.Protocol.Grants;
using IdentityServer.Protocol.Jose;
using IdentityServer.Protocol.Model;

namespace IdentityServer.Protocol.Tokens;

/// <summary>
/// ID tokens (OpenID Connect Core §2). They say who signed in, when and how; what else is known comes from userinfo, where §5.4
/// puts the scopes' claims whenever an access token is issued, and here one always is.
/// </summary>
internal static class IdToken
{
    /// <summary>The header's <c>typ</c>.</summary>
    public const string Type = "JWT";

    public static string Write(string issuer, Application application, Approval approval, string accessToken, DateTimeOffset now, SigningKey key) =>
        JwsWriter.Sign(key, Type, json =>
        {
            json.WriteStartObject();
            json.WriteString("iss"u8, issuer);
            json.WriteString("sub"u8, approval.UserId!.Value.ToString("D", CultureInfo.InvariantCulture));
            json.WriteString("aud"u8, application.ClientId);
            json.WriteNumber("iat"u8, now.ToUnixTimeSeconds());
            json.WriteNumber("exp"u8, (now + application.IdTokenLifetime).ToUnixTimeSeconds());
            json.WriteAuthentication(approval.AuthenticatedAt, approval.Methods, approval.SessionId);
            if (approval.Nonce is { } nonce)
                json.WriteString("nonce"u8, nonce);
            json.WriteString("at_hash"u8, HalfHash(accessToken));
            json.WriteEndObject();
        });

    /// <summary>OpenID Connect Core §3.1.3.6: "the base64url encoding of the left-most half of the hash of the octets of the ASCII representation of the access_token value"; every algorithm here is with SHA-256.</summary>
    private static string HalfHash(string accessToken) =>
        Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)).AsSpan(0, 16));
}
