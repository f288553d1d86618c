using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Core.Persistence.Tables;

/// <summary>A step of a message's way as its provider reported it. The same step reported again leaves no second row.</summary>
public sealed class MessageEvent
{
    /// <summary>The row's id.</summary>
    public required Guid Id { get; init; }

    /// <summary>The message.</summary>
    public required Guid MessageId { get; init; }

    /// <summary>When the report came. Reports may come in any order.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Who reported it.</summary>
    public required string Provider { get; init; }

    /// <summary>In the provider's own word, e.g. <c>delivered</c>.</summary>
    public required string Status { get; init; }

    /// <summary>The provider's error code, if any.</summary>
    public string? Code { get; init; }
}

internal sealed class MessageEventsTable : IEntityTypeConfiguration<MessageEvent>
{
    public void Configure(EntityTypeBuilder<MessageEvent> builder)
    {
        builder.ToTable("MessageEvents");
        builder.Property(row => row.Id).ValueGeneratedNever();
        builder.Property(row => row.Provider).HasMaxLength(50);
        builder.Property(row => row.Status).HasMaxLength(50);
        builder.Property(row => row.Code).HasMaxLength(50);
        builder.HasIndex(row => new { row.MessageId, row.Provider, row.Status }).IsUnique();
        builder.HasOne<Message>().WithMany().HasForeignKey(row => row.MessageId).OnDelete(DeleteBehavior.Cascade);
    }
}
