using System.Data.Common;
using System.Text.RegularExpressions;
using IdentityServer.Core.Persistence.Postgres;
using IdentityServer.Core.Persistence.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Core.Tests;

/// <summary>A statement, or several in one round trip, with their values.</summary>
internal sealed record LoggedCommand(string Text, IReadOnlyList<(string Name, object? Value)> Parameters);

/// <summary>
/// What EF Core asks the database. Counters go past it: they take one round trip each, whatever they count.
/// </summary>
internal sealed partial class CommandLog : DbCommandInterceptor, IDbTransactionInterceptor
{
    private readonly Lock gate = new();
    private readonly List<LoggedCommand> commands = [];
    private readonly List<string> transactions = [];

    public IReadOnlyList<LoggedCommand> Commands
    {
        get
        {
            lock (gate)
                return [.. commands];
        }
    }

    /// <summary>What was asked since: round trips, statements that write, and the ends of transactions.</summary>
    public string Work
    {
        get
        {
            lock (gate)
                return $"{commands.Count} commands, {commands.Sum(command => Writes().Count(command.Text))} writes; {string.Join(' ', transactions)}";
        }
    }

    public void Add(IServiceCollection services)
    {
        services.ConfigureDbContext<SqliteServerDb>(options => options.AddInterceptors(this));
        services.ConfigureDbContext<PostgresServerDb>(options => options.AddInterceptors(this));
    }

    public void Clear()
    {
        lock (gate)
        {
            commands.Clear();
            transactions.Clear();
        }
    }

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default) => new(Note(command, result));

    public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default) => new(Note(command, result));

    public override ValueTask<InterceptionResult<object>> ScalarExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<object> result, CancellationToken cancellationToken = default) => new(Note(command, result));

    ValueTask<DbTransaction> IDbTransactionInterceptor.TransactionStartedAsync(
        DbConnection connection, TransactionEndEventData eventData, DbTransaction result, CancellationToken cancellationToken) => new(Note("begin", result));

    Task IDbTransactionInterceptor.TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken) =>
        Task.FromResult(Note("commit", true));

    Task IDbTransactionInterceptor.TransactionRolledBackAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken) =>
        Task.FromResult(Note("rollback", true));

    private T Note<T>(DbCommand command, T result)
    {
        var logged = new LoggedCommand(command.CommandText, [.. command.Parameters.Cast<DbParameter>().Select(parameter => (parameter.ParameterName, parameter.Value))]);
        lock (gate)
            commands.Add(logged);
        return result;
    }

    private T Note<T>(string transaction, T result)
    {
        lock (gate)
            transactions.Add(transaction);
        return result;
    }

    [GeneratedRegex("^(INSERT|UPDATE|DELETE)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Writes();
}
