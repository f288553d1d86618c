using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Core.Persistence.Tables;

/// <summary>The protocol's record is the row.</summary>
internal sealed class TokensTable : IEntityTypeConfiguration<Token>
{
    public void Configure(EntityTypeBuilder<Token> builder)
    {
        builder.ToTable("Tokens");
        builder.Property(token => token.Id).ValueGeneratedNever();
        builder.Property(token => token.Reference).HasMaxLength(100);
        builder.HasIndex(token => token.Reference).IsUnique();
        builder.HasIndex(token => new { token.AuthorizationId, token.Status });
        builder.HasIndex(token => token.ExpiresAt);
    }
}
