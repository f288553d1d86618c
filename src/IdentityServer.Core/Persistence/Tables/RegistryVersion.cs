using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Core.Persistence.Tables;

/// <summary>The one row that tells whether applications or scopes have changed.</summary>
public sealed class RegistryVersion
{
    /// <summary>The id of the only row.</summary>
    public const int OnlyId = 1;

    /// <summary>Always <see cref="OnlyId"/>.</summary>
    public int Id { get; init; } = OnlyId;

    /// <summary>Raised by one in the transaction of every change.</summary>
    public long Version { get; init; }
}

internal sealed class RegistryVersionTable : IEntityTypeConfiguration<RegistryVersion>
{
    public void Configure(EntityTypeBuilder<RegistryVersion> builder)
    {
        builder.ToTable("RegistryVersion");
        builder.Property(row => row.Id).ValueGeneratedNever();
        builder.HasData(new RegistryVersion { Version = 1 });
    }
}
