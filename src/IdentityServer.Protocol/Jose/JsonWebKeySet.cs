using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace IdentityServer.Protocol.Jose;

/// <summary>A set of public keys (RFC 7517, section 5), as in a "jwks_uri" document or an application's "jwks".</summary>
/// <param name="Keys">The usable keys, in the order of the document.</param>
public sealed record JsonWebKeySet(IReadOnlyList<JsonWebKey> Keys)
{
    /// <summary>The most entries that a set may have, usable or not.</summary>
    public const int MaxKeys = 100;

    /// <summary>
    /// Reads a set. Entries that are not usable here are left out, as RFC 7517, section 5, asks: "Implementations
    /// SHOULD ignore JWKs within a JWK Set that use "kty" (key type) values that are not understood by them, that are
    /// missing required members, or for which values are out of the supported ranges." The caller caps the size of the text.
    /// </summary>
    /// <returns>False when this is no JSON object with an array "keys", or has more than <see cref="MaxKeys"/> entries.</returns>
    public static bool TryParse(ReadOnlySpan<byte> utf8Json, [NotNullWhen(true)] out JsonWebKeySet? set)
    {
        set = null;
        if (!StrictJson.TryParseObject(utf8Json, out var json)
            || !json.TryGetProperty("keys"u8, out var entries)
            || entries.ValueKind != JsonValueKind.Array
            || entries.GetArrayLength() > MaxKeys)
            return false;
        var keys = new List<JsonWebKey>(entries.GetArrayLength());
        foreach (var entry in entries.EnumerateArray())
        {
            if (JsonWebKeyReader.Read(entry) is { } key)
                keys.Add(key);
        }
        set = new JsonWebKeySet(keys);
        return true;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{byte}, out JsonWebKeySet?)"/>
    public static bool TryParse(string? json, [NotNullWhen(true)] out JsonWebKeySet? set)
    {
        set = null;
        return json is not null && TryParse(Encoding.UTF8.GetBytes(json), out set);
    }

    /// <summary>The set as the bytes of its JSON document, ready to be served as "application/jwk-set+json".</summary>
    public byte[] ToUtf8Json()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("keys"u8);
            foreach (var key in Keys)
                key.WriteTo(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }
}
