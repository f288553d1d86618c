using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace IdentityServer.Protocol;

/// <summary>Proof Key for Code Exchange (RFC 7636) with S256, the only method: <c>plain</c> protects nobody whose request is read.</summary>
public static class Pkce
{
    /// <summary>The one value of <c>code_challenge_method</c>.</summary>
    public const string Method = "S256";

    private const int ChallengeLength = 43;
    private static readonly SearchValues<char> VerifierCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    /// <summary>RFC 7636 §4.1: 43 to 128 unreserved characters.</summary>
    public static bool IsVerifier(string verifier) =>
        verifier.Length is >= 43 and <= 128 && !verifier.AsSpan().ContainsAnyExcept(VerifierCharacters);

    /// <summary>RFC 7636 §4.2: with S256 a challenge is the base64url form of 32 bytes, 43 characters.</summary>
    public static bool IsChallenge(string challenge) =>
        challenge.Length == ChallengeLength && Base64Url.IsValid(challenge, out var length) && length == SHA256.HashSizeInBytes;

    /// <summary>RFC 7636 §4.2: <c>BASE64URL-ENCODE(SHA256(ASCII(code_verifier)))</c>.</summary>
    public static string Challenge(string verifier) => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));

    /// <summary>RFC 7636 §4.6: whether <paramref name="challenge"/> was made from <paramref name="verifier"/>.</summary>
    public static bool Matches(string verifier, string challenge) =>
        IsVerifier(verifier)
        && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Challenge(verifier)), Encoding.ASCII.GetBytes(challenge));
}
