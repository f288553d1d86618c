using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace IdentityServer.Protocol.Jose;

/// <summary>
/// A public key for verifying signatures, in the form of RFC 7517: RSA of 2048 to 8192 bits or EC on P-256. Every
/// instance is checked; private members have no place in it. Two keys are equal when all their members are.
/// </summary>
public sealed record JsonWebKey
{
    private JsonWebKey(string kty) => Kty = kty;

    /// <summary>"kty": "RSA" or "EC".</summary>
    public string Kty { get; }

    /// <summary>"kid": the key's name. Null if the key has none.</summary>
    public string? Kid { get; private init; }

    /// <summary>"alg": the one algorithm that the key is for. Null on an RSA key that does not say.</summary>
    public JwsAlgorithm? Alg { get; private init; }

    /// <summary>"n": the RSA modulus, base64url. Null on EC keys.</summary>
    public string? N { get; private init; }

    /// <summary>"e": the RSA public exponent, base64url. Null on EC keys.</summary>
    public string? E { get; private init; }

    /// <summary>"crv": "P-256". Null on RSA keys.</summary>
    public string? Crv { get; private init; }

    /// <summary>"x": the point's first coordinate, 32 bytes in base64url. Null on RSA keys.</summary>
    public string? X { get; private init; }

    /// <summary>"y": the point's second coordinate, 32 bytes in base64url. Null on RSA keys.</summary>
    public string? Y { get; private init; }

    internal bool IsRsa => Kty == "RSA";

    /// <summary>Reads one JWK from a JSON object.</summary>
    /// <returns>
    /// False when the text is not a JSON object or the key is not usable here: another "kty" or curve, a missing or
    /// malformed member, a weak RSA key, a point off the curve, a "use", "key_ops" or "alg" that is not for verifying
    /// with a <see cref="JwsAlgorithm"/>, or a private member (a published private key is everybody's).
    /// </returns>
    public static bool TryParse(string? json, [NotNullWhen(true)] out JsonWebKey? key)
    {
        key = null;
        return json is not null
            && StrictJson.TryParseObject(Encoding.UTF8.GetBytes(json), out var value)
            && (key = JsonWebKeyReader.Read(value)) is not null;
    }

    /// <summary>As <see cref="TryParse(string?, out JsonWebKey?)"/>, from JSON that is parsed already.</summary>
    public static bool TryParse(JsonElement json, [NotNullWhen(true)] out JsonWebKey? key) => (key = JsonWebKeyReader.Read(json)) is not null;

    /// <summary>
    /// The key's thumbprint: SHA-256 over the required members in their order, base64url, 43 characters (RFC 7638).
    /// </summary>
    public string Thumbprint()
    {
        var members = IsRsa
            ? $$"""{"e":"{{E}}","kty":"RSA","n":"{{N}}"}"""
            : $$"""{"crv":"P-256","kty":"EC","x":"{{X}}","y":"{{Y}}"}""";
        return Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(members)));
    }

    /// <summary>Writes the key as a JSON object, with "use": "sig".</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("kty"u8, Kty);
        writer.WriteString("use"u8, "sig"u8);
        WriteIfPresent(writer, "kid"u8, Kid);
        WriteIfPresent(writer, "alg"u8, Alg?.ToWireName());
        WriteIfPresent(writer, "n"u8, N);
        WriteIfPresent(writer, "e"u8, E);
        WriteIfPresent(writer, "crv"u8, Crv);
        WriteIfPresent(writer, "x"u8, X);
        WriteIfPresent(writer, "y"u8, Y);
        writer.WriteEndObject();
    }

    /// <summary>The key as JSON text.</summary>
    public string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
            WriteTo(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Whether signatures of this algorithm may be verified with this key: its own "alg" has the last word.</summary>
    internal bool Supports(JwsAlgorithm algorithm) => algorithm.IsRsa() == IsRsa && (Alg is null || Alg == algorithm);

    internal AsymmetricAlgorithm Import() => IsRsa
        ? RSA.Create(new RSAParameters { Modulus = Base64Url.DecodeFromChars(N), Exponent = Base64Url.DecodeFromChars(E) })
        : ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = Base64Url.DecodeFromChars(X), Y = Base64Url.DecodeFromChars(Y) },
        });

    /// <summary>The caller has checked the members: <see cref="JsonWebKeyReader"/> is the only one outside tests.</summary>
    internal static JsonWebKey Rsa(string? kid, JwsAlgorithm? algorithm, string n, string e) =>
        new("RSA") { Kid = kid, Alg = algorithm, N = n, E = e };

    /// <inheritdoc cref="Rsa"/>
    internal static JsonWebKey Ec(string? kid, string x, string y) =>
        new("EC") { Kid = kid, Alg = JwsAlgorithm.ES256, Crv = "P-256", X = x, Y = y };

    internal JsonWebKey WithThumbprintAsKid() => this with { Kid = Thumbprint() };

    private static void WriteIfPresent(Utf8JsonWriter writer, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
            writer.WriteString(name, value);
    }
}
