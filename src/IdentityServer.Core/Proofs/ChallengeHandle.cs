using System.Buffers.Text;
using System.Security.Cryptography;

namespace IdentityServer.Core.Proofs;

/// <summary>
/// The parameter <c>challenge</c> where programs ask: base64url of the challenge's id (16 bytes) and a 256-bit secret, which binds it to who started it
/// as the cookie binds a browser.
/// </summary>
internal readonly record struct ChallengeHandle(Guid Id, byte[] Secret)
{
    private const int IdLength = 16;
    private const int SecretLength = 32;

    public byte[] BrowserHash => SHA256.HashData(Secret);

    public static byte[] NewSecret() => RandomNumberGenerator.GetBytes(SecretLength);

    public static ChallengeHandle? Read(string? text)
    {
        if (text is null || !Base64Url.IsValid(text, out var length) || length != IdLength + SecretLength)
            return null;

        var bytes = Base64Url.DecodeFromChars(text);
        return new ChallengeHandle(new Guid(bytes.AsSpan(0, IdLength), bigEndian: true), bytes[IdLength..]);
    }

    public override string ToString() => Base64Url.EncodeToString([.. Id.ToByteArray(bigEndian: true), .. Secret]);
}
