using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Postgres;
using IdentityServer.Core.Persistence.Sqlite;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Migrations;

/// <summary>
/// Makes the SQLite context for <c>dotnet ef</c>; no database is opened. From the repository's root:
/// <c>dotnet ef migrations add Name --project src/IdentityServer.Core --startup-project tools/IdentityServer.Migrations
/// --context SqliteServerDb --output-dir Persistence/Sqlite/Migrations</c>, and the same for PostgresServerDb in Persistence/Postgres/Migrations.
/// </summary>
internal sealed class SqliteDesign : IDesignTimeDbContextFactory<SqliteServerDb>
{
    /// <inheritdoc/>
    public SqliteServerDb CreateDbContext(string[] args) =>
        new(Design.Options<SqliteServerDb>().UseSqlite("Data Source=:memory:").Options);
}

/// <summary>Makes the PostgreSQL context for <c>dotnet ef</c>; see <see cref="SqliteDesign"/>.</summary>
internal sealed class PostgresDesign : IDesignTimeDbContextFactory<PostgresServerDb>
{
    /// <inheritdoc/>
    public PostgresServerDb CreateDbContext(string[] args) =>
        new(Design.Options<PostgresServerDb>().UseNpgsql("Host=localhost").Options);
}

internal static class Design
{
    public static DbContextOptionsBuilder<T> Options<T>()
        where T : DbContext
    {
        var services = new ServiceCollection().Configure<IdentityOptions>(ServerDb.Configure).BuildServiceProvider();
        return new DbContextOptionsBuilder<T>().UseApplicationServiceProvider(services);
    }
}
