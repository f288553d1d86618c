using System.Security.Cryptography;
using System.Text;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.AspNetCore.Identity;

namespace IdentityServer.Core.Users.Passwords;

/// <summary>Hashes and compares. Every comparison costs one hash, also where there is no password.</summary>
internal sealed class PasswordKeeper(IPasswordHasher<User> hasher)
{
    /// <summary>Rounds of PBKDF2 with HMAC-SHA-512: OWASP's Password Storage Cheat Sheet asks for 210,000.</summary>
    public const int Rounds = 210_000;

    // The hasher asks for a user and does not look at it.
    private static readonly User Nobody = new();

    // Nobody's password, compared with where there is none: the time must not tell who has an account.
    private readonly Lazy<string> decoy = new(() => hasher.HashPassword(Nobody, Convert.ToHexString(RandomNumberGenerator.GetBytes(32))));

    /// <summary>A new hash, with a salt of its own.</summary>
    public string Hash(string prepared) => hasher.HashPassword(Nobody, prepared);

    /// <summary>Whether the password is right; <c>IsOld</c>: it should be hashed anew.</summary>
    public (bool IsRight, bool IsOld) Compare(string? hash, string prepared)
    {
        var result = hasher.VerifyHashedPassword(Nobody, hash ?? decoy.Value, prepared);
        return (hash is not null && result != PasswordVerificationResult.Failed, result == PasswordVerificationResult.SuccessRehashNeeded);
    }

    /// <summary>What a challenge keeps of a password that was right: it is worth nothing once the password is another.</summary>
    public static byte[] TraceOf(string hash) => SHA256.HashData(Encoding.UTF8.GetBytes(hash));

    /// <summary>Whether <paramref name="trace"/> is of this password.</summary>
    public static bool IsOf(string? hash, byte[]? trace) =>
        hash is not null && trace is not null && CryptographicOperations.FixedTimeEquals(TraceOf(hash), trace);
}
