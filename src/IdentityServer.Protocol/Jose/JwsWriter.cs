using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IdentityServer.Protocol.Jose;

/// <summary>Writes signed tokens in the JWS compact serialization (RFC 7515, section 3.1).</summary>
internal static class JwsWriter
{
    // A token is base64url: escaping for HTML would only make it longer.
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Signs the JSON object that <paramref name="payload"/> writes, its braces included.</summary>
    public static string Sign(SigningKey key, string typ, Action<Utf8JsonWriter> payload)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Json))
            payload(writer);
        return Sign(key, typ, buffer.WrittenSpan);
    }

    /// <param name="key">The key; its algorithm and id go into the header.</param>
    /// <param name="typ">The token's media type, one of the server's constants ("JWT", "at+jwt").</param>
    /// <param name="payload">The claims, UTF-8 JSON.</param>
    public static string Sign(SigningKey key, string typ, ReadOnlySpan<byte> payload)
    {
        Span<byte> signature = stackalloc byte[KeyPool.MaxSignatureLength];
        var header = key.EncodedHeader(typ);
        var inputLength = header.Length + Base64Url.GetEncodedLength(payload.Length);
        var buffer = ArrayPool<byte>.Shared.Rent(inputLength + 1 + Base64Url.GetEncodedLength(KeyPool.MaxSignatureLength));
        header.CopyTo(buffer);
        Base64Url.EncodeToUtf8(payload, buffer.AsSpan(header.Length));
        signature = signature[..key.Sign(buffer.AsSpan(0, inputLength), signature)];
        buffer[inputLength] = (byte)'.';
        var length = inputLength + 1 + Base64Url.EncodeToUtf8(signature, buffer.AsSpan(inputLength + 1));
        var token = Encoding.ASCII.GetString(buffer.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(buffer);
        return token;
    }

    public static byte[] EncodeHeader(JwsAlgorithm algorithm, string typ, string kid)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var writer = new Utf8JsonWriter(buffer, Json))
        {
            writer.WriteStartObject();
            writer.WriteString("alg"u8, algorithm.ToWireName());
            writer.WriteString("typ"u8, typ);
            writer.WriteString("kid"u8, kid);
            writer.WriteEndObject();
        }
        return [.. Base64Url.EncodeToUtf8(buffer.WrittenSpan), (byte)'.'];
    }
}
