using System.Security.Cryptography;

namespace IdentityServer.Protocol.Jose;

/// <summary>Private keys from PEM texts (RFC 7468, and the older PKCS#1 and SEC1 labels).</summary>
internal static class PemKeys
{
    public static SigningKey Read(string pem, SigningKeyTimes times, JwsAlgorithm? algorithm)
    {
        var (label, der) = FindPrivateKey(pem);
        try
        {
            using var key = Import(label, der, algorithm);
            var chosen = algorithm ?? (key is RSA ? JwsAlgorithm.RS256 : JwsAlgorithm.ES256);
            if (chosen.IsRsa() != key is RSA)
                throw new CryptographicException($"{chosen.ToWireName()} needs {(chosen.IsRsa() ? "an RSA" : "an EC (P-256)")} key; this is of the other kind.");
            return PrivateKeys.ToSigningKey(key, chosen, times);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(der);
        }
    }

    private static AsymmetricAlgorithm Import(string label, byte[] der, JwsAlgorithm? algorithm)
    {
        if (label == "PRIVATE KEY")
            return PrivateKeys.ImportPkcs8(algorithm ?? (PrivateKeys.IsRsa(der) ? JwsAlgorithm.RS256 : JwsAlgorithm.ES256), der);
        var key = label == "RSA PRIVATE KEY" ? (AsymmetricAlgorithm)RSA.Create() : ECDsa.Create();
        try
        {
            if (key is RSA rsa)
                rsa.ImportRSAPrivateKey(der, out _);
            else
                ((ECDsa)key).ImportECPrivateKey(der, out _);
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    private static (string Label, byte[] Der) FindPrivateKey(string pem)
    {
        var blocks = ReadBlocks(pem);
        var keys = blocks.FindAll(x => x.Label is "PRIVATE KEY" or "RSA PRIVATE KEY" or "EC PRIVATE KEY");
        if (keys is [var only])
            return (only.Label, Convert.FromBase64String(only.Base64));
        if (keys.Count > 1)
            throw new CryptographicException("There is more than one private key. Put each into a file of its own.");
        // "Proc-Type: 4,ENCRYPTED" is the older form, in a block that RFC 7468 does not know.
        if (pem.Contains("ENCRYPTED", StringComparison.Ordinal))
            throw new CryptographicException("The private key is encrypted. Decrypt it (openssl pkey -in encrypted.pem -out key.pem) and protect the file by its permissions.");
        throw new CryptographicException(blocks.Exists(x => x.Label is "PUBLIC KEY" or "RSA PUBLIC KEY" or "CERTIFICATE")
            ? "There is only a public key or a certificate; signing needs the private key."
            : "There is no private key in PEM (a block \"-----BEGIN PRIVATE KEY-----\").");
    }

    private static List<(string Label, string Base64)> ReadBlocks(ReadOnlySpan<char> pem)
    {
        var blocks = new List<(string Label, string Base64)>();
        while (PemEncoding.TryFind(pem, out var fields))
        {
            blocks.Add((pem[fields.Label].ToString(), pem[fields.Base64Data].ToString()));
            pem = pem[fields.Location.End..];
        }
        return blocks;
    }
}
