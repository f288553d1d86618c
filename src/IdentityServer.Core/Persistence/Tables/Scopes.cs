using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Core.Persistence.Tables;

/// <summary>The protocol's record is the row; its name is the key.</summary>
internal sealed class ScopesTable : IEntityTypeConfiguration<Scope>
{
    public void Configure(EntityTypeBuilder<Scope> builder)
    {
        builder.ToTable("Scopes");
        builder.HasKey(scope => scope.Name);
        builder.Property(scope => scope.Name).HasMaxLength(100);
        builder.Property(scope => scope.DisplayName).HasMaxLength(200);
        builder.Property(scope => scope.Description).HasMaxLength(1000);
    }
}
