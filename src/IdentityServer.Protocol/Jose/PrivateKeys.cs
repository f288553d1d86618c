using System.Formats.Asn1;
using System.Security.Cryptography;

namespace IdentityServer.Protocol.Jose;

/// <summary>Importing private keys and refusing those that must not sign.</summary>
internal static class PrivateKeys
{
    private const string RsaEncryption = "1.2.840.113549.1.1.1";
    private const string EcPublicKey = "1.2.840.10045.2.1";

    public static SigningKey ToSigningKey(AsymmetricAlgorithm key, JwsAlgorithm algorithm, SigningKeyTimes times)
    {
        var publicKey = key switch
        {
            RSA rsa => FromRsa(rsa, algorithm),
            ECDsa ec => FromEc(ec),
            _ => throw new ArgumentException("Neither RSA nor EC.", nameof(key)),
        };
        var live = new SigningKey(algorithm, key.ExportPkcs8PrivateKey(), publicKey, times);
        if (VerifiesItself(live))
            return live;
        live.Dispose();
        throw new CryptographicException("The private key does not belong to its public key. Make a new key.");
    }

    public static AsymmetricAlgorithm ImportPkcs8(JwsAlgorithm algorithm, ReadOnlySpan<byte> pkcs8)
    {
        if (IsRsa(pkcs8) != algorithm.IsRsa())
            throw new CryptographicException($"{algorithm.ToWireName()} needs {(algorithm.IsRsa() ? "an RSA" : "an EC (P-256)")} key; this is of the other kind.");
        AsymmetricAlgorithm key = algorithm.IsRsa() ? RSA.Create() : ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(pkcs8, out var read);
            return read == pkcs8.Length ? key : throw new CryptographicException("Bytes follow the private key.");
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>RFC 5208, section 5: PrivateKeyInfo is version, algorithm, key.</summary>
    public static bool IsRsa(ReadOnlySpan<byte> pkcs8)
    {
        try
        {
            AsnDecoder.ReadSequence(pkcs8, AsnEncodingRules.BER, out var offset, out var length, out _);
            var info = pkcs8.Slice(offset, length);
            AsnDecoder.ReadInteger(info, AsnEncodingRules.BER, out var read);
            AsnDecoder.ReadSequence(info[read..], AsnEncodingRules.BER, out offset, out length, out _);
            return AsnDecoder.ReadObjectIdentifier(info[read..].Slice(offset, length), AsnEncodingRules.BER, out _) switch
            {
                RsaEncryption => true,
                EcPublicKey => false,
                _ => throw new CryptographicException("Only RSA and EC (P-256) keys can sign here."),
            };
        }
        catch (AsnContentException problem)
        {
            throw new CryptographicException("This is not a private key in PKCS#8.", problem);
        }
    }

    private static JsonWebKey FromRsa(RSA key, JwsAlgorithm algorithm)
    {
        if (key.KeySize < JsonWebKeyReader.MinRsaBits)
            throw new CryptographicException($"An RSA key of {key.KeySize} bits is too weak; at least {JsonWebKeyReader.MinRsaBits} are needed.");
        return JsonWebKeyReader.FromRsa(key.ExportParameters(includePrivateParameters: false), algorithm)
            ?? throw new CryptographicException("The RSA key has an unusual modulus or exponent. Make a new key.");
    }

    private static JsonWebKey FromEc(ECDsa key)
    {
        var parameters = key.ExportParameters(includePrivateParameters: false);
        if (!parameters.Curve.IsNamed || parameters.Curve.Oid.Value != P256.ObjectId)
            throw new CryptographicException("The EC key is on another curve; ES256 needs P-256 (prime256v1).");
        return JsonWebKeyReader.FromP256(parameters.Q)
            ?? throw new CryptographicException("The EC key's point is not on P-256. Make a new key.");
    }

    // A damaged or mismatched pair would sign tokens that nobody accepts; and faults can leak an RSA key.
    private static bool VerifiesItself(SigningKey key)
    {
        var probe = "probe"u8;
        using var check = new KeyPool(key.PublicKey.Import);
        return check.Verify(key.Algorithm, probe, key.Sign(probe));
    }
}
