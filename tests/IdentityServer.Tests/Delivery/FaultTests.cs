using System.Linq.Expressions;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Keys;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace IdentityServer.Tests.Delivery;

/// <summary>
/// 1,000 messages while one of two gateways fails half of its calls and hangs on some, and the server's process is killed twice in the middle. Each
/// message is accepted once, or counted as of unknown end and given to nobody again; none is lost; good numbers get theirs.
/// </summary>
public sealed class FaultTests
{
    private const int Count = 1000;

    [Fact]
    public Task On_SQLite_every_message_is_accepted_once_or_known_to_be_of_unknown_end() =>
        RunAsync(("Database__ConnectionString", "Data Source=data/identityserver.db"));

    [Fact]
    public Task On_PostgreSQL_every_message_is_accepted_once_or_known_to_be_of_unknown_end()
    {
        if (PostgresCluster.Missing is { } reason)
            Assert.Skip(reason);
        return RunAsync(("Database__Provider", "Postgres"), ("Database__ConnectionString", PostgresCluster.NewDatabase()));
    }

    private static async Task RunAsync(params (string Name, string Value)[] database)
    {
        await using var gateway = await FaultyGateway.StartAsync();
        await using var server = await ServerProcess.StartAsync([.. database, .. Settings(gateway.Url)]);
        await using var here = Here(server.Folder, database);
        var numbers = await QueueAsync(here);

        List<(Message Row, int Kills)> inDoubt = [];
        foreach (var enough in (int[])[250, 600])
        {
            await UntilAsync(() => Task.FromResult(gateway.Calls.Count(call => call.Takes) >= enough), $"{enough} messages are taken", server);
            await server.KillAsync();
            // What it had in its hands: nobody can know what became of it.
            var leased = await RowsAsync(here, row => row.Status == MessageStatus.Queued && row.LeaseId != null);
            gateway.Kills++;
            inDoubt.AddRange(leased.Select(row => (row, gateway.Kills)));
            await server.KillAndRestartAsync();
        }

        await UntilAsync(async () => (await RowsAsync(here, row => row.Status == MessageStatus.Queued)).Count == 0, "nothing is queued", server);
        Check(numbers, await RowsAsync(here, _ => true), gateway.Calls, inDoubt);
    }

    private static void Check(Dictionary<Guid, string> numbers, List<Message> rows, IReadOnlyList<Call> calls, List<(Message Row, int Kills)> inDoubt)
    {
        Assert.Equal(Count, rows.Count);
        var doubtful = inDoubt.Select(doubt => doubt.Row.Id).ToHashSet();
        Assert.Equal([1, 2], inDoubt.Select(doubt => doubt.Kills).Distinct());
        var ledger = calls.ToLookup(call => call.Number);
        foreach (var row in rows)
        {
            var number = numbers[row.Id];
            var taken = ledger[number].Count(call => call.Takes);
            Assert.True(taken <= 1, $"{row.Id} was accepted {taken} times.");
            var hung = ledger[number].Any(call => call.Did is Did.Hung or Did.TookAndHung);
            var unknown = row is { Status: MessageStatus.Failed, LastError: "no answer in time" or "an earlier try may have arrived" };
            if (row.Status == MessageStatus.Sent)
                Assert.Equal(1, taken);
            else if (ledger[number].Any(call => call.Did == Did.KnowsNoSuchNumber) && !doubtful.Contains(row.Id))
                Assert.Equal((MessageStatus.Failed, 0), (row.Status, taken));
            else
                // Good numbers are unaffected: only what hung, or was in a killed server's hands, has no known end.
                Assert.True(unknown && (hung || doubtful.Contains(row.Id)), $"{row.Id}: {row.Status} {row.LastError}");

            // A gateway that recognises nothing is given nothing twice that it may have.
            Assert.True(!hung || ledger[number].Last().Did is Did.Hung or Did.TookAndHung, $"{row.Id} was sent after it hung.");
        }

        // After the kill nobody was given what the bad gateway may have had.
        foreach (var (row, kills) in inDoubt.Where(doubt => doubt.Row.Provider == "http"))
            Assert.DoesNotContain(ledger[numbers[row.Id]], call => call.Kills >= kills);

        // Half of its calls, but for those that the kills cut short.
        var bad = calls.Where(call => call.AtBad).ToList();
        Assert.InRange(bad.Count(call => call.Did == Did.Refused), bad.Count(call => call.Did == Did.Took) * 3 / 4, bad.Count);
        Assert.Contains(calls, call => call is { AtBad: false, Did: Did.Took });
        Assert.InRange(rows.Count(row => row.Status == MessageStatus.Sent), Count * 8 / 10, Count);
    }

