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

public abstract class FailoverTests(TestDatabase database) : DeliveryTests(database)
{
    private static readonly Task<SendResult> No = Task.FromResult<SendResult>(new SendResult.Retry("not now"));

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
        var row = await RowAsync(await TextAsync(instance), message => message.Status == MessageStatus.Sent);

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
        await RowAsync(await TextAsync(instance), message => message.Status == MessageStatus.Failed);
        Assert.Equal(0, b.Tries);
    }

    [Fact]
    public async Task A_text_of_unknown_end_is_given_to_nobody_again()
    {
        var b = Sms("b");
        var instance = await StartAsync(Sms("a", (_, _) => Task.FromResult<SendResult>(new SendResult.Ambiguous("cut off"))), b);
        Assert.Equal("cut off", (await RowAsync(await TextAsync(instance), message => message.Status == MessageStatus.Failed)).LastError);
        Assert.Equal(0, b.Tries);
    }

    [Fact]
    public async Task A_text_of_unknown_end_is_repeated_only_at_the_provider_that_recognises_it_whatever_that_says_then()
    {
        var tries = 0;
        var a = Sms("a", (_, _) => ++tries switch { 1 => Task.FromResult<SendResult>(new SendResult.Ambiguous("cut off")), 2 => No, _ => TestSender.Yes }, repeatsSafely: true);
        var b = Sms("b");
        var instance = await StartAsync(a, b);
        var id = await TextAsync(instance);
        await RowAsync(id, message => message is { LastError: "cut off", LeaseId: null });
        Database.Clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal("a", (await RowAsync(id, message => message is { LastError: "not now", LeaseId: null })).Provider);
        Database.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("a", (await RowAsync(id, message => message.Status == MessageStatus.Sent)).Provider);
        Assert.Equal(0, b.Tries);
    }

    [Fact]
    public async Task A_hanging_provider_is_passed_over_by_other_messages_within_five_seconds()
    {
        var never = new TaskCompletionSource<SendResult>();
        var a = Sms("a", (_, _) => never.Task);
        var instance = await StartWithAsync(new() { ["Delivery:FailoverAfter"] = "00:00:00.3" }, a, Sms("b"));
        var hanging = await TextAsync(instance);
        await Eventually.TrueAsync(() => a.Tries == 1, "the first message hangs");
        await Task.Delay(500);
        var good = await RowAsync(await TextAsync(instance), message => message.Status == MessageStatus.Sent);

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
        Assert.Equal("b", (await RowAsync(await QueueAsync(instance), message => message.Status == MessageStatus.Sent)).Provider);
    }

    [Fact]
    public async Task What_a_dead_instance_may_have_sent_is_not_sent_again()
    {
        var instance = Instance([], Sms("a"));
        var id = await TextAsync(instance);
        Assert.NotNull(await instance.Queue.LeaseAsync(await RowAsync(id, _ => true), TimeSpan.FromSeconds(50), "a"));
        await instance.StartAsync();
        Database.Clock.Advance(TimeSpan.FromSeconds(51));

        var row = await RowAsync(id, message => message.Status == MessageStatus.Failed);
        Assert.Contains("may have arrived", row.LastError, StringComparison.Ordinal);
        Assert.Equal(0, instance.Sender.Tries);
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
        await RowAsync(await TextAsync(instance), message => message.Status == MessageStatus.Sent);
        await RowAsync(await TextAsync(instance, "+989123456780"), message => message.Status == MessageStatus.Failed);

        Assert.Equal(
            ["duration:b", "failed:b,rejected", "queued:", "queued:", "sent:b", "tries:a,retry", "tries:a,retry", "tries:b,accepted", "tries:b,rejected"],
            counted.Order(StringComparer.Ordinal));
    }
}
