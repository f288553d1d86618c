using IdentityServer.Core.Persistence.Postgres;
using IdentityServer.Core.Persistence.Sqlite;
using IdentityServer.Protocol;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Persistence;

/// <summary>Registers the database and what the protocol keeps in it.</summary>
public static class PersistenceServices
{
    /// <summary>
    /// Adds <see cref="ServerDb"/> (scoped, and its <see cref="IDbContextFactory{TContext}"/>, both pooled), <see cref="ILedger"/>,
    /// <see cref="IRegistry"/>, <see cref="RegistryWriter"/>, <see cref="DatabaseMigrator"/> and <see cref="PruneJob"/>. Run
    /// <see cref="DatabaseMigrator.PrepareAsync"/> before the first request.
    /// </summary>
    /// <param name="services">Where to add.</param>
    /// <param name="environment">Relative paths start at its content root.</param>
    public static IServiceCollection AddPersistence(
        this IServiceCollection services,
        IHostEnvironment environment)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.Configure<IdentityOptions>(ServerDb.Configure);
        services.AddSettings<DatabaseOptions>("Database", DatabaseOptions.Problems);
        services.AddSettings<RegistryOptions>("Registry");
        services.AddSettings<PruneOptions>("Prune");

        // Both are registered, one is ever made: settings may change until the host is built.
        services.AddPooledDbContextFactory<SqliteServerDb>((provider, builder) =>
            SqliteConnections.Use(builder, Options(provider).ConnectionString, environment.ContentRootPath));
        services.AddPooledDbContextFactory<PostgresServerDb>((provider, builder) =>
            builder.UseNpgsql(Options(provider).ConnectionString).AddInterceptors(new NulCharacters()));
        services.AddSingleton<IDbContextFactory<ServerDb>>(provider => Options(provider).Provider switch
        {
            DatabaseProvider.Postgres => new Factory<PostgresServerDb>(provider.GetRequiredService<IDbContextFactory<PostgresServerDb>>()),
            _ => new Factory<SqliteServerDb>(provider.GetRequiredService<IDbContextFactory<SqliteServerDb>>()),
        });
        services.AddScoped(provider => provider.GetRequiredService<IDbContextFactory<ServerDb>>().CreateDbContext());

        services.AddSingleton<DatabaseMigrator>();
        services.AddSingleton<ILedger, Ledger>();
        services.AddSingleton<Registry>();
        services.AddSingleton<IRegistry>(provider => provider.GetRequiredService<Registry>());
        services.AddSingleton<RegistryWriter>();
        services.AddSingleton<PruneJob>();
        return services;
    }

    private static DatabaseOptions Options(IServiceProvider provider) => provider.GetRequiredService<IOptions<DatabaseOptions>>().Value;

    private sealed class Factory<T>(IDbContextFactory<T> factory) : IDbContextFactory<ServerDb>
        where T : ServerDb
    {
        public ServerDb CreateDbContext() => factory.CreateDbContext();

        public async Task<ServerDb> CreateDbContextAsync(CancellationToken cancellationToken = default) =>
            await factory.CreateDbContextAsync(cancellationToken);
    }
}