    private static (string, string)[] Settings(string gateway) =>
    [
        ("Delivery__Sms__Providers__0", "http"),
        ("Delivery__Sms__Providers__1", "kavenegar"),
        ("Delivery__Sms__Http__Url", $"{gateway}/bad"),
        ("Delivery__Sms__Http__Body", """{"to":"{to}","text":"{text}"}"""),
        ("Delivery__Sms__Http__ErrorPointer", "/error"),
        ("Delivery__Sms__Http__RejectedErrors__0", "bad_number"),
        ("Delivery__Sms__Kavenegar__BaseUrl", $"{gateway}/good"),
        ("Delivery__Sms__Kavenegar__ApiKey", "key"),
        // Long enough that a busy machine is not taken for a hanging gateway.
        ("Delivery__SendTimeout", "00:00:08"),
        ("Delivery__FailoverAfter", "00:00:02"),
        ("Delivery__SlowAfter", "00:00:00.5"),
        ("Delivery__SlowParallelism", "64"),
        ("Delivery__TakeOverAfter", "00:00:03"),
        // The log of every try and statement is longer than a pipe likes.
        ("Logging__LogLevel__Default", "Error"),
    ];

    /// <summary>The outbox of the same server in this process: same database, same keys.</summary>
    private static ServiceProvider Here(string folder, (string Name, string Value)[] database)
    {
        var host = new Host(folder);
        return new ServiceCollection()
            .AddLogging()
            .AddSingleton<IHostEnvironment>(host)
            .AddSingleton<IConfiguration>(new ConfigurationBuilder()
                .AddInMemoryCollection(database.Select(setting => KeyValuePair.Create(setting.Name.Replace("__", ":", StringComparison.Ordinal), (string?)setting.Value)))
                .Build())
            .AddPersistence(host)
            .AddKeys()
            .AddDelivery(host)
            .BuildServiceProvider();
    }

    private static async Task<List<Message>> RowsAsync(ServiceProvider here, Expression<Func<Message, bool>> which)
    {
        await using var db = await OpenAsync(here);
        return await db.Messages.AsNoTracking().Where(which).ToListAsync();
    }

    private static Task<ServerDb> OpenAsync(ServiceProvider here) => here.GetRequiredService<IDbContextFactory<ServerDb>>().CreateDbContextAsync();

    private static async Task<Dictionary<Guid, string>> QueueAsync(ServiceProvider here)
    {
        var outbox = here.GetRequiredService<Outbox>();
        var expires = TimeProvider.System.GetUtcNow().AddMinutes(10);
        var model = new Dictionary<string, string>(StringComparer.Ordinal) { ["code"] = "493817", ["minutes"] = "10", ["application"] = "", ["host"] = "id.example.com" };
        Dictionary<Guid, string> numbers = [];
        foreach (var batch in Enumerable.Range(0, Count).Select(FaultyGateway.Number).Chunk(100))
        {
            await using var db = await OpenAsync(here);
            foreach (var number in batch)
                numbers.Add(outbox.Add(db, new NewMessage(null, Channel.Sms, MessageTemplate.SignInCode, number, model, "en", expires)), number);
            await db.SaveChangesAsync();
        }

        return numbers;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, string what, ServerProcess server)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!await condition())
        {
            Assert.False(limit.IsCancellationRequested, $"Did not happen: {what}\n{server.Output}");
            await Task.Delay(50);
        }
    }

    private sealed class Host(string folder) : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = Environments.Development;

        public string ApplicationName { get; set; } = "IdentityServer";

        public string ContentRootPath { get; set; } = folder;

        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}
