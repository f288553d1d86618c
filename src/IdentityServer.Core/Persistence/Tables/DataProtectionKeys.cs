using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Core.Persistence.Tables;

/// <summary>A key of ASP.NET Core data protection; its secret part is encrypted with the master key.</summary>
public sealed class DataProtectionKey
{
    /// <summary>The row's id.</summary>
    public required Guid Id { get; init; }

    /// <summary>The framework's name for it.</summary>
    public required string FriendlyName { get; init; }

    /// <summary>The framework's XML.</summary>
    public required string Xml { get; init; }
}

internal sealed class DataProtectionKeysTable : IEntityTypeConfiguration<DataProtectionKey>
{
    public void Configure(EntityTypeBuilder<DataProtectionKey> builder)
    {
        builder.ToTable("DataProtectionKeys");
        builder.Property(key => key.Id).ValueGeneratedNever();
        builder.Property(key => key.FriendlyName).HasMaxLength(200);
    }
}
