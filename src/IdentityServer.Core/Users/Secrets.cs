using System.Security.Cryptography;
using System.Text;

namespace IdentityServer.Core.Users;

/// <summary>Keyed hashes: what the database holds cannot be turned back, or made, by who has only the database.</summary>
/// <param name="addressKey">For addresses and networks, 32 bytes.</param>
/// <param name="codeKeys">For codes: the first makes, the others are still accepted. 32 bytes each.</param>
/// <param name="sessionKey">For session cookies, 32 bytes.</param>
internal sealed class Secrets(byte[] addressKey, IReadOnlyList<byte[]> codeKeys, byte[] sessionKey)
{
    /// <summary>What limits and challenges know an address by.</summary>
    public byte[] HashAddress(Address address) => Hash(address.LimitKey);

    /// <summary>A keyed hash of something that could be guessed.</summary>
    public byte[] Hash(string text) => HMACSHA256.HashData(addressKey, Encoding.UTF8.GetBytes(text));

    /// <summary>
    /// The trace of a new code, together with its challenge: a hash without a key would be turned back by trying all million codes, and a code of
    /// one challenge is worth nothing in another.
    /// </summary>
    public byte[] CodeMac(Guid challengeId, string code) => Mac(codeKeys[0], challengeId, code);

    /// <summary>Every trace that the code may have left.</summary>
    public IEnumerable<byte[]> CodeMacs(Guid challengeId, string code) => codeKeys.Select(key => Mac(key, challengeId, code));

    /// <summary>
    /// The session cookie's 256 bits: they follow from the challenge and the browser, so that a repeated right answer gives the same cookie, and
    /// from a key that is not in the database, so that nobody else can compute them.
    /// </summary>
    public byte[] SessionSecret(Guid challengeId, byte[] browserSecret) =>
        HMACSHA256.HashData(sessionKey, (byte[])[.. challengeId.ToByteArray(bigEndian: true), .. browserSecret]);

    private static byte[] Mac(byte[] key, Guid challengeId, string code) => HMACSHA256.HashData(key, Encoding.ASCII.GetBytes($"{challengeId:N}|{code}"));
}
