using IdentityServer.Protocol.Jose;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Core.Persistence.Tables;

/// <summary>A signing key at rest.</summary>
public sealed class SigningKeyRow
{
    /// <summary>The key's RFC 7638 thumbprint.</summary>
    public required string Kid { get; init; }

    /// <summary>What it signs with.</summary>
    public required JwsAlgorithm Algorithm { get; init; }

    /// <summary>The public JWK (RFC 7517), for people who look at the table.</summary>
    public required string PublicJwk { get; init; }

    /// <summary>PKCS#8, sealed with the master key.</summary>
    public required byte[] PrivateKey { get; init; }

    /// <summary>When it was made and first published.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>From when it signs.</summary>
    public required DateTimeOffset ActivatesAt { get; init; }

    /// <summary>From when it signs no more.</summary>
    public required DateTimeOffset RetiresAt { get; init; }

    /// <summary>From when it is not published any more and may be deleted.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}

internal sealed class SigningKeysTable : IEntityTypeConfiguration<SigningKeyRow>
{
    public void Configure(EntityTypeBuilder<SigningKeyRow> builder)
    {
        builder.ToTable("SigningKeys");
        builder.HasKey(key => key.Kid);
        builder.Property(key => key.Kid).HasMaxLength(64);

        // Two instances that make the same key at once meet here: one of them stays.
        builder.HasIndex(key => new { key.Algorithm, key.ActivatesAt }).IsUnique();
    }
}
