using System.Collections.Concurrent;
using IdentityServer.Core.Abuse;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Delivery.Sms;
using IdentityServer.Core.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Proofs;

/// <summary>The country that a phone number (E.164) is of, by ISO 3166-1; null when there is none.</summary>
internal delegate string? CountryOf(string number);

/// <summary>
/// Decides whether a text message may be sent, and counts what it costs: SMS pumping makes its money with messages that nobody waits for. Who
/// asks sees the same page either way.
/// </summary>
internal sealed class SmsGate(
    IOptions<DeliveryOptions> delivery, IOptions<LimitOptions> limits, CountryOf countryOf, SmsAlarm alarm)
{
    internal const string DayKey = "sms-spent-day";
    internal const string MonthKey = "sms-spent-month";

    // Comes before the others in order: an answer gives it back and may count a notice's text message afterwards. Taken the other way round, that and a
    // start would each wait for what the other holds.
    internal const string UnansweredKey = "sms-not-answered:";
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly SmsOptions sms = delivery.Value.Sms;

    /// <summary>
    /// Counts a message in the caller's transaction; null when it may be sent, otherwise why not, for the audit log. What a refusal began to
    /// count is taken back.
    /// </summary>
    public async Task<string?> TakeAsync(ServerDb db, string number, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (countryOf(number) is not { } country || !sms.Countries.Contains(country, StringComparer.Ordinal))
            return "country";

        var cost = SmsBudget.Units(sms.Prices[country]);
        var day = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        var month = day.AddDays(1 - day.Day);
        Limit[] counted =
        [
            new(UnansweredKey + country, limits.Value.UnansweredSmsPerCountryAndHour, Hour),
            new(DayKey, SmsBudget.Units(sms.Budget.Day), TimeSpan.FromDays(1)) { By = cost, Since = day },
            new(MonthKey, SmsBudget.Units(sms.Budget.Month), month.AddMonths(1) - month) { By = cost, Since = month },
        ];

        await db.Database.CurrentTransaction!.CreateSavepointAsync("sms", cancellationToken);
        if (await Counting.TakeAsync(db, counted, now, cancellationToken) is not { } full)
            return null;

        await db.Database.CurrentTransaction!.RollbackToSavepointAsync("sms", cancellationToken);
        alarm.Raise(full);
        return full.Keys.Any(key => key is DayKey or MonthKey) ? "budget" : "unanswered";
    }

    /// <summary>What an answered message gives back: see <see cref="LimitOptions.UnansweredSmsPerAnswer"/>.</summary>
    public IEnumerable<GiveBack> Answered(string number) =>
        countryOf(number) is { } country ? [new GiveBack(UnansweredKey + country, limits.Value.UnansweredSmsPerAnswer)] : [];
}

/// <summary>Tells the operator, once for each stop and instance: whoever attacks must not fill the log as well.</summary>
internal sealed class SmsAlarm(ILogger<SmsAlarm> logger)
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> raised = new(StringComparer.Ordinal);

    public void Raise(Full full)
    {
        foreach (var key in full.Keys)
        {
            if (raised.TryGetValue(key, out var until) && until == full.Until)
                continue;

            raised[key] = full.Until;
            logger.LogError("Text messages are stopped until {Until:u}: {Reason}", full.Until, Reason(key));
        }
    }

    internal static string Reason(string key) => key switch
    {
        SmsGate.DayKey => "the budget of the day is spent (Delivery:Sms:Budget:Day). Look into the audit log who asks before raising it.",
        SmsGate.MonthKey => "the budget of the month is spent (Delivery:Sms:Budget:Month). Look into the audit log who asks before raising it.",
        _ => $"in {key[SmsGate.UnansweredKey.Length..]} hardly anybody answers them (Limits:UnansweredSmsPerCountryAndHour). That is what SMS pumping looks like.",
    };
}

/// <summary>What the health check asks.</summary>
public sealed class SmsStops
{
    private readonly IDbContextFactory<ServerDb> databases;
    private readonly SmsOptions sms;
    private readonly LimitOptions limits;
    private readonly TimeProvider time;

    internal SmsStops(IDbContextFactory<ServerDb> databases, IOptions<DeliveryOptions> delivery, IOptions<LimitOptions> limits, TimeProvider time)
    {
        this.databases = databases;
        this.time = time;
        sms = delivery.Value.Sms;
        this.limits = limits.Value;
    }

    /// <summary>Why text messages, or some of them, are not sent at present; empty when all is well or none are to be sent.</summary>
    public async Task<IReadOnlyList<string>> FindAsync(CancellationToken cancellationToken)
    {
        if (sms.Countries.Count == 0)
            return [];

        var now = time.GetUtcNow();
        var dearest = SmsBudget.Units(sms.Countries.Max(country => sms.Prices[country]));
        List<string> keys = [SmsGate.DayKey, SmsGate.MonthKey, .. sms.Countries.Select(country => SmsGate.UnansweredKey + country)];
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var counters = await db.Counters.AsNoTracking().Where(row => keys.Contains(row.Key)).ToListAsync(cancellationToken);
        return [.. counters.Where(counter => counter.Key switch
        {
            SmsGate.DayKey => counter.WindowStart.UtcDateTime.Date == now.UtcDateTime.Date && counter.Count + dearest > SmsBudget.Units(sms.Budget.Day),
            SmsGate.MonthKey => counter.WindowStart.UtcDateTime.Date.AddMonths(1) > now.UtcDateTime && counter.Count + dearest > SmsBudget.Units(sms.Budget.Month),
            _ => counter.WindowStart.AddHours(1) > now && counter.Count >= limits.UnansweredSmsPerCountryAndHour,
        }).Select(counter => SmsAlarm.Reason(counter.Key))];
    }
}
