using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery;

public sealed class SqliteSendResultTests(SqliteDatabase database) : SendResultTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresSendResultTests(PostgresDatabase database) : SendResultTests(database), IClassFixture<PostgresDatabase>;

/// <summary>What follows from what a provider says.</summary>
public abstract class SendResultTests(TestDatabase database) : DeliveryTests(database)
{
    [Fact]
    public async Task A_rejected_message_is_given_up_and_blanked()
    {
        var instance = await Instance(new TestSender((_, _) => Task.FromResult<SendResult>(new SendResult.Rejected("no such mailbox")))).StartAsync();
        var row = await RowAsync(await QueueAsync(instance), message => message.Status == MessageStatus.Failed);
        AssertBlank(row);
        Assert.Equal("no such mailbox", row.LastError);
        Assert.Equal(1, instance.Sender.Tries);
    }

    [Theory]
    [InlineData(false, MessageStatus.Failed)]
    [InlineData(true, MessageStatus.Queued)]
    public async Task An_ambiguous_try_is_repeated_only_where_the_repeat_is_recognised(bool repeatsSafely, MessageStatus status)
    {
        var instance = await Instance(new TestSender((_, _) => Task.FromResult<SendResult>(new SendResult.Ambiguous("cut off")), repeatsSafely)).StartAsync();
        var row = await RowAsync(await QueueAsync(instance), message => message.LastError == "cut off");
        Assert.Equal(status, row.Status);
    }

    [Fact]
    public async Task A_sender_that_ignores_its_time_limit_is_left_behind()
    {
        var instance = await Instance(
            new TestSender((_, _) => new TaskCompletionSource<SendResult>().Task, repeatsSafely: true),
            new() { ["Delivery:SendTimeout"] = "00:00:00.1" }).StartAsync();
        var row = await RowAsync(await QueueAsync(instance), message => message.LastError != null);
        Assert.Equal(MessageStatus.Queued, row.Status);
        Assert.Null(row.LeaseId);
    }

    [Fact]
    public async Task A_misconfigured_provider_is_an_error_for_the_operator_and_loses_no_message()
    {
        var wrong = true;
        var instance = await Instance(new TestSender((_, _) => wrong ? Task.FromResult<SendResult>(new SendResult.Misconfigured("Delivery:Email:Smtp:Password")) : TestSender.Yes)).StartAsync();
        var row = await RowAsync(await QueueAsync(instance), message => message.LastError != null);
        Assert.InRange((row.NotBefore - Database.Clock.Now).TotalSeconds, 23, 37);
        Assert.Contains(instance.Log.Lines, line => line.Level == LogLevel.Error && line.Text.Contains("Delivery:Email:Smtp:Password", StringComparison.Ordinal));
        wrong = false;

        Database.Clock.Advance(TimeSpan.FromSeconds(40));

        await AllAsync(MessageStatus.Sent);
    }

    [Fact]
    public async Task A_sender_that_throws_does_not_end_the_dispatcher()
    {
        var instance = await Instance(new TestSender((message, _) => message.To.StartsWith("bad", StringComparison.Ordinal)
            ? throw new InvalidOperationException($"could not send to {message.To}")
            : TestSender.Yes)).StartAsync();
        var bad = await QueueAsync(instance, "bad@example.org");
        await RowAsync(bad, message => message.Status == MessageStatus.Failed);
        var good = await QueueAsync(instance, "good@example.org");
        await RowAsync(good, message => message.Status == MessageStatus.Sent);
        Assert.DoesNotContain(instance.Log.Lines, line => line.Text.Contains("bad@", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_message_that_was_not_taken_is_tried_again_after_growing_pauses()
    {
        var instance = Instance(new TestSender((_, _) => Task.FromResult<SendResult>(new SendResult.Retry("not now"))));
        var id = await QueueAsync(instance, lifetime: TimeSpan.FromMinutes(30));
        await instance.StartAsync();
        foreach (var (attempts, seconds) in new[] { (1, 1), (2, 2), (3, 4), (4, 8), (5, 15), (6, 30), (7, 30) })
        {
            var row = await RowAsync(id, message => message.Attempts == attempts && message.LeaseId == null);
            var pause = (row.NotBefore - Database.Clock.Now).TotalSeconds;
            Assert.InRange(pause, seconds * 0.79, seconds * 1.21);
            Assert.Equal("not now", row.LastError);
            Database.Clock.Advance(TimeSpan.FromSeconds(pause) + TimeSpan.FromMilliseconds(1));
        }
    }

    [Fact]
    public async Task A_message_that_was_not_sent_in_time_is_not_sent_at_all()
    {
        var busy = true;
        var instance = Instance(new TestSender((_, _) => busy ? Task.FromResult<SendResult>(new SendResult.Retry("busy")) : TestSender.Yes));
        var tried = await QueueAsync(instance);
        await instance.StartAsync();
        await RowAsync(tried, message => message.LastError == "busy");
        busy = false;
        Database.Clock.Advance(TimeSpan.FromMinutes(5));

        var row = await RowAsync(tried, message => message.Status == MessageStatus.Expired);

        AssertBlank(row);
        Assert.Equal("busy", row.LastError);
        Assert.Empty(instance.Sender.Accepted);
    }
}
