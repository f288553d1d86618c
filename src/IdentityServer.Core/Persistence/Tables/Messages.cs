using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Core.Persistence.Tables;

/// <summary>What became of a message.</summary>
public enum MessageStatus
{
    /// <summary>Waits to be sent, or is being sent under a lease.</summary>
    Queued,

    /// <summary>A provider took it.</summary>
    Sent,

    /// <summary>It can never be sent.</summary>
    Failed,

    /// <summary>It was not sent in time.</summary>
    Expired,
}

/// <summary>What a provider reported of a message that it took.</summary>
public enum MessageReceipt
{
    /// <summary>It reached the person's device, or the mailbox.</summary>
    Delivered,

    /// <summary>It will not.</summary>
    Undelivered,
}

/// <summary>Something to deliver. Recipient and model are blanked when it is done with.</summary>
public sealed class Message
{
    /// <summary>The row's id.</summary>
    public required Guid Id { get; init; }

    /// <summary>The challenge that it carries a code of, if any.</summary>
    public Guid? ChallengeId { get; init; }

    /// <summary>How it travels.</summary>
    public required Channel Channel { get; init; }

    /// <summary>The name of its template.</summary>
    public required string Template { get; init; }

    /// <summary>A keyed hash of channel and address, by which suppressed addresses are known.</summary>
    public byte[] AddressHash { get; init; } = [];

    /// <summary>The address, sealed.</summary>
    public required string Recipient { get; set; }

    /// <summary>The template's values as JSON, sealed.</summary>
    public required string Model { get; set; }

    /// <summary>Its language, BCP 47.</summary>
    public required string Locale { get; init; }

    /// <summary>What became of it.</summary>
    public MessageStatus Status { get; set; }

    /// <summary>Times that sending was begun.</summary>
    public int Attempts { get; set; }

    /// <summary>When it may be tried (again).</summary>
    public required DateTimeOffset NotBefore { get; set; }

    /// <summary>Until when the instance with <see cref="LeaseId"/> alone may send it.</summary>
    public DateTimeOffset? LeasedUntil { get; set; }

    /// <summary>Who holds the lease.</summary>
    public Guid? LeaseId { get; set; }

    /// <summary>When it is of no use any more.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When it was queued.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When a provider took it.</summary>
    public DateTimeOffset? SentAt { get; set; }

    /// <summary>Which provider took it; while it is queued: which may have taken it, so that no other may be given it.</summary>
    public string? Provider { get; set; }

    /// <summary>The provider's name for it.</summary>
    public string? ProviderId { get; set; }

    /// <summary>Why the last try failed, without addresses or codes.</summary>
    public string? LastError { get; set; }

    /// <summary>What the provider reported last that counts; null while nothing is known.</summary>
    public MessageReceipt? Receipt { get; set; }

    /// <summary>When that was reported.</summary>
    public DateTimeOffset? ReceiptAt { get; set; }
}

internal sealed class MessagesTable : IEntityTypeConfiguration<Message>
{
    public void Configure(EntityTypeBuilder<Message> builder)
    {
        builder.ToTable("Messages");
        builder.Property(message => message.Id).ValueGeneratedNever();
        builder.Property(message => message.Template).HasMaxLength(100);
        builder.Property(message => message.Locale).HasMaxLength(35);
        builder.Property(message => message.Provider).HasMaxLength(50);
        builder.Property(message => message.ProviderId).HasMaxLength(200);
        builder.Property(message => message.LastError).HasMaxLength(500);
        builder.HasIndex(message => new { message.Status, message.NotBefore });
        builder.HasIndex(message => message.ChallengeId);
        builder.HasIndex(message => message.ExpiresAt);
    }
}
