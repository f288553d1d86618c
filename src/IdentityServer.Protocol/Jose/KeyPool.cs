using System.Security.Cryptography;
using Microsoft.Extensions.ObjectPool;

namespace IdentityServer.Protocol.Jose;

/// <summary>
/// Imported instances of one key. The platform does not promise that an instance may sign or verify on two threads at
/// once, and importing costs more than signing; so each use borrows an instance, and as many live as work in parallel.
/// </summary>
internal sealed class KeyPool : IDisposable
{
    // A signature of the largest RSA key that is accepted.
    public const int MaxSignatureLength = 1024;

    private readonly ObjectPool<AsymmetricAlgorithm> pool;

    public KeyPool(Func<AsymmetricAlgorithm> import) => pool = new DefaultObjectPoolProvider().Create(new Policy(import));

    /// <returns>The length of the signature written; ES256 as in IEEE P1363 (RFC 7518, section 3.4).</returns>
    public int Sign(JwsAlgorithm algorithm, ReadOnlySpan<byte> data, Span<byte> destination)
    {
        var key = pool.Get();
        var signed = key is RSA rsa
            ? rsa.TrySignData(data, destination, HashAlgorithmName.SHA256, algorithm.Padding(), out var length)
            : ((ECDsa)key).TrySignData(data, destination, HashAlgorithmName.SHA256,
                DSASignatureFormat.IeeeP1363FixedFieldConcatenation, out length);
        pool.Return(key);
        return signed ? length : throw new ArgumentException("Too short for a signature.", nameof(destination));
    }

    public bool Verify(JwsAlgorithm algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        var key = pool.Get();
        var valid = key is RSA rsa
            ? signature.Length == (rsa.KeySize + 7) / 8
                && rsa.VerifyData(data, signature, HashAlgorithmName.SHA256, algorithm.Padding())
            : signature.Length == 2 * P256.CoordinateLength
                && ((ECDsa)key).VerifyData(data, signature, HashAlgorithmName.SHA256,
                    DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        pool.Return(key);
        return valid;
    }

    public void Dispose() => (pool as IDisposable)?.Dispose();

    private sealed class Policy(Func<AsymmetricAlgorithm> import) : IPooledObjectPolicy<AsymmetricAlgorithm>
    {
        public AsymmetricAlgorithm Create() => import();

        public bool Return(AsymmetricAlgorithm obj) => true;
    }
}
