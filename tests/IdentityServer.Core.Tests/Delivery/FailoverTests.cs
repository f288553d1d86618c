using System.Diagnostics;
using System.Diagnostics.Metrics;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery;

public sealed class SqliteFailoverTests(SqliteDatabase database) : FailoverTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresFailoverTests(PostgresDatabase database) : FailoverTests(database), IClassFixture<PostgresDatabase>;

public abstract class FailoverTests : IAsyncLifetime
{
    private static readonly Task<SendResult> No = Task.FromResult<SendResult>(new SendResult.Retry("not now"));
    private readonly TestDatabase database;
    private readonly List<DeliveryInstance> started = [];

    protected FailoverTests(TestDatabase database)
    {
        database.SkipIfMissing();
        this.database = database;
    }

    public async ValueTask InitializeAsync()
    {
        await using var db = await database.OpenAsync();
        await db.Messages.ExecuteDeleteAsync();
        await db.Suppressions.ExecuteDeleteAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var instance in started)
            await instance.StopAsync();
    }

    // P4: provider A down, B within 5 s.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task P4_a_message_that_the_first_provider_does_not_take_goes_to_the_next_at_once(bool misconfigured)
    {
        var a = Sms("a", (_, _) => misconfigured ? Task.FromResult<SendResult>(new SendResult.Misconfigured("Delivery:Sms:A")) : No);
        var b = Sms("b");
        var instance = await StartAsync(a, b);
        var watch = Stopwatch.StartNew();
        var row = await RowAsync(await QueueAsync(instance), message => message.Status == MessageStatus.Sent);

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Equal("b", row.Provider);
        Assert.Equal(1, row.Attempts);
        Assert.Equal(misconfigured, instance.Log.Lines.Any(line => line.Level == LogLevel.Error && line.Text.Contains("Delivery:Sms:A", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_number_that_one_provider_rejects_is_not_tried_at_another()
    {
        var b = Sms("b");
        var instance = await StartAsync(Sms("a", (_, _) => Task.FromResult<SendResult>(new SendResult.Rejected("no mobile"))), b);
        await RowAsync(await QueueAsync(instance), message => message.Status == MessageStatus.Failed);
        Assert.Equal(0, b.Tries);
    }

    [Fact]
    public async Task A_text_of_unknown_end_is_given_to_nobody_again()
    {
        var b = Sms("b");
        var instance = await StartAsync(Sms("a", (_, _) => Task.FromResult<SendResult>(new SendResult.Ambiguous("cut off"))), b);
        Assert.Equal("cut off", (await RowAsync(await QueueAsync(instance), message => message.Status == MessageStatus.Failed)).LastError);
        Assert.Equal(0, b.Tries);
    }

    [Fact]
    public async Task A_text_of_unknown_end_is_repeated_only_at_the_provider_that_recognises_it_whatever_that_says_then()
    {
        var tries = 0;
        var a = Sms("a", (_, _) => ++tries switch { 1 => Task.FromResult<SendResult>(new SendResult.Ambiguous("cut off")), 2 => No, _ => TestSender.Yes }, repeatsSafely: true);
        var b = Sms("b");
        var instance = await StartAsync(a, b);
        var id = await QueueAsync(instance);
        await RowAsync(id, message => message is { LastError: "cut off", LeaseId: null });
        database.Clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal("a", (await RowAsync(id, message => message is { LastError: "not now", LeaseId: null })).Provider);
        database.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("a", (await RowAsync(id, message => message.Status == MessageStatus.Sent)).Provider);
        Assert.Equal(0, b.Tries);
    }

    [Fact]
    public async Task A_hanging_provider_is_passed_over_by_other_messages_within_five_seconds()
    {
        var never = new TaskCompletionSource<SendResult>();
        var a = Sms("a", (_, _) => never.Task);
        var instance = await StartWithAsync(new() { ["Delivery:FailoverAfter"] = "00:00:00.3" }, a, Sms("b"));
        var hanging = await QueueAsync(instance);
        await Eventually.TrueAsync(() => a.Tries == 1, "the first message hangs");
        await Task.Delay(500);
        var good = await RowAsync(await QueueAsync(instance), message => message.Status == MessageStatus.Sent);

        Assert.Equal("b", good.Provider);
        Assert.Equal(MessageStatus.Queued, (await RowAsync(hanging, _ => true)).Status);
        never.SetResult(new SendResult.Ambiguous("the test is over"));
        await RowAsync(hanging, message => message.Status == MessageStatus.Failed);
    }

    [Fact]
    public async Task A_mail_does_not_wait_for_a_hanging_relay_when_there_is_another()
    {
        var never = new TaskCompletionSource<SendResult>();
        var a = new TestSender(async (_, cancellation) => await never.Task.WaitAsync(cancellation), true, "a", Channel.Email, repeatsElsewhere: true);
        var instance = await StartWithAsync(new() { ["Delivery:FailoverAfter"] = "00:00:00.3" }, a, new TestSender((_, _) => TestSender.Yes, true, "b", Channel.Email, repeatsElsewhere: true));
        Assert.Equal("b", (await RowAsync(await QueueAsync(instance, Channel.Email), message => message.Status == MessageStatus.Sent)).Provider);
    }

    [Fact]
    public async Task What_a_dead_instance_may_have_sent_is_not_sent_again()
    {
        var instance = Instance([], Sms("a"));
        var id = await QueueAsync(instance);
        Assert.NotNull(await instance.Queue.LeaseAsync(await RowAsync(id, _ => true), TimeSpan.FromSeconds(50), "a"));
        await instance.StartAsync();
        database.Clock.Advance(TimeSpan.FromSeconds(51));

        var row = await RowAsync(id, message => message.Status == MessageStatus.Failed);
        Assert.Contains("may have arrived", row.LastError, StringComparison.Ordinal);
        Assert.Equal(0, instance.Sender.Tries);
    }

    [Fact]
    public async Task A_suppressed_number_gets_nothing_until_it_is_lifted_or_the_time_is_over()
    {
        var reason = (SendResult)new SendResult.Rejected("STOP", SuppressionReason.OptedOut);
        var a = Sms("a", (_, _) => Task.FromResult(reason));
        var instance = await StartAsync(a, Sms("b"));
        await RowAsync(await QueueAsync(instance), message => message.LastError == "STOP");
        reason = new SendResult.Accepted(null);

        var suppressed = await RowAsync(await QueueAsync(instance), message => message.Status == MessageStatus.Failed);
        Assert.Contains("suppression", suppressed.LastError, StringComparison.Ordinal);
        Assert.Empty(suppressed.Recipient);
        Assert.Equal(1, a.Tries);
        await RowAsync(await QueueAsync(instance, to: "+989123456780"), message => message.Status == MessageStatus.Sent);

        var list = instance.Services.GetRequiredService<Suppressions>();
        Assert.True(await list.LiftAsync(Channel.Sms, "+989123456789", default));
        Assert.False(await list.LiftAsync(Channel.Sms, "+989123456789", default));
        await RowAsync(await QueueAsync(instance), message => message.Status == MessageStatus.Sent);

        await list.AddAsync(instance.Services.GetRequiredService<MessageSeal>().Hash(Channel.Sms, "+989123456789"), SuppressionReason.DeadAddress, "a");
        await RowAsync(await QueueAsync(instance), message => message.Status == MessageStatus.Failed);
        database.Clock.Advance(TimeSpan.FromMinutes(61));
        await RowAsync(await QueueAsync(instance), message => message.Status == MessageStatus.Sent);
    }

    [Fact]
    public async Task What_happens_is_counted_by_provider_and_reason()
    {
        var counted = new System.Collections.Concurrent.ConcurrentBag<string>();
        var instance = Instance([], Sms("a", (_, _) => No), Sms("b", (message, _) => message.To.EndsWith('0') ? Task.FromResult<SendResult>(new SendResult.Rejected("dead")) : TestSender.Yes));
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == DeliveryMetrics.MeterName && instrument.Meter.Scope == instance.Services.GetRequiredService<IMeterFactory>())
                self.EnableMeasurementEvents(instrument);
        };
        void Count(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            counted.Add(instrument.Name["identityserver.delivery.".Length..] + ":" + string.Join(',', tags.ToArray().Where(tag => tag.Key != "channel").Select(tag => tag.Value)));
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Count(instrument, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Count(instrument, tags));
        listener.Start();
        await instance.StartAsync();
        await RowAsync(await QueueAsync(instance), message => message.Status == MessageStatus.Sent);
        await RowAsync(await QueueAsync(instance, to: "+989123456780"), message => message.Status == MessageStatus.Failed);

        Assert.Equal(
            ["duration:b", "failed:b,rejected", "queued:", "queued:", "sent:b", "tries:a,retry", "tries:a,retry", "tries:b,accepted", "tries:b,rejected"],
            counted.Order(StringComparer.Ordinal));
    }

    /// <summary>
    /// One provider fails half of its calls and hangs on some, and the process is killed twice while it sends: each message is accepted once, or
    /// counted as of unknown end and never sent again; none is lost.
    /// </summary>
    [Fact]
    public async Task Faults_every_message_is_accepted_once_or_counted_as_ambiguous()
    {
        const int Count = 200;
        var calls = 0;
        async Task<SendResult> Bad(OutgoingMessage message, CancellationToken cancellationToken)
        {
            var call = Interlocked.Increment(ref calls);
            if (call % 10 == 0)
                await Task.Delay(Timeout.Infinite, cancellationToken);
            await Task.Delay(5, CancellationToken.None);
            return call % 2 == 0 ? new SendResult.Retry("503") : new SendResult.Accepted($"a{call}");
        }

        // The same gateways live through all of it.
        var a = Sms("a", Bad);
        var b = Sms("b", async (_, _) =>
        {
            await Task.Delay(5, CancellationToken.None);
            return new SendResult.Accepted("b");
        });
        Dictionary<string, string?> settings = new() { ["Delivery:SendTimeout"] = "00:00:00.5", ["Delivery:FailoverAfter"] = "00:00:00.2" };
        var instance = Instance(settings, a, b);
        for (var i = 0; i < Count; i++)
            await QueueAsync(instance, to: $"+98912{i:D7}");

        for (var life = 1; ; life++)
        {
            await instance.StartAsync();
            var target = life * 50;
            if (life > 2)
                break;
            await Eventually.TrueAsync(() => a.Accepted.Count + b.Accepted.Count >= target, $"{target} are sent");
            instance.Kill();
            started.Remove(instance);
            // Its threads go on until they next touch the database: waited for, so that the test does not outlive it.
            var dying = instance.StopAsync();
            instance = Instance(settings, a, b);
            await dying;
        }

        await Eventually.TrueAsync(
            async () =>
            {
                database.Clock.Advance(TimeSpan.FromSeconds(1));
                await using var db = await database.OpenAsync();
                return !await db.Messages.AnyAsync(message => message.Status == MessageStatus.Queued);
            },
            "nothing is queued");

        await using var db = await database.OpenAsync();
        var rows = await db.Messages.AsNoTracking().ToListAsync();
        var accepted = a.Accepted.Concat(b.Accepted).Select(message => message.Id).ToList();
        Assert.Equal(Count, rows.Count);
        Assert.Equal(accepted.Count, accepted.Distinct().Count());
        foreach (var row in rows)
        {
            if (row.Status == MessageStatus.Sent)
                Assert.Contains(row.Id, accepted);
            else
                Assert.True(row is { Status: MessageStatus.Failed, LastError: "no answer in time" or "an earlier try may have arrived" }, $"{row.Status} {row.LastError}");
        }

        Assert.Contains(rows, row => row.Status == MessageStatus.Failed);
        Assert.InRange(rows.Count(row => row.Status == MessageStatus.Sent), Count / 2, Count);
    }

    private static TestSender Sms(string name, Func<OutgoingMessage, CancellationToken, Task<SendResult>>? answer = null, bool repeatsSafely = false) =>
        new(answer ?? ((_, _) => TestSender.Yes), repeatsSafely, name, Channel.Sms);

    private DeliveryInstance Instance(Dictionary<string, string?> settings, params ISender[] senders)
    {
        var instance = new DeliveryInstance(database, senders, settings);
        started.Add(instance);
        return instance;
    }

    private Task<DeliveryInstance> StartAsync(params ISender[] senders) => StartWithAsync([], senders);

    private Task<DeliveryInstance> StartWithAsync(Dictionary<string, string?> settings, params ISender[] senders) => Instance(settings, senders).StartAsync();

    private async Task<Guid> QueueAsync(DeliveryInstance instance, Channel channel = Channel.Sms, string? to = null)
    {
        await using var db = await database.OpenAsync();
        var model = new Dictionary<string, string>(StringComparer.Ordinal) { ["code"] = "493817" };
        var message = new NewMessage(
            null, channel, MessageTemplate.SignInCode, to ?? (channel == Channel.Email ? "ada@example.org" : "+989123456789"), model, "en", database.Clock.Now.AddHours(2));
        var id = instance.Outbox.Add(db, message);
        await db.SaveChangesAsync();
        instance.Outbox.Wake();
        return id;
    }

    private async Task<Message> RowAsync(Guid id, Func<Message, bool> condition)
    {
        Message? row = null;
        await Eventually.TrueAsync(
            async () =>
            {
                await using var db = await database.OpenAsync();
                row = await db.Messages.AsNoTracking().SingleAsync(message => message.Id == id);
                return condition(row);
            },
            "the message gets there");
        return row!;
    }
}

public sealed class ProviderHealthTests
{
    private readonly TestClock clock = new();
    private readonly TestSender a = new();
    private readonly TestSender b = new();
    private readonly ProviderHealth health;

    public ProviderHealthTests() => health = new ProviderHealth(clock);

    [Fact]
    public void Three_failures_in_a_row_close_a_provider_and_one_answer_opens_it()
    {
        health.Failed(a);
        health.Failed(a);
        health.Answered(a);
        health.Failed(a);
        health.Failed(a);
        Assert.Same(a, Choose());
        health.Failed(a);
        Assert.Same(b, Choose());
        clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Same(a, Choose());
        health.Answered(a);
        Assert.Same(a, Choose());
        Assert.Same(a, Choose());
    }

    [Fact]
    public void One_message_at_a_time_probes_and_the_pauses_double_up_to_a_minute()
    {
        health.Failed(a, waits: true);
        foreach (var seconds in (int[])[5, 10, 20, 40, 60, 60])
        {
            clock.Advance(TimeSpan.FromSeconds(seconds - 0.1));
            Assert.Same(b, Choose());
            clock.Advance(TimeSpan.FromSeconds(0.1));
            Assert.Same(a, Choose());
            Assert.Same(b, Choose());
            health.Failed(a);
        }
    }

    [Fact]
    public void A_probe_that_was_not_made_may_be_made_by_another()
    {
        health.Failed(a, waits: true);
        clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Same(a, Choose());
        health.Release(a);
        Assert.Same(a, Choose());
    }

    [Fact]
    public void When_none_is_well_none_is_chosen()
    {
        health.Failed(a, waits: true);
        health.Failed(b, waits: true);
        Assert.Null(Choose());
    }

    private ISender? Choose() => health.Choose([a, b]);
}
