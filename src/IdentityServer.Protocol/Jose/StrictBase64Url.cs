using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace IdentityServer.Protocol.Jose;

/// <summary>
/// Base64url as RFC 7515, section 2, defines it: "with all trailing '=' characters omitted [...] and without the
/// inclusion of any line breaks, whitespace, or other additional characters". The platform's decoder lets padding and white space pass, which would give one token many spellings.
/// </summary>
internal static class StrictBase64Url
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    private static readonly SearchValues<char> Allowed = SearchValues.Create(Alphabet);

    public static bool TryDecode(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (text.ContainsAnyExcept(Allowed) || !EndsCanonically(text))
            return false;
        bytes = Base64Url.DecodeFromChars(text);
        return true;
    }

    // RFC 4648, section 3.5: "decoders MAY chose to reject an encoding if the pad bits have not been set to zero".
    private static bool EndsCanonically(ReadOnlySpan<char> text) => (text.Length % 4) switch
    {
        0 => true,
        2 => (Alphabet.IndexOf(text[^1], StringComparison.Ordinal) & 0b1111) == 0,
        3 => (Alphabet.IndexOf(text[^1], StringComparison.Ordinal) & 0b11) == 0,
        _ => false,
    };
}
