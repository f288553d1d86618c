using IdentityServer.Core.Audit;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Administration;

/// <summary>What happened in a part of time.</summary>
/// <param name="From">Its beginning, UTC.</param>
public sealed record ActivityPoint(DateTimeOffset From)
{
    /// <summary>People who signed in or signed up.</summary>
    public int SignIns { get; init; }

    /// <summary>Messages that providers took.</summary>
    public int MessagesSent { get; init; }

    /// <summary>Addresses that were proved with a code or link, sign-ins among them.</summary>
    public int Verified { get; init; }

    /// <summary>Seconds from asking to the provider's yes, on average; null when nothing was sent.</summary>
    public double? SecondsToAcceptance { get; init; }

    /// <summary>The same for the slowest message.</summary>
    public double? SlowestSeconds { get; init; }

    /// <summary>Wrong codes.</summary>
    public int WrongCodes { get; init; }

    /// <summary>Requests that a limit, a disabled account or closed registration stopped. A limit counts once for each window.</summary>
    public int Refused { get; init; }

    /// <summary>Messages that were given up.</summary>
    public int MessagesLost { get; init; }
}

/// <summary>A provider as this instance sees it.</summary>
/// <param name="Name">As in the settings.</param>
/// <param name="Channel">What it sends.</param>
/// <param name="PausedUntil">It failed and is left alone until then; null: it is in use.</param>
public sealed record ProviderState(string Name, Channel Channel, DateTimeOffset? PausedUntil);

/// <summary>How the server is.</summary>
/// <param name="Users">Accounts.</param>
/// <param name="Waiting">Messages that no provider took yet.</param>
/// <param name="WaitingSince">When the oldest of them was due; null when none waits.</param>
/// <param name="Providers">In the order in which they are tried.</param>
public sealed record ServerState(int Users, int Waiting, DateTimeOffset? WaitingSince, IReadOnlyList<ProviderState> Providers);

/// <summary>Numbers for the first page of the admin site. Each query walks an index over the time that is asked for, and no further.</summary>
public sealed class ServerOverview
{
    private readonly ServerDb db;
    private readonly Senders senders;
    private readonly ProviderHealth health;
    private readonly TimeProvider time;

    internal ServerOverview(ServerDb db, Senders senders, ProviderHealth health, TimeProvider time)
    {
        (this.db, this.senders, this.health, this.time) = (db, senders, health, time);
    }

