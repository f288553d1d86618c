using IdentityServer.Core.Abuse;
using IdentityServer.Core.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace IdentityServer.Core.Tests.Abuse;

public sealed class SqliteRefusedRequestsTests(SqliteDatabase database) : RefusedRequestsTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresRefusedRequestsTests(PostgresDatabase database) : RefusedRequestsTests(database), IClassFixture<PostgresDatabase>;

public abstract class RefusedRequestsTests
{
    private const int Most = 100;
    private readonly TestDatabase database;

    protected RefusedRequestsTests(TestDatabase database)
    {
        database.SkipIfMissing();
        this.database = database;
        database.Clock.Advance(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Refused_requests_end_at_the_limit_and_begin_again_with_the_next_window()
    {
        var limit = Instance();
        Assert.Equal(Most, await RefuseAsync(limit, "192.0.2.1", 150));

        var until = await limit.EnterAsync("192.0.2.99");
        Assert.InRange(until!.Value - database.Clock.Now, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        Assert.Null(await limit.EnterAsync("192.0.3.1"));
        database.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(await limit.EnterAsync("192.0.2.1"));
    }

    [Fact]
    public async Task What_succeeds_is_never_limited_and_costs_no_row()
    {
        var limit = Instance();
        for (var request = 0; request < 1000; request++)
        {
            Assert.Null(await limit.EnterAsync("198.51.100.1"));
            limit.Succeeded("198.51.100.1");
        }

        await using var db = await database.OpenAsync();
        Assert.False(await db.Counters.AnyAsync(counter => counter.Key == "requests-refused:198.51.100.0/24"));
    }

    [Fact]
    public async Task All_at_once_on_two_instances_pass_the_limit_by_no_more_than_the_second_one_s_first_few()
    {
        var instances = new[] { Instance(), Instance() };

        var entered = await Task.WhenAll(Enumerable.Range(0, 300).Select(i => Task.Run(() => instances[i % 2].EnterAsync("203.0.113.1"))));

        Assert.InRange(entered.Count(until => until is null), Most, Most + RefusedRequests.Block);
    }

    private static async Task<int> RefuseAsync(RefusedRequests limit, string ip, int times)
    {
        var entered = 0;
        for (var request = 0; request < times; request++)
            entered += await limit.EnterAsync(ip) is null ? 1 : 0;
        return entered;
    }

    private RefusedRequests Instance() => new(
        database.Services.GetRequiredService<IDbContextFactory<ServerDb>>(),
        Options.Create(new LimitOptions { RefusedRequestsPerNetworkAndMinute = Most }),
        database.Clock,
        NullLogger<RefusedRequests>.Instance);
}
