using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace IdentityServer.Core.Persistence;

/// <summary>Which database holds everything.</summary>
public enum DatabaseProvider
{
    /// <summary>A file: one instance, nothing to install.</summary>
    Sqlite,

    /// <summary>A PostgreSQL server, version 15 or newer: any number of instances.</summary>
    Postgres,
}

/// <summary>Settings of the database: the section <c>Database</c>.</summary>
public sealed class DatabaseOptions
{
    /// <summary>SQLite by default.</summary>
    public DatabaseProvider Provider { get; set; }

    /// <summary>
    /// How to reach it. SQLite: a file, relative to the content root, <c>Data Source=data/identityserver.db</c> by default; its folder is created.
    /// PostgreSQL: e.g. <c>Host=db;Database=identityserver;Username=identityserver;Password=…</c>.
    /// </summary>
    public string? ConnectionString { get; set; }

    internal static IEnumerable<string> Problems(DatabaseOptions options)
    {
        if (!Enum.IsDefined(options.Provider))
            yield return "Database:Provider is \"Sqlite\" or \"Postgres\".";
        if (options.Provider == DatabaseProvider.Postgres && string.IsNullOrWhiteSpace(options.ConnectionString))
        {
            yield return "Database:ConnectionString is missing. For PostgreSQL set it, e.g. as the environment variable "
                + "Database__ConnectionString=\"Host=db;Database=identityserver;Username=identityserver;Password=…\".";
        }
        else if (!CanBeRead(options))
        {
            // Not quoted: it may hold the password.
            yield return $"Database:ConnectionString is malformed for {options.Provider}: write it like "
                + (options.Provider == DatabaseProvider.Sqlite ? "\"Data Source=data/identityserver.db\"." : "\"Host=db;Database=identityserver;Username=identityserver;Password=…\".");
        }
    }

    private static bool CanBeRead(DatabaseOptions options)
    {
        try
        {
            DbConnectionStringBuilder builder = options.Provider == DatabaseProvider.Sqlite ? new SqliteConnectionStringBuilder() : new NpgsqlConnectionStringBuilder();
            builder.ConnectionString = options.ConnectionString;
            return true;
        }
        catch (Exception problem) when (problem is ArgumentException or FormatException)
        {
            return false;
        }
    }
}
