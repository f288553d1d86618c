using System.Security.Cryptography;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Proofs;

/// <summary>Finds challenges for those who may see them, and seals the addresses in them.</summary>
internal sealed class Challenges(ServerDb db, IDataProtectionProvider protection)
{
    // More cannot be made while one lives: messages to one address are limited.
    private const int MostNewest = 50;

    private readonly IDataProtector seal = protection.CreateProtector("IdentityServer.Core.Challenge.Address.v1");

    /// <summary>The challenge for this purpose of this browser or application; null for others' and for ids that never existed alike.</summary>
    public async Task<Challenge?> FindAsync(
        ChallengePurpose purpose, Guid id, byte[] browserHash, Guid? applicationId, CancellationToken cancellationToken)
    {
        var challenge = await db.Challenges.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id && row.Purpose == purpose, cancellationToken);
        return challenge is not null && challenge.ApplicationId == applicationId && CryptographicOperations.FixedTimeEquals(challenge.BrowserHash, browserHash)
            ? challenge
            : null;
    }

    /// <summary>
    /// The address's newest challenge for this purpose, whoever began it: for purposes that bind nobody. What is counted together (see
    /// <see cref="Address.LimitKey"/>) is told apart here: a code that went to one mailbox proves no other.
    /// </summary>
    public async Task<Challenge?> FindNewestAsync(ChallengePurpose purpose, Address address, byte[] addressHash, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var newest = await db.Challenges.AsNoTracking()
            .Where(row => row.AddressHash == addressHash && row.Purpose == purpose && row.ExpiresAt > now)
            .OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id)
            .Take(MostNewest)
            .ToListAsync(cancellationToken);
        return newest.Find(row => ParsedAddressOf(row).LookupKey == address.LookupKey);
    }

    /// <summary>The sign-in whose newest message holds this link.</summary>
    public Task<Challenge?> FindByLinkAsync(byte[] linkHash, CancellationToken cancellationToken) =>
        db.Challenges.AsNoTracking().SingleOrDefaultAsync(row => row.LinkHash == linkHash && row.Purpose == ChallengePurpose.SignIn, cancellationToken);

    /// <summary>
    /// The claim: of all who proved the same address with the same code, one goes on. In the caller's transaction. The number of messages is part of
    /// the condition: a code or link that was replaced between comparing and claiming buys nothing.
    /// </summary>
    public async Task<bool> MoveAsync(Challenge challenge, ChallengeStatus to, DateTimeOffset expiresAt, DateTimeOffset now, CancellationToken cancellationToken) =>
        await db.Challenges
            .Where(row => row.Id == challenge.Id && row.Status == challenge.Status && row.Sends == challenge.Sends && row.ExpiresAt > now)
            .ExecuteUpdateAsync(
                set => set.SetProperty(row => row.Status, to).SetProperty(row => row.VerifiedAt, now).SetProperty(row => row.ExpiresAt, expiresAt),
                cancellationToken) == 1;

    /// <summary>The challenge as it is now.</summary>
    public Task<Challenge?> ReloadAsync(Challenge challenge, CancellationToken cancellationToken) =>
        db.Challenges.AsNoTracking().SingleOrDefaultAsync(row => row.Id == challenge.Id, cancellationToken);

    public string Seal(Address address) => seal.Protect(address.Value);

    /// <summary>The address as it was typed, normalised.</summary>
    public string AddressOf(Challenge challenge) => seal.Unprotect(challenge.Address);

    /// <summary>See <see cref="AddressOf"/>.</summary>
    public Address ParsedAddressOf(Challenge challenge) =>
        Address.Parse(AddressOf(challenge)) ?? throw new InvalidOperationException("A challenge holds what is no address.");
}

/// <summary>Questions to a challenge.</summary>
internal static class ChallengeFacts
{
    /// <summary>Whether it still waits for its code or link.</summary>
    public static bool IsPendingAt(this Challenge challenge, DateTimeOffset now) =>
        challenge.Status == ChallengeStatus.Pending && challenge.ExpiresAt > now;

    /// <summary>Whether its newest code, and the link beside it, still work.</summary>
    public static bool IsAliveAt(this Challenge challenge, DateTimeOffset now) =>
        challenge.Status != ChallengeStatus.Spent && challenge.ExpiresAt > now && challenge.Codes[^1].ExpiresAt > now;

    /// <summary>Whether its address is proved and a new person's details are awaited.</summary>
    public static bool AwaitsDetailsAt(this Challenge challenge, DateTimeOffset now) =>
        challenge.Status == ChallengeStatus.Verified && challenge.ExpiresAt > now;
}

/// <summary>Who asks for a challenge.</summary>
/// <param name="BrowserHash">SHA-256 of the secret that alone can finish it.</param>
/// <param name="Ip">Where from.</param>
/// <param name="Locale">The language of messages.</param>
/// <param name="Origin">This server's address as messages name it.</param>
/// <param name="ApplicationName">For the message; may be empty.</param>
internal sealed record Asker(byte[] BrowserHash, string? Ip, string Locale, string Origin, string ApplicationName)
{
    /// <summary>What is kept beside the challenge.</summary>
    public string? Request { get; init; }

    /// <summary>The application at the one-time-code grant; null on pages.</summary>
    public Guid? ApplicationId { get; init; }

    /// <summary>What limits count.</summary>
    public required Source Source { get; init; }

    /// <summary>Whether there is a page where a link could be used.</summary>
    public bool HasLink { get; init; }

    /// <summary>See <see cref="Challenge.CheckedPassword"/>.</summary>
    public byte[]? CheckedPassword { get; init; }

    /// <summary>The account that asks, where it is known: for a new address and for a confirmation.</summary>
    public Guid? UserId { get; init; }

    /// <summary>The session of the browser, if any: see <see cref="Accounts.FindAsync"/>.</summary>
    public byte[]? SessionKeyHash { get; init; }
}
