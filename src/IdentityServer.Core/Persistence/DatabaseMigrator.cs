using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Persistence;

/// <summary>The database cannot be used as it is; the message says what to do, and holds no password.</summary>
public sealed class DatabaseNotReadyException : Exception
{
    /// <inheritdoc/>
    public DatabaseNotReadyException()
    {
    }

    /// <inheritdoc/>
    public DatabaseNotReadyException(string message)
        : base(message)
    {
    }

    /// <inheritdoc/>
    public DatabaseNotReadyException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>
/// Brings the database's tables up to date: at start in Development and Testing, elsewhere by the command <c>migrate</c>, so that a deployment decides
/// when a large table is changed.
/// </summary>
public sealed partial class DatabaseMigrator(
    IDbContextFactory<ServerDb> databases,
    RegistryWriter registry,
    IOptions<DatabaseOptions> options,
    IHostEnvironment environment,
    ILogger<DatabaseMigrator> logger)
{
    // PostgreSQL, appendix A: what CREATE DATABASE answers when another is just doing the same.
    private const string DuplicateDatabase = "42P04";
    private const string UniqueViolation = "23505";

    /// <summary>Run once before the first request: migrates, or checks that nothing is to migrate. Adds the standard scopes that are missing.</summary>
    /// <exception cref="DatabaseNotReadyException">Migrations are pending, or the database cannot be reached.</exception>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (environment.IsDevelopment() || environment.IsEnvironment("Testing"))
        {
            await MigrateAsync(cancellationToken);
            return;
        }

        var pending = await ReachAsync(PendingAsync, cancellationToken);
        if (pending.Count > 0)
        {
            throw new DatabaseNotReadyException($"The database lacks {pending.Count} migration(s): {string.Join(", ", pending)}. Make a backup, then run: "
                + "dotnet IdentityServer.dll migrate");
        }

        await registry.SeedAsync(cancellationToken);
    }

    /// <summary>Applies every pending migration; what the command <c>migrate</c> does. Two at once wait for each other.</summary>
    /// <exception cref="DatabaseNotReadyException">The database cannot be reached.</exception>
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        var applied = await ReachAsync(MigrateAsync, cancellationToken);
        if (applied.Count > 0)
            LogMigrated(logger, string.Join(", ", applied));
        await registry.SeedAsync(cancellationToken);
    }

    private static async Task<List<string>> PendingAsync(ServerDb db, CancellationToken cancellationToken) =>
        [.. await db.Database.GetPendingMigrationsAsync(cancellationToken)];

    private static async Task<List<string>> MigrateAsync(ServerDb db, CancellationToken cancellationToken)
    {
        var pending = await PendingAsync(db, cancellationToken);

        // WAL is kept in the file: readers and the one writer do not block each other.
        if (db.Database.IsSqlite())
            await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = WAL", cancellationToken);
        if (pending.Count > 0)
            await MigrateOrFollowAsync(db, cancellationToken);
        return pending;
    }

    // Migrations wait for each other; making the database itself does not: who comes second goes on with the first one's.
    private static async Task MigrateOrFollowAsync(ServerDb db, CancellationToken cancellationToken)
    {
        try
        {
            await db.Database.MigrateAsync(cancellationToken);
        }
        catch (DbException problem) when (problem.SqlState is DuplicateDatabase or UniqueViolation)
        {
            await db.Database.MigrateAsync(cancellationToken);
        }
    }

    private async Task<List<string>> ReachAsync(
        Func<ServerDb, CancellationToken, Task<List<string>>> action,
        CancellationToken cancellationToken)
    {
        try
        {
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            return await action(db, cancellationToken);
        }
        catch (Exception problem) when (problem is DbException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            // The driver's text may quote the connection string (ArgumentException) and is left out then; server errors never hold the password.
            var reason = problem is ArgumentException ? "the connection string is malformed" : problem.Message;
            var inner = problem is ArgumentException ? null : problem;
            throw new DatabaseNotReadyException($"The {options.Value.Provider} database cannot be used: {reason}. Check Database:Provider and "
                + "Database:ConnectionString, and that the server runs and lets this user in.", inner!);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Database migrated: {Migrations}")]
    private static partial void LogMigrated(ILogger logger, string migrations);
}
