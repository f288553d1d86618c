using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Core.Persistence.Tables;

/// <summary>
/// The protocol's record is the row. No foreign keys, here and on tokens: every insert would lock the application's row, which on PostgreSQL makes
/// a busy application a bottleneck. Who deletes a user or an application deletes its authorizations and tokens.
/// </summary>
internal sealed class AuthorizationsTable : IEntityTypeConfiguration<Authorization>
{
    public void Configure(EntityTypeBuilder<Authorization> builder)
    {
        builder.ToTable("Authorizations");
        builder.Property(authorization => authorization.Id).ValueGeneratedNever();
        builder.HasIndex(authorization => new { authorization.UserId, authorization.ApplicationId }, "IX_Authorizations_UserId_ApplicationId");

        // Remembered consent is one a user and application, whatever two tabs do at once.
        builder.HasIndex(authorization => new { authorization.UserId, authorization.ApplicationId }, "IX_Authorizations_Consent")
            .IsUnique().HasFilter("\"Kind\" = 'Permanent' AND \"RevokedAt\" IS NULL");
        builder.HasIndex(authorization => authorization.SessionId);

        // Pruning walks ad hoc ones by age, and consents by when they were taken back.
        builder.HasIndex(authorization => new { authorization.Kind, authorization.GrantedAt, authorization.Id });
        builder.HasIndex(authorization => new { authorization.Kind, authorization.RevokedAt });
    }
}
