using System.Buffers.Binary;
using System.Buffers.Text;
using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;

namespace IdentityServer.Protocol.Jose;

/// <summary>Makes <see cref="JsonWebKey"/>s, and refuses what must not become one.</summary>
internal static class JsonWebKeyReader
{
    /// <summary>NIST SP 800-131A and RFC 7518, section 3.3: "A key of size 2048 bits or larger MUST be used".</summary>
    public const int MinRsaBits = 2048;

    // A verification with a huge modulus or exponent is a denial of service.
    private const int MaxRsaBits = 8192;

    public static JsonWebKey? Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object || !TryReadMembers(json, out var members) || !members.ForVerifying)
            return null;
        if (members.Alg is not null && JwsAlgorithms.Parse(members.Alg) is null)
            return null;
        var algorithm = JwsAlgorithms.Parse(members.Alg);
        return members switch
        {
            { Kty: "RSA", N: not null, E: not null } when algorithm is null || algorithm.Value.IsRsa() =>
                ReadRsa(members.Kid, algorithm, members.N, members.E),
            { Kty: "EC", Crv: "P-256", X: not null, Y: not null } when algorithm is null or JwsAlgorithm.ES256 =>
                ReadP256(members.Kid, members.X, members.Y),
            _ => null,
        };
    }

    public static JsonWebKey? FromRsa(RSAParameters key, JwsAlgorithm algorithm) => IsAcceptableRsa(key.Modulus, key.Exponent)
        ? JsonWebKey.Rsa(kid: null, algorithm, Base64Url.EncodeToString(key.Modulus), Base64Url.EncodeToString(key.Exponent))
        : null;

    public static JsonWebKey? FromP256(ECPoint point) => P256.IsOnCurve(point.X, point.Y)
        ? JsonWebKey.Ec(kid: null, Base64Url.EncodeToString(point.X), Base64Url.EncodeToString(point.Y))
        : null;

    private static JsonWebKey? ReadRsa(string? kid, JwsAlgorithm? algorithm, string n, string e) =>
        StrictBase64Url.TryDecode(n, out var modulus) && StrictBase64Url.TryDecode(e, out var exponent)
        && IsAcceptableRsa(modulus, exponent)
            ? JsonWebKey.Rsa(kid, algorithm, n, e)
            : null;

    private static JsonWebKey? ReadP256(string? kid, string x, string y) =>
        StrictBase64Url.TryDecode(x, out var first) && StrictBase64Url.TryDecode(y, out var second)
        && P256.IsOnCurve(first, second)
            ? JsonWebKey.Ec(kid, x, y)
            : null;

    // RFC 7518, section 2, Base64urlUInt: "The octet sequence MUST utilize the minimum number of octets needed to
    // represent the value."
    private static bool IsAcceptableRsa(ReadOnlySpan<byte> modulus, ReadOnlySpan<byte> exponent)
    {
        if (modulus is [] or [0, ..] || exponent is [] or [0, ..] || exponent.Length > sizeof(uint))
            return false;
        var bits = (modulus.Length * 8) - BitOperations.LeadingZeroCount((uint)modulus[0] << 24);
        Span<byte> padded = stackalloc byte[sizeof(uint)];
        padded.Clear();
        exponent.CopyTo(padded[^exponent.Length..]);
        return bits is >= MinRsaBits and <= MaxRsaBits
            && (modulus[^1] & 1) == 1
            && BinaryPrimitives.ReadUInt32BigEndian(padded) is >= 3 and var e && (e & 1) == 1;
    }

    /// <summary>RFC 7517, section 4: member names "MUST be unique"; unknown ones "MUST be ignored".</summary>
    private static bool TryReadMembers(JsonElement json, out Members members)
    {
        members = new Members();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            foreach (var member in json.EnumerateObject())
            {
                if (!seen.Add(member.Name) || !members.Take(member.Name, member.Value))
                    return false;
            }
            return true;
        }
        catch (InvalidOperationException)
        {
            // A string with a lone surrogate.
            return false;
        }
    }

    private sealed class Members
    {
        public string? Kty { get; private set; }
        public string? Kid { get; private set; }
        public string? Alg { get; private set; }
        public string? N { get; private set; }
        public string? E { get; private set; }
        public string? Crv { get; private set; }
        public string? X { get; private set; }
        public string? Y { get; private set; }
        public bool ForVerifying { get; private set; } = true;

        public bool Take(string name, JsonElement value)
        {
            switch (name)
            {
                case "kty": return (Kty = Text(value)) is not null;
                case "kid": return (Kid = Text(value)) is not null;
                case "alg": return (Alg = Text(value)) is not null;
                case "n": return (N = Text(value)) is not null;
                case "e": return (E = Text(value)) is not null;
                case "crv": return (Crv = Text(value)) is not null;
                case "x": return (X = Text(value)) is not null;
                case "y": return (Y = Text(value)) is not null;
                case "use":
                    ForVerifying &= Text(value) == "sig";
                    return true;
                case "key_ops":
                    ForVerifying &= value.ValueKind == JsonValueKind.Array && value.EnumerateArray().Any(x => Text(x) == "verify");
                    return true;
                case "d" or "p" or "q" or "dp" or "dq" or "qi" or "oth" or "k":
                    return false;
                default:
                    return true;
            }
        }

        private static string? Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }
}
