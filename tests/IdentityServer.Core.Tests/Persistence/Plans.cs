using System.Data.Common;
using System.Globalization;
using System.Text;
using IdentityServer.Core.Persistence;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Tests.Persistence;

/// <summary>How a database means to find rows: <c>EXPLAIN</c>.</summary>
internal static class Plans
{
    /// <summary>Of a statement with the gaps <c>{0}</c>, <c>{1}</c> and so on.</summary>
    public static Task<string> OfAsync(ServerDb db, string statement, params object[] values)
    {
        for (var i = 0; i < values.Length; i++)
            statement = statement.Replace($"{{{i}}}", Name(i), StringComparison.Ordinal);
        return OfAsync(db, statement, values.Select((value, i) => (Name(i), (object?)value)));
    }

    /// <summary>Of a statement with named parameters.</summary>
    public static async Task<string> OfAsync(ServerDb db, string statement, IEnumerable<(string Name, object? Value)> parameters)
    {
        var plan = new StringBuilder();
        await db.Database.OpenConnectionAsync();

        // Small tables are read whole, whatever indexes they have: here it is asked what serves when they are large.
        if (db.Database.IsNpgsql())
            await db.Database.ExecuteSqlRawAsync("SET enable_seqscan = off");
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = (db.Database.IsNpgsql() ? "EXPLAIN " : "EXPLAIN QUERY PLAN ") + statement;
        foreach (var (name, value) in parameters)
            Add(command, name, value);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            plan.AppendLine(reader.GetValue(reader.FieldCount - 1).ToString());
        return plan.ToString();
    }

    /// <summary>The time as it stands in a column.</summary>
    public static object Stored(ServerDb db, DateTimeOffset at) => db.Database.IsNpgsql() ? at : at.UtcTicks;

    private static void Add(DbCommand command, string name, object? value)
    {
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = (name, value ?? DBNull.Value);
        command.Parameters.Add(parameter);
    }

    private static string Name(int index) => string.Create(CultureInfo.InvariantCulture, $"@value{index}");
}
