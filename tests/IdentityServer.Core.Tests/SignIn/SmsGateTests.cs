using IdentityServer.Core.Abuse;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Delivery.Sms;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Proofs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

public sealed class SqliteSmsGateTests(SqliteDatabase database) : SmsGateTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresSmsGateTests(PostgresDatabase database) : SmsGateTests(database), IClassFixture<PostgresDatabase>;

public abstract class SmsGateTests : IAsyncLifetime
{
    private const string German = "+491701234567";
    private const string Swiss = "+41791234567";
    private readonly TestDatabase database;
    private readonly Journal log = new();
    private readonly SmsAlarm alarm;

    protected SmsGateTests(TestDatabase database)
    {
        database.SkipIfMissing();
        this.database = database;
        alarm = new SmsAlarm(log);
    }

    private static SmsOptions Sms => new()
    {
        Countries = ["DE"],
        Prices = new Dictionary<string, decimal> { ["DE"] = 0.08m },
        Budget = new SmsBudget { Day = 0.8m, Month = 1.6m },
    };

    public async ValueTask InitializeAsync()
    {
        if (database.Missing is not null)
            return;
        await using var db = await database.OpenAsync();
        await db.Counters.ExecuteDeleteAsync();
        database.Clock.Advance(new DateTimeOffset(database.Clock.Now.UtcDateTime.Date, TimeSpan.Zero).AddDays(1) - database.Clock.Now);
        while (database.Clock.Now.Day != 5)
            database.Clock.Advance(TimeSpan.FromDays(1));
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    // A5
    [Theory]
    [InlineData(Swiss)]
    [InlineData("+99912345")]
    public async Task A_number_of_a_country_that_was_not_chosen_gets_nothing_and_counts_nowhere(string number)
    {
        Assert.Equal("country", await TakeAsync(number));

        await using var db = await database.OpenAsync();
        Assert.Empty(await db.Counters.ToListAsync());
    }

    // A5
    [Fact]
    public async Task Without_countries_there_are_no_text_messages() => Assert.Equal("country", await TakeAsync(German, new SmsOptions()));

    // A7
    [Fact]
    public async Task The_budget_of_the_day_stops_hard_tells_the_operator_once_and_ends_with_the_day()
    {
        for (var message = 0; message < 10; message++)
            Assert.Null(await TakeAsync(German));

        Assert.Equal("budget", await TakeAsync(German));
        Assert.Equal("budget", await TakeAsync(German));
        Assert.Equal((LogLevel.Error, 1), (log.Entries.Single().Level, log.Entries.Count(entry => entry.Text.Contains("Delivery:Sms:Budget:Day", StringComparison.Ordinal))));
        Assert.Contains("Delivery:Sms:Budget:Day", Assert.Single(await StopsAsync()), StringComparison.Ordinal);

        database.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Empty(await StopsAsync());
        Assert.Null(await TakeAsync(German));
    }

    // A7
    [Fact]
    public async Task The_budget_of_the_month_outlives_its_days_and_pruning()
    {
        for (var message = 0; message < 20; message++)
        {
            Assert.Null(await TakeAsync(German));
            if (message == 9)
                database.Clock.Advance(TimeSpan.FromDays(1));
        }

        database.Clock.Advance(new DateTimeOffset(database.Clock.Now.Year, database.Clock.Now.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1).AddHours(-1) - database.Clock.Now);
        await database.Services.GetRequiredService<PruneJob>().RunAsync(default);

        Assert.Equal("budget", await TakeAsync(German));
        Assert.Contains("Delivery:Sms:Budget:Month", Assert.Single(await StopsAsync()), StringComparison.Ordinal);
        database.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Null(await TakeAsync(German));
    }

    // A7
    [Fact]
    public async Task Messages_all_at_once_never_cost_more_than_the_budget()
    {
        var reasons = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => Task.Run(() => TakeAsync(German))));

        Assert.Equal(10, reasons.Count(reason => reason is null));
        await using var db = await database.OpenAsync();
        Assert.Equal(8000, await db.Counters.Where(row => row.Key == SmsGate.DayKey).Select(row => row.Count).SingleAsync());
    }

    // A8
    [Fact]
    public async Task A_country_where_nobody_answers_pauses_and_answers_keep_it_open()
    {
        var sms = Sms;
        sms.Budget = new SmsBudget { Day = 1000, Month = 1000 };
        for (var message = 0; message < 200; message++)
        {
            Assert.Null(await TakeAsync(German, sms));
            if (message % 4 == 0)
                await AnswerAsync(German, sms);
        }

        var sent = 0;
        while (await TakeAsync(German, sms) is null)
            sent++;

        Assert.InRange(sent, 40, 50);
        Assert.Equal("unanswered", await TakeAsync(German, sms));
        Assert.Contains("DE", Assert.Single(await StopsAsync(sms)), StringComparison.Ordinal);
        database.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Empty(await StopsAsync(sms));
        Assert.Null(await TakeAsync(German, sms));
    }

    [Theory]
    [InlineData("de", 0.08, 1, 2, "\"de\" is no country code")]
    [InlineData("DE", null, 1, 2, "Delivery:Sms:Prices:DE is not set")]
    [InlineData("DE", 0.0, 1, 2, "Delivery:Sms:Prices:DE must be")]
    [InlineData("DE", 0.08, 0, 2, "Delivery:Sms:Budget:Day is not set")]
    [InlineData("DE", 0.08, 2, 1, "Delivery:Sms:Budget:Month must be set")]
    public void Text_messages_need_a_price_and_a_budget(string country, double? price, int day, int month, string problem)
    {
        var sms = new SmsOptions { Countries = [country], Budget = new SmsBudget { Day = day, Month = month } };
        if (price is { } value)
            sms.Prices[country] = (decimal)value;

        Assert.Contains(problem, Assert.Single(sms.SpendingProblems()), StringComparison.Ordinal);
    }

    private static string? CountryOf(string number) =>
        number.StartsWith("+49", StringComparison.Ordinal) ? "DE" : number.StartsWith("+41", StringComparison.Ordinal) ? "CH" : null;

    private static IOptions<DeliveryOptions> Delivery(SmsOptions? sms) => Options.Create(new DeliveryOptions { Sms = sms ?? Sms });

    private SmsGate Gate(SmsOptions? sms) => new(Delivery(sms), Options.Create(new LimitOptions()), CountryOf, alarm);

    private async Task<string?> TakeAsync(string number, SmsOptions? sms = null)
    {
        await using var db = await database.OpenAsync();
        await using var transaction = await db.Database.BeginTransactionAsync();
        var reason = await Gate(sms).TakeAsync(db, number, database.Clock.Now, default);
        await transaction.CommitAsync();
        return reason;
    }

    private async Task AnswerAsync(string number, SmsOptions sms)
    {
        await using var db = await database.OpenAsync();
        await Counting.SettleAsync(db, [.. Gate(sms).Answered(number)], [], database.Clock.Now, default);
    }

    private Task<IReadOnlyList<string>> StopsAsync(SmsOptions? sms = null) => new SmsStops(
        database.Services.GetRequiredService<IDbContextFactory<ServerDb>>(), Delivery(sms), Options.Create(new LimitOptions()), database.Clock).FindAsync(default);

    private sealed class Journal : ILogger<SmsAlarm>
    {
        public List<(LogLevel Level, string Text)> Entries { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (Entries)
                Entries.Add((logLevel, formatter(state, exception)));
        }
    }
}
