using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Core.Persistence.Tables;

/// <summary>An address that an account gave up for another, while its owner may still take that back.</summary>
public sealed class AddressChange
{
    /// <summary>The row's id.</summary>
    public required Guid Id { get; init; }

    /// <summary>Whose address it was.</summary>
    public required Guid UserId { get; init; }

    /// <summary>Which of the account's two addresses.</summary>
    public required Channel Channel { get; init; }

    /// <summary>The old address, sealed.</summary>
    public required string OldAddress { get; init; }

    /// <summary>SHA-256 of the secret in the link that undoes it.</summary>
    public required byte[] UndoHash { get; init; }

    /// <summary>When the address was changed.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it cannot be undone any more.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When it was undone.</summary>
    public DateTimeOffset? UndoneAt { get; set; }
}

internal sealed class AddressChangesTable : IEntityTypeConfiguration<AddressChange>
{
    public void Configure(EntityTypeBuilder<AddressChange> builder)
    {
        builder.ToTable("AddressChanges");
        builder.Property(change => change.Id).ValueGeneratedNever();
        builder.Property(change => change.UndoHash).HasMaxLength(32);
        builder.HasOne<User>().WithMany().HasForeignKey(change => change.UserId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(change => change.UndoHash).IsUnique();
        builder.HasIndex(change => change.ExpiresAt);
    }
}
