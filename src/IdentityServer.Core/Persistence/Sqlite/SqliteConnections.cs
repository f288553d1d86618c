using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace IdentityServer.Core.Persistence.Sqlite;

/// <summary>
/// Prepares each connection. Write transactions need nothing here: <c>BeginTransaction</c> of Microsoft.Data.Sqlite is <c>BEGIN IMMEDIATE</c>, so that
/// a writer waits for its turn before it has read anything, and never meets the deadlock of two readers that both want to write.
/// </summary>
internal sealed class SqliteConnections : DbConnectionInterceptor
{
    public const string DefaultConnectionString = "Data Source=data/identityserver.db";

    // FULL: with NORMAL, a power cut may take back the last commits in WAL mode, and a code that was spent would be good again.
    // The other one comes last, because it answers with a row, and what follows a row is not run.
    private const string Pragmas = "PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;";
    private static readonly SqliteConnections Instance = new();

    /// <summary>Uses the file, relative to <paramref name="folder"/>, and creates its folder.</summary>
    public static void Use(DbContextOptionsBuilder builder, string? connectionString, string folder)
    {
        var settings = new SqliteConnectionStringBuilder(connectionString ?? DefaultConnectionString) { ForeignKeys = true };
        settings.DataSource = Path.GetFullPath(settings.DataSource, folder);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(settings.DataSource)!);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new DatabaseNotReadyException($"The folder of {settings.DataSource} cannot be made: check Database:ConnectionString and who owns the folder.", problem);
        }

        builder.UseSqlite(settings.ConnectionString).AddInterceptors(Instance);
    }

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        using var command = connection.CreateCommand();
        command.CommandText = Pragmas;
        command.ExecuteNonQuery();
    }

    public override async Task ConnectionOpenedAsync(
        DbConnection connection,
        ConnectionEndEventData eventData,
        CancellationToken cancellationToken = default)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = Pragmas;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
