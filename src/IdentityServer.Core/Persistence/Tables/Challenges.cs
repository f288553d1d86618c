using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Core.Persistence.Tables;

/// <summary>What a proof of an address is for; a challenge for one purpose is worth nothing for another.</summary>
public enum ChallengePurpose
{
    /// <summary>To sign in, or to sign up.</summary>
    SignIn,

    /// <summary>To activate an account that was registered with the address.</summary>
    Registration,

    /// <summary>To give the address to an account that is signed in.</summary>
    NewAddress,

    /// <summary>To confirm, with an address that the account has, that its owner is there.</summary>
    Confirmation,
}

/// <summary>What became of a challenge.</summary>
public enum ChallengeStatus
{
    /// <summary>Waits for its code or link.</summary>
    Pending,

    /// <summary>The address is proved; a new person's details are awaited.</summary>
    Verified,

    /// <summary>Someone signed in with it.</summary>
    Completed,

    /// <summary>Its tries are used up, or another took its place.</summary>
    Spent,
}

/// <summary>One pending proof of an address: its codes and its link.</summary>
public sealed class Challenge
{
    /// <summary>The row's id.</summary>
    public required Guid Id { get; init; }

    /// <summary>What the proof is for.</summary>
    public required ChallengePurpose Purpose { get; init; }

    /// <summary>How the code travels.</summary>
    public required Channel Channel { get; init; }

    /// <summary>Keyed hash of the normalised address.</summary>
    public required byte[] AddressHash { get; init; }

    /// <summary>The normalised address, sealed.</summary>
    public required string Address { get; init; }

    /// <summary>Whose address it is; null for a new person.</summary>
    public Guid? UserId { get; set; }

    /// <summary>The application that asked at the one-time-code grant; null on pages.</summary>
    public Guid? ApplicationId { get; init; }

    /// <summary>Codes that were sent, the newest last: only that one is accepted.</summary>
    public required IReadOnlyList<ChallengeCode> Codes { get; set; }

    /// <summary>SHA-256 of the link's secret; null where there is no link.</summary>
    public byte[]? LinkHash { get; set; }

    /// <summary>SHA-256 of the secret in the cookie of the browser that asked.</summary>
    public required byte[] BrowserHash { get; init; }

    /// <summary>The parked authorization request, sealed; null when the person came by themselves.</summary>
    public string? Request { get; init; }

    /// <summary>The limits that its start was counted in: a success gives back what it took.</summary>
    public IReadOnlyList<string> Counted { get; init; } = [];

    /// <summary>The language of its messages, BCP 47.</summary>
    public required string Locale { get; init; }

    /// <summary>Wrong codes so far.</summary>
    public int Attempts { get; set; }

    /// <summary>Messages so far.</summary>
    public int Sends { get; set; }

    /// <summary>When the last message was queued.</summary>
    public required DateTimeOffset LastSentAt { get; set; }

    /// <summary>What became of it.</summary>
    public ChallengeStatus Status { get; set; }

    /// <summary>No code of it is ever right: nobody with this address may sign in, and nobody is to learn that.</summary>
    public bool Decoy { get; init; }

    /// <summary>SHA-256 of the hash of the password that was right before the code was sent; null when none was asked for.</summary>
    public byte[]? CheckedPassword { get; init; }

    /// <summary>When the address was proved.</summary>
    public DateTimeOffset? VerifiedAt { get; set; }

    /// <summary>When it was started.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it stops working.</summary>
    public required DateTimeOffset ExpiresAt { get; set; }
}

/// <summary>A code's trace.</summary>
/// <param name="Mac">HMAC-SHA-256 of the code with a key that is not in the database.</param>
/// <param name="CreatedAt">When it was sent.</param>
/// <param name="ExpiresAt">When it stops working.</param>
public sealed record ChallengeCode(byte[] Mac, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt);

internal sealed class ChallengesTable : IEntityTypeConfiguration<Challenge>
{
    public void Configure(EntityTypeBuilder<Challenge> builder)
    {
        builder.ToTable("Challenges");
        builder.Property(challenge => challenge.Id).ValueGeneratedNever();
        builder.Property(challenge => challenge.AddressHash).HasMaxLength(32);
        builder.Property(challenge => challenge.LinkHash).HasMaxLength(32);
        builder.Property(challenge => challenge.BrowserHash).HasMaxLength(32);
        builder.Property(challenge => challenge.CheckedPassword).HasMaxLength(32);
        builder.Property(challenge => challenge.Locale).HasMaxLength(35);
        builder.HasIndex(challenge => challenge.LinkHash).IsUnique().HasFilter("\"LinkHash\" IS NOT NULL");
        builder.HasIndex(challenge => new { challenge.AddressHash, challenge.CreatedAt });
        builder.HasIndex(challenge => challenge.ExpiresAt);

        // For pruning, which asks of registered accounts alone whether a code is on its way.
        builder.HasIndex(challenge => challenge.UserId).HasFilter("\"Purpose\" = 'Registration'");
    }
}
