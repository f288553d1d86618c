using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Core.Persistence.Tables;

/// <summary>An id that must not be used again before it expires anyway.</summary>
public sealed class ConsumedId
{
    /// <summary>SHA-256 of the id's UTF-8 bytes.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>When it may be forgotten.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}

internal sealed class ConsumedIdsTable : IEntityTypeConfiguration<ConsumedId>
{
    public void Configure(EntityTypeBuilder<ConsumedId> builder)
    {
        builder.ToTable("ConsumedIds");
        builder.HasKey(id => id.Hash);
        builder.Property(id => id.Hash).HasMaxLength(32);
        builder.HasIndex(id => id.ExpiresAt);
    }
}