    /// <summary>The last 24 hours by hour; the present one is the last and not over.</summary>
    public Task<IReadOnlyList<ActivityPoint>> HoursAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var hour = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero);
        return ActivityAsync(hour.AddHours(-23), TimeSpan.FromHours(1), 24, cancellationToken);
    }

    /// <summary>The last 30 days (UTC) by day; today is the last and not over.</summary>
    public Task<IReadOnlyList<ActivityPoint>> DaysAsync(CancellationToken cancellationToken)
    {
        var today = new DateTimeOffset(time.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero);
        return ActivityAsync(today.AddDays(-29), TimeSpan.FromDays(1), 30, cancellationToken);
    }

    /// <summary>How the server is now; providers as this instance sees them.</summary>
    public async Task<ServerState> StateAsync(CancellationToken cancellationToken)
    {
        var queued = db.Messages.Where(row => row.Status == MessageStatus.Queued);
        var oldest = await queued.OrderBy(row => row.NotBefore).Select(row => (DateTimeOffset?)row.NotBefore).FirstOrDefaultAsync(cancellationToken);
        return new(
            await db.Users.CountAsync(cancellationToken),
            await queued.CountAsync(cancellationToken),
            oldest,
            [.. senders.All.Select(sender => new ProviderState(sender.Name, sender.Channel, health.PausedUntil(sender)))]);
    }

    private async Task<IReadOnlyList<ActivityPoint>> ActivityAsync(DateTimeOffset from, TimeSpan width, int count, CancellationToken cancellationToken)
    {
        var events = (await EventsAsync(from, width, cancellationToken)).ToLookup(row => row.Bucket);
        var messages = (await MessagesAsync(from, width, cancellationToken)).ToLookup(row => row.Bucket);
        return [.. Enumerable.Range(0, count).Select(i => Point(from + (i * width), [.. events[i]], [.. messages[i]]))];
    }

    private static ActivityPoint Point(DateTimeOffset from, List<Events> events, List<Messages> messages)
    {
        int Of(params ReadOnlySpan<AuditKind> kinds)
        {
            var sum = 0;
            foreach (var kind in kinds)
                sum += events.Where(row => row.Kind == kind.ToString()).Sum(row => row.Count);
            return sum;
        }

        var sent = messages.Find(row => row.Status == nameof(MessageStatus.Sent));
        return new(from)
        {
            SignIns = Of(AuditKind.SignedIn, AuditKind.SignedUp),
            MessagesSent = sent?.Count ?? 0,
            Verified = Of(AuditKind.SignedIn, AuditKind.SignedUp, AuditKind.Activated, AuditKind.AddressChanged, AuditKind.PresenceConfirmed),
            SecondsToAcceptance = sent?.Average,
            SlowestSeconds = sent?.Slowest,
            WrongCodes = Of(AuditKind.WrongCode),
            Refused = Of(AuditKind.LimitReached, AuditKind.SignInRefused, AuditKind.SmsWithheld),
            MessagesLost = messages.Where(row => row.Status != nameof(MessageStatus.Sent)).Sum(row => row.Count),
        };
    }

    // On the index of Kind and At. EF Core knows no division of time that both databases have.
    private Task<List<Events>> EventsAsync(DateTimeOffset from, TimeSpan width, CancellationToken cancellationToken)
    {
        string[] kinds =
        [
            .. new[]
            {
                AuditKind.SignedIn, AuditKind.SignedUp, AuditKind.Activated, AuditKind.AddressChanged, AuditKind.PresenceConfirmed,
                AuditKind.WrongCode, AuditKind.LimitReached, AuditKind.SignInRefused, AuditKind.SmsWithheld,
            }.Select(kind => $"'{kind}'"),
        ];
        var sql = $"""
            SELECT "Kind", {Bucket("At")} AS "Bucket", CAST(COUNT(*) AS integer) AS "Count"
            FROM "AuditEvents" WHERE "Kind" IN ({string.Join(", ", kinds)}) AND "At" >= @p0 GROUP BY 1, 2
            """;
        return db.Database.SqlQueryRaw<Events>(sql, Stored(from), Width(width)).ToListAsync(cancellationToken);
    }

    // On the index of Status and NotBefore, which is when the message was first due unless a try failed.
    private Task<List<Messages>> MessagesAsync(DateTimeOffset from, TimeSpan width, CancellationToken cancellationToken)
    {
        var lasted = db.Database.IsNpgsql() ? """CAST(extract(epoch FROM ("SentAt" - "CreatedAt")) AS double precision)""" : """("SentAt" - "CreatedAt") / 10000000.0""";
        var sql = $"""
            SELECT "Status", {Bucket("NotBefore")} AS "Bucket", CAST(COUNT(*) AS integer) AS "Count", AVG({lasted}) AS "Average", MAX({lasted}) AS "Slowest"
            FROM "Messages" WHERE "Status" IN ('Sent', 'Failed', 'Expired') AND "NotBefore" >= @p0 AND ("LastError" IS NULL OR "LastError" <> 'superseded') GROUP BY 1, 2
            """;
        return db.Database.SqlQueryRaw<Messages>(sql, Stored(from), Width(width)).ToListAsync(cancellationToken);
    }

    private string Bucket(string column) => db.Database.IsNpgsql()
        ? $"""CAST(floor(extract(epoch FROM ("{column}" - @p0)) / @p1) AS integer)"""
        : $"""CAST(("{column}" - @p0) / @p1 AS integer)""";

    private object Stored(DateTimeOffset at) => db.Database.IsNpgsql() ? at : at.UtcTicks;

    private object Width(TimeSpan width) => db.Database.IsNpgsql() ? width.TotalSeconds : width.Ticks;

    private sealed record Events(string Kind, int Bucket, int Count);

    private sealed record Messages(string Status, int Bucket, int Count, double? Average, double? Slowest);
}
