using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Persistence;

/// <summary>Empties the database, for development and tests. Keys stay: what they sealed or signed is gone, but other processes hold them in memory.</summary>
public static class DatabaseReset
{
    private static readonly string[] Kept = ["DataProtectionKeys", "SigningKeys", "RegistryVersion"];

    /// <summary>Deletes every row but keys.</summary>
    public static async Task EmptyAsync(ServerDb db, CancellationToken cancellationToken)
    {
        var tables = db.Model.GetEntityTypes().Select(type => type.GetTableName()).OfType<string>().Distinct(StringComparer.Ordinal)
            .Except(Kept, StringComparer.Ordinal).Select(name => $"\"{name}\"").ToList();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
#pragma warning disable EF1002, EF1003 // Names come from the model.
        if (db.Database.IsNpgsql())
        {
            await db.Database.ExecuteSqlRawAsync($"TRUNCATE {string.Join(", ", tables)}", cancellationToken);
        }
        else
        {
            // Until the commit, so that the order of tables does not matter.
            await db.Database.ExecuteSqlRawAsync("PRAGMA defer_foreign_keys = ON", cancellationToken);
            foreach (var table in tables)
                await db.Database.ExecuteSqlRawAsync($"DELETE FROM {table}", cancellationToken);
        }
#pragma warning restore EF1002, EF1003

        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
    }
}
