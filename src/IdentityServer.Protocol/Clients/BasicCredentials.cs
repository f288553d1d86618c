using System.Net;
using System.Text;

namespace IdentityServer.Protocol.Clients;

/// <summary>HTTP Basic authentication as OAuth uses it.</summary>
internal sealed record BasicCredentials(string ClientId, string Secret)
{
    private const string Scheme = "Basic ";
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// RFC 6749 §2.3.1: "The client identifier is encoded using the "application/x-www-form-urlencoded" encoding algorithm […] and
    /// the encoded value is used as the username; the client password is encoded using the same algorithm and used as the password."
    /// </summary>
    /// <returns>Null when the header is anything else.</returns>
    public static BasicCredentials? Read(string? header)
    {
        if (header is null || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return null;

        try
        {
            var pair = Strict.GetString(Convert.FromBase64String(header[Scheme.Length..].Trim()));
            var colon = pair.IndexOf(':', StringComparison.Ordinal);
            return colon > 0 ? new BasicCredentials(WebUtility.UrlDecode(pair[..colon]), WebUtility.UrlDecode(pair[(colon + 1)..])) : null;
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            return null;
        }
    }
}
