using System.Diagnostics;
using System.Diagnostics.Metrics;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
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
