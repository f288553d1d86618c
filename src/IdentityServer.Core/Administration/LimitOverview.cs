using IdentityServer.Core.Abuse;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Delivery.Sms;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Administration;

/// <summary>A limit and whom it stops now.</summary>
/// <param name="Setting">Its name in the section <c>Limits</c>, or words where it is fixed.</param>
/// <param name="Counts">What it counts, for people.</param>
/// <param name="Most">How much is allowed.</param>
/// <param name="Full">How many addresses, networks or applications it stops now.</param>
public sealed record LimitState(string Setting, string Counts, long Most, int Full)
{
    /// <summary>How much is used; only for limits that count everybody together.</summary>
    public long? Used { get; init; }
}

/// <summary>A country that text messages go to.</summary>
/// <param name="Country">ISO 3166-1.</param>
/// <param name="Price">Of one message, in the budget's currency.</param>
/// <param name="Unanswered">Messages of this hour that nobody answered.</param>
/// <param name="Most">When so many are not answered, the country pauses.</param>
public sealed record CountryState(string Country, decimal Price, long Unanswered, int Most);

/// <summary>What is spent of a budget; what is counted is asked for, not what a provider bills.</summary>
public sealed record BudgetState(decimal Spent, decimal Most);

/// <summary>Limits and the text messages' budget, without addresses.</summary>
public sealed record LimitsNow(IReadOnlyList<LimitState> Limits, BudgetState Today, BudgetState Month, IReadOnlyList<CountryState> Countries);

/// <summary>Shows administrators what limits count and whom they stop.</summary>
public sealed class LimitOverview
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private readonly ServerDb db;
    private readonly LimitOptions most;
    private readonly SmsOptions sms;
    private readonly TimeProvider time;

    internal LimitOverview(ServerDb db, IOptions<LimitOptions> limits, IOptions<DeliveryOptions> delivery, TimeProvider time)
    {
        this.db = db;
        this.time = time;
        most = limits.Value;
        sms = delivery.Value.Sms;
    }

    /// <summary>All of it, now.</summary>
    public async Task<LimitsNow> ReadAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var limits = new List<LimitState>();
        foreach (var kind in Kinds())
            limits.Add(new(kind.Setting, kind.Counts, kind.Most, await FullAsync(kind, now, cancellationToken)) { Used = await UsedAsync(kind, now, cancellationToken) });

        limits.Add(new("fixed", "Wrong codes for one address, in a row: from the tenth on codes pause", FailureBudget.PauseFrom,
            await Live("code-failures:", now).CountAsync(row => row.BlockedUntil > now, cancellationToken)));
        return new(limits, await SpentAsync(SmsGate.DayKey, sms.Budget.Day, now, cancellationToken), await SpentAsync(SmsGate.MonthKey, sms.Budget.Month, now, cancellationToken),
            await CountriesAsync(now, cancellationToken));
    }

    // A network's /64 and the /48 around it are counted under one name: a /48 shows as full when it has what a /64 may.
    private IEnumerable<Kind> Kinds() =>
    [
        new("StartsPerAddressAndMinute", "Sign-ins for one address in a minute", "address-starts-minute", most.StartsPerAddressAndMinute, Minute),
        new("MessagesPerAddressAndHour", "Messages to one address in an hour", "address-messages-hour", most.MessagesPerAddressAndHour, Hour),
        new("MessagesPerAddressAndDay", "Messages to one address in a day", "address-messages-day", most.MessagesPerAddressAndDay, Day),
        new("StartsPerAddressAndNetworkAndDay", "Sign-ins for one address from one network in a day", "address-network-starts", most.StartsPerAddressAndNetworkAndDay, Day),
        new("StartsPerNetworkAndHour", "Unfinished sign-ins from one network in an hour", "network-starts", most.StartsPerNetworkAndHour, Hour),
        new("StartsPerApplicationAndHour", "Unfinished sign-ins for one application in an hour", "application-starts", most.StartsPerApplicationAndHour, Hour),
        new("StartsPerHour", "Unfinished sign-ins in an hour, all together", "overall-starts", most.StartsPerHour, Hour),
        new("WrongCodesPerNetworkAndHour", "Wrong codes from one network in an hour", "network-tries", most.WrongCodesPerNetworkAndHour, Hour),
        new("WrongCodesPerApplicationAndHour", "Wrong codes through one application in an hour", "application-tries", most.WrongCodesPerApplicationAndHour, Hour),
        new("WrongCodesPerHour", "Wrong codes in an hour, all together", "overall-tries", most.WrongCodesPerHour, Hour),
    ];

    // On the index of ExpiresAt: what is over is not looked at.
    private IQueryable<Counter> Live(string prefix, DateTimeOffset now) =>
        db.Counters.AsNoTracking().Where(row => row.ExpiresAt > now && row.Key.StartsWith(prefix));

    private Task<int> FullAsync(Kind kind, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var began = now - kind.Window;
        return Live(kind.Name, now).CountAsync(row => row.WindowStart > began && row.Count >= kind.Most, cancellationToken);
    }

    private async Task<long?> UsedAsync(Kind kind, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!kind.Name.StartsWith("overall-", StringComparison.Ordinal))
            return null;
        var began = now - kind.Window;
        return await db.Counters.Where(row => row.Key == kind.Name && row.WindowStart > began).Select(row => row.Count).SingleOrDefaultAsync(cancellationToken);
    }

    private async Task<BudgetState> SpentAsync(string key, decimal budget, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        var since = key == SmsGate.DayKey ? today : today.AddDays(1 - today.Day);
        var units = await db.Counters.Where(row => row.Key == key && row.WindowStart >= since).Select(row => row.Count).SingleOrDefaultAsync(cancellationToken);
        return new(units * SmsBudget.Unit, budget);
    }

    private async Task<IReadOnlyList<CountryState>> CountriesAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var began = now - Hour;
        var counted = await Live(SmsGate.UnansweredKey, now).Where(row => row.WindowStart > began).ToDictionaryAsync(row => row.Key, row => row.Count, StringComparer.Ordinal, cancellationToken);
        return
        [
            .. sms.Countries.Order(StringComparer.Ordinal).Select(country => new CountryState(
                country, sms.Prices[country], counted.GetValueOrDefault(SmsGate.UnansweredKey + country), most.UnansweredSmsPerCountryAndHour)),
        ];
    }

    private sealed record Kind(string Setting, string Counts, string Name, long Most, TimeSpan Window);
}
