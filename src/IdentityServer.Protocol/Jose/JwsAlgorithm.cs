using System.Security.Cryptography;

namespace IdentityServer.Protocol.Jose;

/// <summary>
/// The signature algorithms that this server signs with and accepts (RFC 7518, section 3.1). The list is closed:
/// "none" and the HMAC family have no value here, so that no code path can accept them.
/// </summary>
public enum JwsAlgorithm
{
    /// <summary>RSASSA-PKCS1-v1_5 with SHA-256, keys of 2048 bits or more.</summary>
    RS256,

    /// <summary>RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes, keys of 2048 bits or more.</summary>
    PS256,

    /// <summary>ECDSA on P-256 with SHA-256; the signature is r and s, 32 bytes each.</summary>
    ES256,
}

/// <summary>Names of <see cref="JwsAlgorithm"/> on the wire (the "alg" values of RFC 7518, section 3.1).</summary>
public static class JwsAlgorithms
{
    /// <summary>The name on the wire, such as "ES256".</summary>
    public static string ToWireName(this JwsAlgorithm algorithm) => algorithm switch
    {
        JwsAlgorithm.RS256 => "RS256",
        JwsAlgorithm.PS256 => "PS256",
        JwsAlgorithm.ES256 => "ES256",
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    /// <summary>Reads a name from the wire. "alg" is case-sensitive (RFC 7515, section 4.1.1).</summary>
    /// <returns>Null for every name that is not on the list, "none" among them.</returns>
    public static JwsAlgorithm? Parse(string? wireName) => wireName switch
    {
        "RS256" => JwsAlgorithm.RS256,
        "PS256" => JwsAlgorithm.PS256,
        "ES256" => JwsAlgorithm.ES256,
        _ => null,
    };

    /// <summary>As <see cref="Parse"/>, for callers that prefer the pattern with a boolean.</summary>
    public static bool TryParse(string? wireName, out JwsAlgorithm algorithm)
    {
        var parsed = Parse(wireName);
        algorithm = parsed.GetValueOrDefault();
        return parsed is not null;
    }

    internal static bool IsRsa(this JwsAlgorithm algorithm) => algorithm is not JwsAlgorithm.ES256;

    internal static RSASignaturePadding Padding(this JwsAlgorithm algorithm) => algorithm switch
    {
        JwsAlgorithm.RS256 => RSASignaturePadding.Pkcs1,
        // The platform's PSS salt is as long as the hash, as RFC 7518, section 3.5, demands.
        JwsAlgorithm.PS256 => RSASignaturePadding.Pss,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };
}
