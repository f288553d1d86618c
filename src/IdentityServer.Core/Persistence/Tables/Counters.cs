using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Core.Persistence.Tables;

/// <summary>How often something happened within a window.</summary>
public sealed class Counter
{
    /// <summary>The limit's name and a keyed hash of whom it counts, at most 200 characters.</summary>
    public required string Key { get; init; }

    /// <summary>When the window began.</summary>
    public required DateTimeOffset WindowStart { get; set; }

    /// <summary>How often, or how much, since then.</summary>
    public long Count { get; set; }

    /// <summary>Until when nothing more is allowed, whatever the count.</summary>
    public DateTimeOffset? BlockedUntil { get; set; }

    /// <summary>When it says nothing any more and may be deleted.</summary>
    public DateTimeOffset ExpiresAt { get; set; }
}

internal sealed class CountersTable : IEntityTypeConfiguration<Counter>
{
    public void Configure(EntityTypeBuilder<Counter> builder)
    {
        builder.ToTable("Counters");
        builder.HasKey(counter => counter.Key);
        builder.Property(counter => counter.Key).HasMaxLength(200);
        builder.HasIndex(counter => counter.ExpiresAt);
    }
}
