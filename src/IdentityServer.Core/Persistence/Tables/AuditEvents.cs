using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Core.Persistence.Tables;

/// <summary>Something that happened and may have to be explained later.</summary>
public sealed class AuditEvent
{
    /// <summary>The row's id.</summary>
    public required Guid Id { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What happened, e.g. <c>SignedIn</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Whom it concerns.</summary>
    public Guid? UserId { get; init; }

    /// <summary>The application that took part.</summary>
    public Guid? ApplicationId { get; init; }

    /// <summary>The session that took part.</summary>
    public Guid? SessionId { get; init; }

    /// <summary>The address that it came from.</summary>
    public string? Ip { get; init; }

    /// <summary>More facts: a JSON object, without codes, links or tokens.</summary>
    public string Data { get; init; } = "{}";
}

internal sealed class AuditEventsTable : IEntityTypeConfiguration<AuditEvent>
{
    public void Configure(EntityTypeBuilder<AuditEvent> builder)
    {
        builder.ToTable("AuditEvents");
        builder.Property(entry => entry.Id).ValueGeneratedNever();
        builder.Property(entry => entry.Kind).HasMaxLength(100);
        builder.Property(entry => entry.Ip).HasMaxLength(45);
        builder.HasIndex(entry => new { entry.At, entry.Id });
        builder.HasIndex(entry => new { entry.Kind, entry.At });
        builder.HasIndex(entry => new { entry.UserId, entry.At });
    }
}
