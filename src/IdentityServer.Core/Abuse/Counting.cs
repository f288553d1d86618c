using System.Data.Common;
using System.Globalization;
using System.Text;
using IdentityServer.Core.Persistence;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Abuse;

/// <summary>
/// Counters in the database: each step is one conditional statement, so that parallel requests, on any number of instances, cannot slip past each
/// other. However many limits are counted, they cost one round trip.
/// </summary>
internal static class Counting
{
    /// <summary>
    /// Counts all <paramref name="limits"/> in the caller's transaction; null when each had room. Otherwise the caller rolls back, so that a refused
    /// request counts nowhere.
    /// </summary>
    public static async Task<Full?> TakeAsync(ServerDb db, IEnumerable<Limit> limits, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // Always in the same order: two transactions that lock counters crosswise would end in a deadlock.
        List<Limit> inOrder = [.. limits.OrderBy(limit => limit.Key, StringComparer.Ordinal)];
        if (inOrder.Count == 0)
            return null;

        var taken = await Statements.ReadKeysAsync(
            db, (command, text) => inOrder.ForEach(limit => AppendTake(db, command, text, limit, now)), cancellationToken);
        List<Limit> full = [.. inOrder.Where(limit => !taken.Contains(limit.Key))];
        return full.Count == 0 ? null : new Full([.. full.Select(limit => limit.Key)], await RoomAtAsync(db, full, now, cancellationToken));
    }

    /// <summary>
    /// Takes back one count each of what was counted at <paramref name="at"/>: a window that began later did not count it. Never below zero.
    /// </summary>
    public static Task GiveBackAsync(ServerDb db, IEnumerable<string> keys, DateTimeOffset at, CancellationToken cancellationToken) =>
        SettleAsync(db, [.. keys.Select(key => new GiveBack(key))], forget: [], at, cancellationToken);

    /// <summary>Gives back and forgets counters in one round trip, in the order in which they are counted.</summary>
    public static async Task SettleAsync(
        ServerDb db, IReadOnlyList<GiveBack> giveBack, IReadOnlyList<string> forget, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var forgotten = forget.ToHashSet(StringComparer.Ordinal);
        var steps = giveBack.Where(step => !forgotten.Contains(step.Key)).Concat(forgotten.Select(key => new GiveBack(key, 0)))
            .OrderBy(step => step.Key, StringComparer.Ordinal).ToList();
        if (steps.Count == 0)
            return;

        await Statements.ExecuteAsync(db, (command, text) => steps.ForEach(step => AppendSettle(db, command, text, step, at)), cancellationToken);
    }

    /// <summary>
    /// Counts one failure before anything is compared, in the caller's transaction: what is compared is always counted, however many try at once.
    /// </summary>
    public static async Task<Count> TakeFailureAsync(ServerDb db, string key, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await db.Database.ExecuteSqlAsync(
            $"""INSERT INTO "Counters" ("Key", "WindowStart", "Count", "ExpiresAt") VALUES ({key}, {Stored(db, now)}, 0, {Stored(db, now + FailureBudget.Memory)}) ON CONFLICT ("Key") DO NOTHING""", cancellationToken);

        while (true)
        {
            var counter = await db.Counters.AsNoTracking().SingleOrDefaultAsync(row => row.Key == key, cancellationToken);
            if (counter is null)
                return await TakeFailureAsync(db, key, now, cancellationToken);
            if (counter.Count >= FailureBudget.OffFrom)
                return new Count.Off();
            if (counter.BlockedUntil > now)
                return new Count.Paused(counter.BlockedUntil.Value);

            var failures = (int)counter.Count + 1;
            var pause = FailureBudget.PauseAfter(failures);
            DateTimeOffset? until = pause > TimeSpan.Zero ? now + pause : null;
            var expires = now + (pause > FailureBudget.Memory ? pause : FailureBudget.Memory);
            var taken = await db.Counters.Where(row => row.Key == key && row.Count == counter.Count).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.Count, failures).SetProperty(row => row.BlockedUntil, until)
                    .SetProperty(row => row.WindowStart, now).SetProperty(row => row.ExpiresAt, expires),
                cancellationToken);
            if (taken == 1)
                return new Count.Taken(failures);
        }
    }

    // A first row is only written when there is room for it; one that is there grows only as far as the limit, or begins anew when its window is over.
    private static void AppendTake(ServerDb db, DbCommand command, StringBuilder text, Limit limit, DateTimeOffset now)
    {
        var key = Parameter(command, limit.Key);
        var start = Parameter(command, Stored(db, limit.Since ?? now));
        var over = Parameter(command, Stored(db, limit.Since is { } since ? since.AddMilliseconds(-1) : now - limit.Window));
        var expires = Parameter(command, Stored(db, (limit.Since ?? now) + limit.Window));
        var by = Parameter(command, limit.By);
        var most = Parameter(command, limit.Most);
        text.Append(CultureInfo.InvariantCulture, $"""
            INSERT INTO "Counters" ("Key", "WindowStart", "Count", "ExpiresAt") SELECT {key}, {start}, {by}, {expires} WHERE {by} <= {most}
            ON CONFLICT ("Key") DO UPDATE SET
                "Count" = CASE WHEN "Counters"."WindowStart" <= {over} THEN excluded."Count" ELSE "Counters"."Count" + excluded."Count" END,
                "WindowStart" = CASE WHEN "Counters"."WindowStart" <= {over} THEN excluded."WindowStart" ELSE "Counters"."WindowStart" END,
                "ExpiresAt" = CASE WHEN "Counters"."WindowStart" <= {over} THEN excluded."ExpiresAt" ELSE "Counters"."ExpiresAt" END
            WHERE "Counters"."WindowStart" <= {over} OR "Counters"."Count" + excluded."Count" <= {most}
            RETURNING "Key";

            """);
    }

    private static void AppendSettle(ServerDb db, DbCommand command, StringBuilder text, GiveBack step, DateTimeOffset at)
    {
        var key = Parameter(command, step.Key);
        if (step.By == 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"""DELETE FROM "Counters" WHERE "Key" = {key};""").AppendLine();
            return;
        }

        var by = Parameter(command, step.By);
        text.Append(CultureInfo.InvariantCulture, $"""
            UPDATE "Counters" SET "Count" = CASE WHEN "Count" > {by} THEN "Count" - {by} ELSE 0 END
            WHERE "Key" = {key} AND "WindowStart" <= {Parameter(command, Stored(db, at))};

            """);
    }

    private static async Task<DateTimeOffset> RoomAtAsync(ServerDb db, List<Limit> full, DateTimeOffset now, CancellationToken cancellationToken)
    {
        List<string> keys = [.. full.Select(limit => limit.Key)];
        var starts = await db.Counters.Where(row => keys.Contains(row.Key)).ToDictionaryAsync(row => row.Key, row => row.WindowStart, StringComparer.Ordinal, cancellationToken);
        return full.Max(limit => (limit.Since ?? starts.GetValueOrDefault(limit.Key, now)) + limit.Window);
    }

    private static string Parameter(DbCommand command, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = string.Create(CultureInfo.InvariantCulture, $"@p{command.Parameters.Count}");
        parameter.Value = value;
        command.Parameters.Add(parameter);
        return parameter.ParameterName;
    }

    // SQL that is written by hand passes by the model's conversion of times.
    private static object Stored(ServerDb db, DateTimeOffset time) => db.Database.IsSqlite() ? time.UtcTicks : time.ToUniversalTime();
}

/// <summary>What is given back of a counter; 0: all of it.</summary>
internal readonly record struct GiveBack(string Key, long By = 1);

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
