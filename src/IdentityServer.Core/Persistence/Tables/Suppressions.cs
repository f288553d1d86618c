using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Core.Persistence.Tables;

/// <summary>An address that nothing is sent to.</summary>
public sealed class Suppression
{
    /// <summary>A keyed hash of channel and address.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>Why, e.g. <c>OptedOut</c>.</summary>
    public required string Reason { get; init; }

    /// <summary>Who said so.</summary>
    public required string Provider { get; init; }

    /// <summary>Since when.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Until when.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}

internal sealed class SuppressionsTable : IEntityTypeConfiguration<Suppression>
{
    public void Configure(EntityTypeBuilder<Suppression> builder)
    {
        builder.ToTable("Suppressions");
        builder.HasKey(row => row.Hash);
        builder.Property(row => row.Reason).HasMaxLength(32);
        builder.Property(row => row.Provider).HasMaxLength(50);
        builder.HasIndex(row => row.ExpiresAt);
    }
}
