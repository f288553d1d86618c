using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace IdentityServer.Protocol.Jose;

/// <summary>
/// Verifies tokens in the JWS compact serialization whose payload is a JSON object. Never throws, whatever the token.
/// Whether it is expired, for whom and by whom it is, remains the caller's to check.
/// </summary>
internal static class JwsVerifier
{
    /// <summary>In characters. The largest tokens of real systems have a quarter of this.</summary>
    public const int MaxLength = 16 * 1024;

    // Imported once a key object and freed with it.
    private static readonly ConditionalWeakTable<JsonWebKey, KeyPool> Imported = [];

    /// <param name="compact">The token.</param>
    /// <param name="allowed">What the caller accepts; the token's "alg" only ever chooses among these.</param>
    /// <param name="keys">The signer's keys. Keys named or embedded in the header (jku, jwk, x5c) are never used.</param>
    /// <param name="expectedTyp">The media type that "typ" must have; null for any or none.</param>
    public static JwsVerification Verify(string? compact, IReadOnlyCollection<JwsAlgorithm> allowed, IEnumerable<JsonWebKey> keys, string? expectedTyp) =>
        Verify(compact, allowed, _ => keys, expectedTyp);

    /// <summary>As above, where the header (not yet proven) says whose keys to take.</summary>
    public static JwsVerification Verify(string? compact, IReadOnlyCollection<JwsAlgorithm> allowed, Func<JwsHeader, IEnumerable<JsonWebKey>> keys, string? expectedTyp)
    {
        if (compact is { Length: > MaxLength })
            return Fault(JwsFault.TooLong);
        var text = compact.AsSpan();
        var first = text.IndexOf('.');
        var last = text.LastIndexOf('.');
        if (first < 0 || first == last
            || !StrictBase64Url.TryDecode(text[..first], out var headerBytes)
            || !StrictBase64Url.TryDecode(text[(first + 1)..last], out var payloadBytes)
            || !StrictBase64Url.TryDecode(text[(last + 1)..], out var signature)
            || !StrictJson.TryParseObject(headerBytes, out var headerJson))
            return Fault(JwsFault.Malformed);

        if (ReadHeader(headerJson, allowed, expectedTyp, out var header) is { } fault)
            return Fault(fault);
        if (CheckSignature(Encoding.ASCII.GetBytes(compact!, 0, last), signature, header!, keys(header!)) is { } wrong)
            return Fault(wrong);
        return StrictJson.TryParseObject(payloadBytes, out var payload)
            ? new JwsVerification.Valid(header!, payload)
            : Fault(JwsFault.Payload);
    }

    private static JwsFault? ReadHeader(JsonElement json, IReadOnlyCollection<JwsAlgorithm> allowed, string? expectedTyp, out JwsHeader? header)
    {
        header = null;
        if (!TryReadText(json, "alg"u8, out var alg) || !TryReadText(json, "kid"u8, out var kid) || !TryReadText(json, "typ"u8, out var typ))
            return JwsFault.Malformed;
        if (!JwsAlgorithms.TryParse(alg, out var algorithm) || !allowed.Contains(algorithm))
            return JwsFault.Algorithm;
        if (json.TryGetProperty("crit"u8, out _))
            return JwsFault.CriticalExtension;
        if (expectedTyp is not null && !IsSameMediaType(typ, expectedTyp))
            return JwsFault.Type;
        header = new JwsHeader(algorithm, kid, typ, json);
        return null;
    }

    private static JwsFault? CheckSignature(ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature, JwsHeader header, IEnumerable<JsonWebKey> keys)
    {
        var fault = JwsFault.UnknownKey;
        foreach (var key in keys)
        {
            // Algorithm confusion: the key's own kind and "alg" decide, not what the token claims.
            if (!key.Supports(header.Algorithm) || (header.Kid is not null && key.Kid is not null && header.Kid != key.Kid))
                continue;
            if (IsSignedBy(key, header.Algorithm, input, signature))
                return null;
            fault = JwsFault.Signature;
        }
        return fault;
    }

    private static bool IsSignedBy(JsonWebKey key, JwsAlgorithm algorithm, ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature)
    {
        try
        {
            return Imported.GetValue(key, static key => new KeyPool(key.Import)).Verify(algorithm, input, signature);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>
    /// RFC 7515, section 4.1.9: "a recipient using the media type value MUST treat it as if "application/" were
    /// prepended to any "typ" value not containing a '/'". Media types are case-insensitive.
    /// </summary>
    private static bool IsSameMediaType(string? typ, string expected) =>
        typ is not null && string.Equals(WithPrefix(typ), WithPrefix(expected), StringComparison.OrdinalIgnoreCase);

    private static string WithPrefix(string typ) => typ.Contains('/', StringComparison.Ordinal) ? typ : "application/" + typ;

    private static bool TryReadText(JsonElement json, ReadOnlySpan<byte> name, out string? text)
    {
        text = null;
        if (!json.TryGetProperty(name, out var value))
            return true;
        if (value.ValueKind != JsonValueKind.String)
            return false;
        text = value.GetString();
        return true;
    }

    private static JwsVerification.Invalid Fault(JwsFault reason) => new(reason);
}
