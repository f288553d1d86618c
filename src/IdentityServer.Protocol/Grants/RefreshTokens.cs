using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using IdentityServer.Protocol.Jose;
using IdentityServer.Protocol.Model;
using IdentityServer.Protocol.Tokens;

namespace IdentityServer.Protocol.Grants;

/// <summary>
/// Refresh tokens on the wire: base64url of key id (4 bytes) | family id (16) | generation (4, big endian) | HMAC-SHA-256 (32).
/// The MAC is made with a key outside the database over the family's secret, id and generation, so that neither a stolen database
/// nor a stolen key alone is enough to make one, and no token is ever stored.
/// </summary>
internal sealed class RefreshTokens(ILedger ledger, IKeyRing keys)
{
    /// <summary>Of a family's secret, in bytes.</summary>
    public const int SecretLength = 32;

    private const int IdAt = 4;
    private const int GenerationAt = 20;
    private const int MacAt = 24;
    private const int Length = MacAt + HMACSHA256.HashSizeInBytes;
    private const int WireLength = 75;

    /// <summary>How the ledger finds a family.</summary>
    public static string Reference(Guid familyId) => familyId.ToString("N", CultureInfo.InvariantCulture);

    /// <summary>The end of a family that is used at <paramref name="now"/>: idle life from now on, but never past its absolute end.</summary>
    public static DateTimeOffset ExpiryAfterUse(Application application, DateTimeOffset createdAt, DateTimeOffset now)
    {
        var idle = now + application.RefreshIdleLifetime;
        var absolute = createdAt + application.RefreshAbsoluteLifetime;
        return idle < absolute ? idle : absolute;
    }

    /// <summary>When a family ends if it is not used again. An administrator may shorten lifetimes: the absolute one counts at once.</summary>
    public static DateTimeOffset Expiry(Application application, Token family)
    {
        var absolute = family.CreatedAt + application.RefreshAbsoluteLifetime;
        return family.ExpiresAt < absolute ? family.ExpiresAt : absolute;
    }

    /// <summary>The token of one generation: the same bytes each time, as long as the MAC key is the same.</summary>
    public string Write(Guid familyId, int generation, ReadOnlySpan<byte> secret)
    {
        Span<byte> token = stackalloc byte[Length];
        var key = keys.MacKeys[0];
        BinaryPrimitives.WriteUInt32BigEndian(token, key.Id);
        familyId.TryWriteBytes(token[IdAt..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(token[GenerationAt..], generation);
        Mac(key, secret, token[IdAt..MacAt], token[MacAt..]);
        return Base64Url.EncodeToString(token);
    }

    /// <summary>The family and generation of an authentic token, whatever the family's status and expiry; null for anything else.</summary>
    public async Task<PresentedRefreshToken?> ReadAsync(string wire, CancellationToken cancellationToken)
    {
        if (wire.Length != WireLength || !StrictBase64Url.TryDecode(wire, out var token))
            return null;

        var key = keys.MacKeys.FirstOrDefault(key => key.Id == BinaryPrimitives.ReadUInt32BigEndian(token));
        if (key is null)
            return null;

        var id = new Guid(token.AsSpan(IdAt, 16), bigEndian: true);
        if (await ledger.FindTokenAsync(TokenKind.RefreshFamily, Reference(id), cancellationToken) is not { Generation: not null } family)
            return null;

        var payload = TokenPayload.Parse(family.Payload);
        return IsAuthentic(key, payload.Secret, token)
            ? new PresentedRefreshToken(family, payload, BinaryPrimitives.ReadInt32BigEndian(token.AsSpan(GenerationAt)))
            : null;
    }

    private static bool IsAuthentic(MacKey key, byte[]? secret, ReadOnlySpan<byte> token)
    {
        if (secret is not { Length: SecretLength })
            return false;

        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Mac(key, secret, token[IdAt..MacAt], expected);
        return CryptographicOperations.FixedTimeEquals(expected, token[MacAt..]);
    }

    private static void Mac(MacKey key, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> idAndGeneration, Span<byte> destination)
    {
        Span<byte> input = stackalloc byte[SecretLength + MacAt - IdAt];
        secret.CopyTo(input);
        idAndGeneration.CopyTo(input[SecretLength..]);
        HMACSHA256.HashData(key.Key, input, destination);
    }
}

/// <summary>An authentic refresh token, of whatever generation.</summary>
internal sealed record PresentedRefreshToken(Token Family, TokenPayload Payload, int Generation)
{
    /// <summary>How many generations ago it was current.</summary>
    public int Behind => Family.Generation!.Value - Generation;
}
