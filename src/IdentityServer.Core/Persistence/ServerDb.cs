using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Persistence;

/// <summary>
/// The database. Slices use it directly. Enums are stored by name, so that a dump reads well and reordering one cannot corrupt rows; lists are JSON
/// text; ids are UUIDv7 set by the code. Take a short-lived one from <see cref="IDbContextFactory{TContext}"/> of <see cref="ServerDb"/>, or the
/// request's own by injection: both are pooled.
/// </summary>
public abstract class ServerDb(DbContextOptions options) : IdentityDbContext<User, IdentityRole<Guid>, Guid>(options)
{
    /// <summary>Applications; write through <see cref="RegistryWriter"/>, read through <see cref="Protocol.IRegistry"/>.</summary>
    public DbSet<Application> Applications => Set<Application>();

    /// <summary>Their secrets.</summary>
    public DbSet<ApplicationSecretRow> ApplicationSecrets => Set<ApplicationSecretRow>();

    /// <summary>Scopes; write through <see cref="RegistryWriter"/>, read through <see cref="Protocol.IRegistry"/>.</summary>
    public DbSet<Scope> Scopes => Set<Scope>();

    /// <summary>One row.</summary>
    public DbSet<RegistryVersion> RegistryVersions => Set<RegistryVersion>();

    /// <summary>Authorizations.</summary>
    public DbSet<Authorization> Authorizations => Set<Authorization>();

    /// <summary>Tokens.</summary>
    public DbSet<Token> Tokens => Set<Token>();

    /// <summary>Ids that are used up.</summary>
    public DbSet<ConsumedId> ConsumedIds => Set<ConsumedId>();

    /// <summary>Signing keys, sealed.</summary>
    public DbSet<SigningKeyRow> SigningKeys => Set<SigningKeyRow>();

    /// <summary>Browsers' sign-ins.</summary>
    public DbSet<SessionRow> Sessions => Set<SessionRow>();

    /// <summary>Pending proofs of addresses.</summary>
    public DbSet<Challenge> Challenges => Set<Challenge>();

    /// <summary>Addresses that were changed and may be taken back.</summary>
    public DbSet<AddressChange> AddressChanges => Set<AddressChange>();

    /// <summary>The outbox.</summary>
    public DbSet<Message> Messages => Set<Message>();

    /// <summary>What providers reported of messages.</summary>
    public DbSet<MessageEvent> MessageEvents => Set<MessageEvent>();

    /// <summary>Addresses that nothing is sent to.</summary>
    public DbSet<Suppression> Suppressions => Set<Suppression>();

    /// <summary>Counters of limits.</summary>
    public DbSet<Counter> Counters => Set<Counter>();

    /// <summary>The audit log.</summary>
    public DbSet<AuditEvent> AuditEvents => Set<AuditEvent>();

    /// <summary>Keys of ASP.NET Core data protection, sealed.</summary>
    public DbSet<DataProtectionKey> DataProtectionKeys => Set<DataProtectionKey>();

    /// <summary>
    /// Identity's tables with passkeys. Identity reads this from the application's services: a context that is made without dependency injection
    /// needs <c>UseApplicationServiceProvider</c> with services that were configured by this method.
    /// </summary>
    public static void Configure(IdentityOptions options) => options.Stores.SchemaVersion = IdentitySchemaVersions.Version3;

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);
        configurationBuilder.Properties<Enum>().HaveConversion<string>().HaveMaxLength(32);
        configurationBuilder.Properties<IReadOnlyList<string>>().HaveConversion<JsonList<string>, JsonListComparer<string>>();
        configurationBuilder.Properties<IReadOnlyList<ChallengeCode>>().HaveConversion<JsonList<ChallengeCode>, JsonListComparer<ChallengeCode>>();
    }

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        builder.ApplyConfigurationsFromAssembly(typeof(ServerDb).Assembly);
        builder.Entity<IdentityRole<Guid>>().ToTable("Roles");
        builder.Entity<IdentityRoleClaim<Guid>>().ToTable("RoleClaims");
        builder.Entity<IdentityUserClaim<Guid>>().ToTable("UserClaims");
        builder.Entity<IdentityUserLogin<Guid>>().ToTable("UserLogins");
        builder.Entity<IdentityUserPasskey<Guid>>().ToTable("UserPasskeys");
        builder.Entity<IdentityUserRole<Guid>>().ToTable("UserRoles");
        builder.Entity<IdentityUserToken<Guid>>().ToTable("UserTokens");
    }
}
