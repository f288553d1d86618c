using IdentityServer.Core.Persistence;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Abuse;

/// <summary>A limit as it is counted.</summary>
/// <param name="Key">Its name and a keyed hash of whom it counts.</param>
/// <param name="Most">How often.</param>
/// <param name="Window">Within how long, from the first time on.</param>
internal readonly record struct Limit(string Key, int Most, TimeSpan Window);

/// <summary>Counters in the database: each step is one conditional statement, so that parallel requests cannot slip past each other.</summary>
internal static class Counting
{
    /// <summary>
    /// Counts all <paramref name="limits"/> in the caller's transaction; null when each had room. Otherwise when the fullest has room again: the
    /// caller rolls back, so that a refused request counts nowhere.
    /// </summary>
    public static async Task<DateTimeOffset?> TakeAsync(ServerDb db, IEnumerable<Limit> limits, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // Always in the same order: two transactions that lock counters crosswise would end in a deadlock.
        foreach (var limit in limits.OrderBy(limit => limit.Key, StringComparer.Ordinal))
        {
            var start = Stored(db, now);
            var over = Stored(db, now - limit.Window);
            var counted = await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO "Counters" ("Key", "WindowStart", "Count") VALUES ({limit.Key}, {start}, 1)
                ON CONFLICT ("Key") DO UPDATE SET
                    "Count" = CASE WHEN "Counters"."WindowStart" <= {over} THEN 1 ELSE "Counters"."Count" + 1 END,
                    "WindowStart" = CASE WHEN "Counters"."WindowStart" <= {over} THEN excluded."WindowStart" ELSE "Counters"."WindowStart" END
                WHERE "Counters"."WindowStart" <= {over} OR "Counters"."Count" < {limit.Most}
                """,
                cancellationToken);
            if (counted == 0)
                return await RoomAtAsync(db, limit, now, cancellationToken);
        }

        return null;
    }

    /// <summary>
    /// Counts one failure before anything is compared, in the caller's transaction: what is compared is always counted, however many try at once.
    /// </summary>
    public static async Task<Count> TakeFailureAsync(ServerDb db, string key, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await db.Database.ExecuteSqlAsync(
            $"""INSERT INTO "Counters" ("Key", "WindowStart", "Count") VALUES ({key}, {Stored(db, now)}, 0) ON CONFLICT ("Key") DO NOTHING""", cancellationToken);

        while (true)
        {
            var counter = await db.Counters.AsNoTracking().SingleOrDefaultAsync(row => row.Key == key, cancellationToken);
            if (counter is null)
                return await TakeFailureAsync(db, key, now, cancellationToken);
            if (counter.Count >= FailureBudget.OffFrom)
                return new Count.Off();
            if (counter.BlockedUntil > now)
                return new Count.Paused(counter.BlockedUntil.Value);

            var failures = counter.Count + 1;
            var pause = FailureBudget.PauseAfter(failures);
            DateTimeOffset? until = pause > TimeSpan.Zero ? now + pause : null;
            var taken = await db.Counters.Where(row => row.Key == key && row.Count == counter.Count).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.Count, failures).SetProperty(row => row.BlockedUntil, until).SetProperty(row => row.WindowStart, now),
                cancellationToken);
            if (taken == 1)
                return new Count.Taken(failures);
        }
    }

    /// <summary>Forgets the counters, in the order in which they are counted.</summary>
    public static async Task ForgetAsync(ServerDb db, IEnumerable<string> keys, CancellationToken cancellationToken)
    {
        foreach (var key in keys.Order(StringComparer.Ordinal))
            await db.Counters.Where(row => row.Key == key).ExecuteDeleteAsync(cancellationToken);
    }

    private static async Task<DateTimeOffset> RoomAtAsync(ServerDb db, Limit limit, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var start = await db.Counters.Where(row => row.Key == limit.Key).Select(row => (DateTimeOffset?)row.WindowStart).SingleOrDefaultAsync(cancellationToken);
        return (start ?? now) + limit.Window;
    }

    // SQL that is written by hand passes by the model's conversion of times.
    private static object Stored(ServerDb db, DateTimeOffset time) => db.Database.IsSqlite() ? time.UtcTicks : time.ToUniversalTime();
}

/// <summary>What counting a failure came to.</summary>
internal abstract record Count
{
    private Count()
    {
    }

    /// <summary>Counted: the caller may compare.</summary>
    public sealed record Taken(int Failures) : Count;

    /// <summary>Not now.</summary>
    public sealed record Paused(DateTimeOffset Until) : Count;

    /// <summary>Not until the link was used.</summary>
    public sealed record Off : Count;
}
