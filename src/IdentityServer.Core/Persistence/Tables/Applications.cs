using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Core.Persistence.Tables;

/// <summary>The protocol's record is the row; its secrets are rows of their own.</summary>
internal sealed class ApplicationsTable : IEntityTypeConfiguration<Application>
{
    public void Configure(EntityTypeBuilder<Application> builder)
    {
        builder.ToTable("Applications");
        builder.Property(application => application.Id).ValueGeneratedNever();
        builder.Property(application => application.ClientId).HasMaxLength(100);
        builder.Property(application => application.DisplayName).HasMaxLength(200);
        builder.Ignore(application => application.Secrets);
        builder.HasIndex(application => application.ClientId).IsUnique();
    }
}

/// <summary>One secret of a confidential application.</summary>
public sealed class ApplicationSecretRow
{
    /// <summary>The row's id.</summary>
    public required Guid Id { get; init; }

    /// <summary>Whose secret it is.</summary>
    public required Guid ApplicationId { get; init; }

    /// <summary>SHA-256 of the secret's UTF-8 bytes.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>When it was added.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it stops working; never when null.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }
}

internal sealed class ApplicationSecretsTable : IEntityTypeConfiguration<ApplicationSecretRow>
{
    public void Configure(EntityTypeBuilder<ApplicationSecretRow> builder)
    {
        builder.ToTable("ApplicationSecrets");
        builder.Property(secret => secret.Id).ValueGeneratedNever();
        builder.Property(secret => secret.Hash).HasMaxLength(32);
        builder.HasOne<Application>().WithMany().HasForeignKey(secret => secret.ApplicationId).OnDelete(DeleteBehavior.Cascade);
    }
}
