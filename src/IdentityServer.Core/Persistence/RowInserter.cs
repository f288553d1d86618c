using System.Data.Common;
using System.Globalization;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace IdentityServer.Core.Persistence;

/// <summary>
/// Writes <c>INSERT</c> statements from the model, without the change tracker, which costs more than the insert itself. Columns, names and conversions
/// are the model's, so that a new column cannot be forgotten.
/// </summary>
internal sealed class RowInserter<T>
    where T : class
{
    private readonly string head;
    private readonly (Func<T, object?> Read, RelationalTypeMapping Mapping, bool Nullable)[] columns;

    public RowInserter(ServerDb db)
    {
        var entity = db.Model.FindEntityType(typeof(T))!;
        var table = StoreObjectIdentifier.Create(entity, StoreObjectType.Table)!.Value;
        var sql = db.GetService<ISqlGenerationHelper>();
        var properties = entity.GetProperties().ToList();
        columns = [.. properties.Select(property => ((Func<T, object?>)property.GetGetter().GetClrValue, property.GetRelationalTypeMapping(), property.IsNullable))];
        head = $"INSERT INTO {sql.DelimitIdentifier(table.Name)} ("
            + string.Join(", ", properties.Select(property => sql.DelimitIdentifier(property.GetColumnName(table)!))) + ") VALUES (";
    }

    /// <summary>Adds the row's statement and parameters to a command, which may hold others already.</summary>
    public void Append(DbCommand command, StringBuilder text, T row, string suffix = "")
    {
        text.Append(head);
        for (var i = 0; i < columns.Length; i++)
        {
            var (read, mapping, nullable) = columns[i];
            var name = string.Create(CultureInfo.InvariantCulture, $"@p{command.Parameters.Count}");
            command.Parameters.Add(mapping.CreateParameter(command, name, read(row), nullable));
            text.Append(i == 0 ? "" : ", ").Append(name);
        }

        text.Append(')').Append(suffix).Append(';');
    }

    /// <summary>Writes one row.</summary>
    /// <returns>How many rows were written: 0 when <paramref name="suffix"/> lets a conflict pass.</returns>
    public Task<int> InsertAsync(ServerDb db, T row, string suffix, CancellationToken cancellationToken) =>
        Statements.ExecuteAsync(db, (command, text) => Append(command, text, row, suffix), cancellationToken);
}

/// <summary>Runs statements on a context's connection, in its transaction if it has one.</summary>
internal static class Statements
{
    /// <summary>Runs what <paramref name="write"/> puts together; values belong into parameters.</summary>
    public static async Task<int> ExecuteAsync(ServerDb db, Action<DbCommand, StringBuilder> write, CancellationToken cancellationToken)
    {
        await using var command = await CommandAsync(db, write, cancellationToken);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Runs statements that each return a text, and gives all of them.</summary>
    public static async Task<HashSet<string>> ReadKeysAsync(ServerDb db, Action<DbCommand, StringBuilder> write, CancellationToken cancellationToken)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        await using var command = await CommandAsync(db, write, cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        do
        {
            while (await reader.ReadAsync(cancellationToken))
                keys.Add(reader.GetString(0));
        }
        while (await reader.NextResultAsync(cancellationToken));
        return keys;
    }

    private static async Task<DbCommand> CommandAsync(ServerDb db, Action<DbCommand, StringBuilder> write, CancellationToken cancellationToken)
    {
        await db.Database.OpenConnectionAsync(cancellationToken);
        var command = db.Database.GetDbConnection().CreateCommand();
        command.Transaction = db.Database.CurrentTransaction?.GetDbTransaction();
        var text = new StringBuilder();
        write(command, text);
#pragma warning disable CA2100 // Names come from the model, values are parameters.
        command.CommandText = text.ToString();
#pragma warning restore CA2100
        return command;
    }
}
