using IdentityServer.Core.Abuse;
using IdentityServer.Core.Persistence;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Core.Tests.Abuse;

public sealed class SqliteCountingTests(SqliteDatabase database) : CountingTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresCountingTests(PostgresDatabase database) : CountingTests(database), IClassFixture<PostgresDatabase>;

/// <summary>Counters, one by one and all at once.</summary>
public abstract class CountingTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private readonly TestDatabase database;

    protected CountingTests(TestDatabase database)
    {
        database.SkipIfMissing();
        this.database = database;
    }

    private DateTimeOffset Now => database.Clock.Now;

    [Fact]
    public async Task A_limit_has_room_until_it_is_full_and_again_when_its_window_is_over()
    {
        var limit = new Limit(NewKey(), 3, Hour);
        for (var i = 0; i < 3; i++)
            Assert.Null(await TakeAsync(limit));
        var start = Now;
        database.Clock.Advance(TimeSpan.FromMinutes(59));

        var full = await TakeAsync(limit);

        Assert.Equal([limit.Key], full!.Keys);
        Assert.Equal(start + Hour, full.Until);
        database.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(await TakeAsync(limit));
        Assert.Equal(1, await CountAsync(limit.Key));
    }

    [Fact]
    public async Task What_one_limit_refuses_counts_in_none()
    {
        var (narrow, wide) = (new Limit("a" + NewKey(), 1, Hour), new Limit("b" + NewKey(), 10, Hour));
        Assert.Null(await TakeAsync(narrow, wide));

        Assert.Equal([narrow.Key], (await TakeAsync(wide, narrow))!.Keys);

        Assert.Equal(1, await CountAsync(wide.Key));
    }

    [Fact]
    public async Task Amounts_are_taken_whole_or_not_at_all()
    {
        var limit = new Limit(NewKey(), 100, Hour) { By = 40 };
        Assert.Null(await TakeAsync(limit));
        Assert.Null(await TakeAsync(limit));

        Assert.NotNull(await TakeAsync(limit));
        Assert.Null(await TakeAsync(limit with { By = 20 }));
        Assert.NotNull(await TakeAsync(limit with { Key = NewKey(), By = 101 }));

        Assert.Equal(100, await CountAsync(limit.Key));
    }

    [Fact]
    public async Task A_calendar_window_ends_with_the_calendar()
    {
        var day = new DateTimeOffset(Now.UtcDateTime.Date, TimeSpan.Zero);
        var limit = new Limit(NewKey(), 1, TimeSpan.FromDays(1)) { Since = day };
        Assert.Null(await TakeAsync(limit));

        Assert.Equal(day.AddDays(1), (await TakeAsync(limit))!.Until);
        Assert.Null(await TakeAsync(limit with { Since = day.AddDays(1) }));
    }

    [Fact]
    public async Task What_is_given_back_has_room_again_but_never_below_zero_and_never_of_a_later_window()
    {
        var limit = new Limit(NewKey(), 2, Hour);
        await TakeAsync(limit);
        await TakeAsync(limit);
        var at = Now;

        await RunAsync(db => Counting.GiveBackAsync(db, [limit.Key, NewKey()], at, default));
        Assert.Equal(1, await CountAsync(limit.Key));
        await RunAsync(db => Counting.SettleAsync(db, [new GiveBack(limit.Key, 5)], [], at, default));
        Assert.Equal(0, await CountAsync(limit.Key));

        database.Clock.Advance(Hour);
        await TakeAsync(limit);
        await RunAsync(db => Counting.GiveBackAsync(db, [limit.Key], at, default));
        Assert.Equal(1, await CountAsync(limit.Key));
        await RunAsync(db => Counting.SettleAsync(db, [], [limit.Key], Now, default));
        Assert.Null(await CountAsync(limit.Key));
    }

    // "N parallel starts never exceed a limit by one": with the limits of a start, in both orders.
    [Fact]
    public async Task Parallel_requests_never_exceed_a_limit_by_one()
    {
        var (narrow, wide) = (new Limit("a" + NewKey(), 1000, Hour), new Limit("b" + NewKey(), 20, Hour));

        var results = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Task.Run(() => i % 2 == 0 ? TakeAsync(narrow, wide) : TakeAsync(wide, narrow))));

        Assert.Equal(20, results.Count(result => result is null));
        Assert.Equal(20, await CountAsync(wide.Key));
        Assert.Equal(20, await CountAsync(narrow.Key));
    }

    private static string NewKey() => $"test:{System.Security.Cryptography.RandomNumberGenerator.GetHexString(16)}";

    private async Task<Full?> TakeAsync(params Limit[] limits)
    {
        await using var db = await database.OpenAsync();
        await using var transaction = await db.Database.BeginTransactionAsync();
        var full = await Counting.TakeAsync(db, limits, Now, default);
        if (full is null)
            await transaction.CommitAsync();
        return full;
    }

    private async Task RunAsync(Func<ServerDb, Task> run)
    {
        await using var db = await database.OpenAsync();
        await run(db);
    }

    private async Task<long?> CountAsync(string key)
    {
        await using var db = await database.OpenAsync();
        return await db.Counters.Where(row => row.Key == key).Select(row => (long?)row.Count).SingleOrDefaultAsync();
    }
}
