using System.Security.Cryptography;
using System.Text;

namespace IdentityServer.Core.Delivery.Sms;

/// <summary>
/// Twilio's signature of a callback: Base64 of HMAC-SHA1, keyed by the account's primary token, over the address that Twilio called and the form's
/// fields, each name followed by its value, in ordinal order of the names. SHA-1 is Twilio's choice; as an HMAC it holds. There is no timestamp: a
/// repeated callback must change nothing.
/// </summary>
internal static class TwilioSignature
{
    /// <summary>Whether the signature is of a form. The address may have been signed with its default port written out, or without.</summary>
    public static bool IsOf(string signature, string authToken, string url, IReadOnlyDictionary<string, string> fields)
    {
        var text = string.Concat(fields.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => field.Key + field.Value));
        // Both are always computed: time tells nothing.
        return Matches(signature, authToken, WithPort(url) + text) | Matches(signature, authToken, WithoutPort(url) + text);
    }

    /// <summary>Whether the signature is of a JSON body: the address carries <c>bodySHA256</c>, its hash in lower-case hexadecimal, and no fields follow.</summary>
    public static bool IsOfBody(string signature, string authToken, string url, ReadOnlySpan<byte> body)
    {
        const string Name = "bodySHA256=";
        var at = url.IndexOf(Name, StringComparison.Ordinal);
        if (at < 1 || url[at - 1] is not ('?' or '&'))
            return false;
        var rest = url[(at + Name.Length)..];
        var hash = rest[..(rest.IndexOfAny(['&', '#']) is var end and >= 0 ? end : rest.Length)];
        var same = CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(hash), Encoding.UTF8.GetBytes(Convert.ToHexStringLower(SHA256.HashData(body))));
        return same & IsOf(signature, authToken, url, new Dictionary<string, string>(StringComparer.Ordinal));
    }

#pragma warning disable CA5350 // Twilio signs so.
    private static bool Matches(string signature, string authToken, string text) => CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(signature),
        Encoding.UTF8.GetBytes(Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(authToken), Encoding.UTF8.GetBytes(text)))));
#pragma warning restore CA5350

    // By hand: System.Uri would change the case of scheme and host, and they are signed as they were given.
    private static string WithPort(string url)
    {
        var (start, end) = Authority(url);
        var port = url.StartsWith("https:", StringComparison.OrdinalIgnoreCase) ? ":443" : ":80";
        return PortAt(url, start, end) < 0 ? url.Insert(end, port) : url;
    }

    private static string WithoutPort(string url)
    {
        var (start, end) = Authority(url);
        return PortAt(url, start, end) is var colon and >= 0 ? url.Remove(colon, end - colon) : url;
    }

    private static (int Start, int End) Authority(string url)
    {
        var start = url.IndexOf("://", StringComparison.Ordinal) + 3;
        var end = url.IndexOfAny(['/', '?', '#'], start);
        return (start, end < 0 ? url.Length : end);
    }

    private static int PortAt(string url, int start, int end)
    {
        var colon = url.LastIndexOf(':', end - 1, end - start);
        return colon >= 0 && url.AsSpan(colon + 1, end - colon - 1).IndexOfAnyExceptInRange('0', '9') < 0 ? colon : -1;
    }
}
