using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace IdentityServer.Protocol.Jose;

/// <summary>The stages of a signing key's life; each is at or after the one before.</summary>
/// <param name="CreatedAt">When it was made and first published.</param>
/// <param name="ActivatesAt">From when it signs; at least as long after publishing as others cache the key set.</param>
/// <param name="RetiresAt">From when it signs no more, but still verifies.</param>
/// <param name="ExpiresAt">From when it is no longer published: the last token that it signed has ended.</param>
public sealed record SigningKeyTimes(DateTimeOffset CreatedAt, DateTimeOffset ActivatesAt, DateTimeOffset RetiresAt, DateTimeOffset ExpiresAt);

/// <summary>
/// A live private key that signs for one algorithm. All members may be used from many threads at once, except
/// <see cref="Dispose"/>: dispose a key only when nothing can sign with it any more (an undisposed one is freed by the
/// garbage collector).
/// </summary>
public sealed class SigningKey : IDisposable
{
    // 112 bits of security, which NIST SP 800-57 accepts to the end of 2030; every RSA key rotates long before.
    private const int RsaBits = 2048;

    private readonly byte[] pkcs8;
    private volatile bool disposed;
    private readonly KeyPool pool;
    private readonly ConcurrentDictionary<string, byte[]> headers = new(StringComparer.Ordinal);

    internal SigningKey(JwsAlgorithm algorithm, byte[] pkcs8, JsonWebKey publicKey, SigningKeyTimes times)
    {
        if (times.CreatedAt > times.ActivatesAt || times.ActivatesAt > times.RetiresAt || times.RetiresAt > times.ExpiresAt)
            throw new ArgumentException("A signing key is created, activates, retires and expires in this order.", nameof(times));
        Algorithm = algorithm;
        PublicKey = publicKey.WithThumbprintAsKid();
        Kid = PublicKey.Kid!;
        Times = times;
        this.pkcs8 = pkcs8;
        pool = new KeyPool(() => PrivateKeys.ImportPkcs8(algorithm, this.pkcs8));
    }

    /// <summary>The key's name: the RFC 7638 thumbprint of its public key.</summary>
    public string Kid { get; }

    /// <summary>The one algorithm that this key signs with.</summary>
    public JwsAlgorithm Algorithm { get; }

    /// <summary>The public key, with "kid", "use" and "alg".</summary>
    public JsonWebKey PublicKey { get; }

    /// <summary>All four times together.</summary>
    public SigningKeyTimes Times { get; }

    /// <summary>When it was made and first published.</summary>
    public DateTimeOffset CreatedAt => Times.CreatedAt;

    /// <summary>From when it signs.</summary>
    public DateTimeOffset ActivatesAt => Times.ActivatesAt;

    /// <summary>From when it signs no more, but still verifies.</summary>
    public DateTimeOffset RetiresAt => Times.RetiresAt;

    /// <summary>From when it is no longer published.</summary>
    public DateTimeOffset ExpiresAt => Times.ExpiresAt;

    /// <summary>Makes a new key: RSA of 2048 bits, or EC on P-256. RSA takes up to a second.</summary>
    public static SigningKey Generate(JwsAlgorithm algorithm, SigningKeyTimes times)
    {
        using AsymmetricAlgorithm key = algorithm.IsRsa() ? RSA.Create(RsaBits) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return PrivateKeys.ToSigningKey(key, algorithm, times);
    }

    /// <summary>Reads a key that <see cref="ExportPkcs8"/> gave.</summary>
    /// <exception cref="CryptographicException">
    /// Not a PKCS#8 private key, too weak, on another curve, not of the algorithm's kind, or damaged.
    /// </exception>
    public static SigningKey Import(JwsAlgorithm algorithm, ReadOnlySpan<byte> pkcs8, SigningKeyTimes times)
    {
        using var key = PrivateKeys.ImportPkcs8(algorithm, pkcs8);
        return PrivateKeys.ToSigningKey(key, algorithm, times);
    }

    /// <summary>
    /// Reads the one private key of a PEM text: PKCS#8 ("PRIVATE KEY"), PKCS#1 ("RSA PRIVATE KEY") or SEC1
    /// ("EC PRIVATE KEY"), not encrypted. Certificates and parameters beside it are passed over.
    /// </summary>
    /// <param name="pem">The text.</param>
    /// <param name="times">The key's times.</param>
    /// <param name="algorithm">What to sign with. Null takes RS256 for an RSA key, ES256 for an EC key.</param>
    /// <exception cref="CryptographicException">As <see cref="Import"/>; the message says what to do.</exception>
    public static SigningKey ImportPem(string pem, SigningKeyTimes times, JwsAlgorithm? algorithm = null) =>
        PemKeys.Read(pem, times, algorithm);

    /// <summary>As <see cref="ImportPem"/>, from a file.</summary>
    /// <exception cref="CryptographicException">As <see cref="ImportPem"/>; the message names the file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static SigningKey ReadPemFile(string path, SigningKeyTimes times, JwsAlgorithm? algorithm = null)
    {
        try
        {
            return PemKeys.Read(File.ReadAllText(path), times, algorithm);
        }
        catch (CryptographicException problem)
        {
            throw new CryptographicException($"{path}: {problem.Message}", problem);
        }
    }

    /// <summary>The private key as PKCS#8, DER, not encrypted: seal it before it is stored.</summary>
    public byte[] ExportPkcs8()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return [.. pkcs8];
    }

    /// <summary>Signs. ES256 gives r and s, 64 bytes; RSA gives as many bytes as its modulus has.</summary>
    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        Span<byte> signature = stackalloc byte[KeyPool.MaxSignatureLength];
        return signature[..Sign(data, signature)].ToArray();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        disposed = true;
        pool.Dispose();
        CryptographicOperations.ZeroMemory(pkcs8);
    }

    internal int Sign(ReadOnlySpan<byte> data, Span<byte> destination) => pool.Sign(Algorithm, data, destination);

    /// <summary>
    /// The protected header with its full stop, encoded once a type. <paramref name="typ"/> is one of the server's
    /// constants, never a value from outside: each is kept as long as the key.
    /// </summary>
    internal ReadOnlySpan<byte> EncodedHeader(string typ) => headers.GetOrAdd(typ, static (typ, key) =>
        JwsWriter.EncodeHeader(key.Algorithm, typ, key.Kid), this);
}
