using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Core.Persistence.Tables;

/// <summary>A browser's sign-in.</summary>
public sealed class SessionRow
{
    /// <summary>The session's id: <c>sid</c> on the wire. Not the cookie.</summary>
    public required Guid Id { get; init; }

    /// <summary>SHA-256 of the secret in the cookie.</summary>
    public required byte[] KeyHash { get; set; }

    /// <summary>Who signed in.</summary>
    public required Guid UserId { get; init; }

    /// <summary>When the session began.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the person last proved who they are.</summary>
    public required DateTimeOffset AuthenticatedAt { get; set; }

    /// <summary>When the person last chose to go on with this account.</summary>
    public required DateTimeOffset ChosenAt { get; set; }

    /// <summary>How they proved it: <c>amr</c> (RFC 8176).</summary>
    public required IReadOnlyList<string> Methods { get; set; }

    /// <summary>When the browser was last seen, to the minute or so.</summary>
    public required DateTimeOffset LastSeenAt { get; set; }

    /// <summary>When the session ends if nothing happens.</summary>
    public required DateTimeOffset ExpiresAt { get; set; }

    /// <summary>When the person or an administrator ended it.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>The browser as it names itself, cut to 256 characters.</summary>
    public required string UserAgent { get; set; }

    /// <summary>The address that it was last seen from.</summary>
    public string? Ip { get; set; }
}

internal sealed class SessionsTable : IEntityTypeConfiguration<SessionRow>
{
    public void Configure(EntityTypeBuilder<SessionRow> builder)
    {
        builder.ToTable("Sessions");
        builder.Property(session => session.Id).ValueGeneratedNever();
        builder.Property(session => session.KeyHash).HasMaxLength(32);
        builder.Property(session => session.UserAgent).HasMaxLength(256);
        builder.Property(session => session.Ip).HasMaxLength(45);
        builder.HasOne<User>().WithMany().HasForeignKey(session => session.UserId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(session => session.KeyHash).IsUnique();
        builder.HasIndex(session => new { session.UserId, session.EndedAt });
        builder.HasIndex(session => new { session.ExpiresAt, session.Id });
    }
}
