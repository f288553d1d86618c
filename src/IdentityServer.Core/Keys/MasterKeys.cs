using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using IdentityServer.Protocol;

namespace IdentityServer.Core.Keys;

/// <summary>A key file is missing, malformed or the wrong one; the message says what to do.</summary>
public sealed class MasterKeyException : Exception
{
    /// <inheritdoc/>
    public MasterKeyException()
    {
    }

    /// <inheritdoc/>
    public MasterKeyException(string message)
        : base(message)
    {
    }

    /// <inheritdoc/>
    public MasterKeyException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>
/// The keys that are not in the database: whoever copies the database alone can neither guess codes, nor read addresses, nor make tokens. All are derived
/// (HKDF, RFC 5869) from one master key; previous master keys are still accepted where <see cref="All"/> is used.
/// </summary>
public sealed class MasterKeys
{
    private const int Size = 32;
    private const int IdSize = 4;
    private readonly List<(uint Id, byte[] Key)> masters;

    /// <summary>The master key and the previous ones, 32 bytes each.</summary>
    public MasterKeys(IEnumerable<byte[]> masters)
    {
        this.masters = [.. masters.Select(key => (BinaryPrimitives.ReadUInt32BigEndian(Expand(key, "key id")), key))];
        if (this.masters.Count == 0 || this.masters.Exists(master => master.Key.Length != Size))
            throw new ArgumentException("At least one key of 32 bytes.", nameof(masters));
        CodeMac = First("code");
        AddressHash = First("address");
        SessionKey = First("session");
        RefreshMacs = All("refresh token");
    }

    /// <summary>For the HMAC of one-time codes.</summary>
    public byte[] CodeMac { get; }

    /// <summary>For the HMAC by which addresses are found and counted. With a new master key, counters begin anew.</summary>
    public byte[] AddressHash { get; }

    /// <summary>For what belongs to browsers' sessions.</summary>
    public byte[] SessionKey { get; }

    /// <summary>For refresh tokens: the first is used, all are accepted.</summary>
    public IReadOnlyList<MacKey> RefreshMacs { get; }

    /// <summary>The purpose's key from the master key in use.</summary>
    public byte[] First(string purpose) => Expand(masters[0].Key, purpose);

    /// <summary>The purpose's keys from every master key, the one in use first.</summary>
    public IReadOnlyList<MacKey> All(string purpose) => [.. masters.Select(master => new MacKey(master.Id, Expand(master.Key, purpose)))];

    /// <summary>Encrypts and authenticates with AES-256-GCM: key id (4), nonce (12), tag (16), ciphertext.</summary>
    /// <param name="purpose">What it is; opens with the same purpose only.</param>
    /// <param name="context">Where it belongs, e.g. the row's key; opens with the same context only.</param>
    /// <param name="secret">What to hide.</param>
    public byte[] Seal(string purpose, string context, ReadOnlySpan<byte> secret)
    {
        var box = new byte[IdSize + AesGcm.NonceByteSizes.MaxSize + AesGcm.TagByteSizes.MaxSize + secret.Length];
        BinaryPrimitives.WriteUInt32BigEndian(box, masters[0].Id);
        var (nonce, tag, body) = Parts(box);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(First(purpose), tag.Length);
        aes.Encrypt(nonce, secret, body, tag, Encoding.UTF8.GetBytes(context));
        return box;
    }

    /// <summary>Opens what <see cref="Seal"/> made.</summary>
    /// <exception cref="MasterKeyException">It was sealed with a master key that is not here, or is damaged.</exception>
    public byte[] Open(string purpose, string context, byte[] box)
    {
        EnsureKnown(box, context);
        var id = BinaryPrimitives.ReadUInt32BigEndian(box);
        var (nonce, tag, body) = Parts(box);
        var secret = new byte[body.Length];
        using var aes = new AesGcm(Expand(masters.Find(master => master.Id == id).Key, purpose), tag.Length);
        try
        {
            aes.Decrypt(nonce, body, tag, secret, Encoding.UTF8.GetBytes(context));
        }
        catch (AuthenticationTagMismatchException problem)
        {
            throw new MasterKeyException($"The sealed row \"{context}\" is damaged: restore it from a backup, or delete it.", problem);
        }

        return secret;
    }

    /// <summary>Checks that the box was sealed with a master key that is here, without opening it.</summary>
    /// <exception cref="MasterKeyException">It was not.</exception>
    internal void EnsureKnown(ReadOnlySpan<byte> box, string context)
    {
        if (box.Length < IdSize + AesGcm.NonceByteSizes.MaxSize + AesGcm.TagByteSizes.MaxSize)
            throw new MasterKeyException($"The sealed row \"{context}\" is damaged: restore it from a backup, or delete it.");
        var id = BinaryPrimitives.ReadUInt32BigEndian(box);
        if (!masters.Exists(master => master.Id == id))
        {
            throw new MasterKeyException($"The database was sealed with another master key (id {id:x8}; here: {masters[0].Id:x8}). Put the right file at "
                + "Keys:MasterKeyFile, or add it to Keys:PreviousMasterKeyFiles. If it is lost for good, delete the rows of the tables SigningKeys and "
                + "DataProtectionKeys: everybody has to sign in again.");
        }
    }

    private static SealedParts Parts(Span<byte> box) => new(box);

    private static byte[] Expand(byte[] master, string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, master, Size, salt: null, Encoding.UTF8.GetBytes("IdentityServer v1: " + purpose));

    private readonly ref struct SealedParts(Span<byte> box)
    {
        private readonly Span<byte> box = box;

        public void Deconstruct(out Span<byte> nonce, out Span<byte> tag, out Span<byte> body)
        {
            nonce = box.Slice(IdSize, AesGcm.NonceByteSizes.MaxSize);
            tag = box.Slice(IdSize + nonce.Length, AesGcm.TagByteSizes.MaxSize);
            body = box[(IdSize + nonce.Length + tag.Length)..];
        }
    }
}
