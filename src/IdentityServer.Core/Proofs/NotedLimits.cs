using IdentityServer.Core.Abuse;
using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;

namespace IdentityServer.Core.Proofs;

/// <summary>
/// Writes down that a limit refused: once for each limit and window. However often an attacker runs into one, the log grows by one entry; whether there
/// is one already costs a statement that writes nothing.
/// </summary>
internal static class NotedLimits
{
    /// <summary>What the counters of noted refusals begin with; the limit's own key follows.</summary>
    public const string Prefix = "noted:";

    /// <summary>Adds what is new to the log. After the refused transaction was rolled back, or it would be rolled back too.</summary>
    public static async Task WriteAsync(ServerDb db, Full full, AuditSubject about, DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var key in full.Keys)
        {
            var window = full.Until > now ? full.Until - now : TimeSpan.FromMinutes(1);
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            if (await Counting.TakeAsync(db, [new Limit(Prefix + key, 1, window)], now, cancellationToken) is not null)
                continue;

            AuditLog.Add(db, AuditKind.LimitReached, now, about, new Dictionary<string, string>(StringComparer.Ordinal) { ["limit"] = NameOf(key) });
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            db.ChangeTracker.Clear();
        }
    }

    /// <summary>A limit's name, without whom it counts.</summary>
    public static string NameOf(string key) => key.Split(':')[0];
}
