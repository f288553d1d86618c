using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery;

public sealed class SqliteDispatcherTests(SqliteDatabase database) : DispatcherTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresDispatcherTests(PostgresDatabase database) : DispatcherTests(database), IClassFixture<PostgresDatabase>;

/// <summary>Each message is sent once, by one instance, as long as it is wanted.</summary>
public abstract class DispatcherTests(TestDatabase database) : DeliveryTests(database)
{
    [Fact]
    public async Task Two_instances_send_each_of_200_messages_once()
    {
        var first = Instance(new TestSender());
        var second = Instance(new TestSender());
        for (var i = 0; i < 200; i++)
            await QueueAsync(first, $"{i}@example.org");

        await Task.WhenAll(first.StartAsync(), second.StartAsync());
        await AllAsync(MessageStatus.Sent);

        var accepted = first.Sender.Accepted.Concat(second.Sender.Accepted).Select(message => message.Id).ToList();
        Assert.Equal(200, accepted.Count);
        Assert.Equal(200, accepted.Distinct().Count());
        Assert.Equal(200, first.Sender.Tries + second.Sender.Tries);
    }

    [Fact]
    public async Task A_message_is_sent_when_the_outbox_wakes_the_dispatcher()
    {
        var instance = await Instance(new TestSender(), new() { ["Delivery:PollInterval"] = "00:01:00" }).StartAsync();
        // The first look finds nothing; the next but one by itself is a minute away.
        await Task.Delay(200);
        await QueueAsync(instance);
        Assert.Empty(instance.Sender.Accepted);

        instance.Outbox.Wake();

        await AllAsync(MessageStatus.Sent);
        var message = Assert.Single(instance.Sender.Accepted);
        Assert.Equal("ada@example.org", message.To);
        Assert.Equal("493817", message.Content.Text);
    }

    [Fact]
    public async Task A_message_of_a_transaction_that_was_not_committed_does_not_exist()
    {
        var instance = await Instance(new TestSender()).StartAsync();
        await using (var db = await Database.OpenAsync())
        {
            instance.Outbox.Add(db, New());
            await using var transaction = await db.Database.BeginTransactionAsync();
            await db.SaveChangesAsync();
            await transaction.RollbackAsync();
        }

        instance.Outbox.Wake();
        await QueueAsync(instance, "other@example.org");

        await AllAsync(MessageStatus.Sent);
        Assert.Equal("other@example.org", Assert.Single(instance.Sender.Accepted).To);
    }

    [Fact]
    public async Task Hanging_and_failing_sends_do_not_delay_good_ones()
    {
        var never = new TaskCompletionSource<SendResult>();
        var sender = new TestSender((message, _) => message.To[..3] switch
        {
            "han" => never.Task,
            "bad" => Task.FromResult<SendResult>(new SendResult.Retry("bad")),
            _ => TestSender.Yes,
        });
        var instance = Instance(sender, new()
        {
            ["Delivery:Parallelism"] = "4",
            ["Delivery:SlowAfter"] = "00:00:00.05",
            ["Delivery:SendTimeout"] = "00:00:30",
        });
        for (var i = 0; i < 20; i++)
        {
            await QueueAsync(instance, $"hang{i}@example.org");
            await QueueAsync(instance, $"bad{i}@example.org");
        }

        for (var i = 0; i < 20; i++)
            await QueueAsync(instance, $"good{i}@example.org");
        await instance.StartAsync();

        await Eventually.TrueAsync(() => sender.Accepted.Count == 20, "all good ones are sent");
        Assert.All(sender.Accepted, message => Assert.StartsWith("good", message.To, StringComparison.Ordinal));
        never.SetResult(new SendResult.Retry("the test is over"));
    }

    [Fact]
    public async Task What_a_dead_instance_had_taken_is_sent_by_another_when_the_lease_is_over()
    {
        var dead = Instance(new TestSender());
        var id = await QueueAsync(dead);
        Assert.NotNull(await LeaseAsync(dead.Queue, id));

        var other = await Instance(new TestSender()).StartAsync();
        await Task.Delay(200);
        Assert.Empty(other.Sender.Accepted);
        Database.Clock.Advance(TimeSpan.FromSeconds(50));

        await AllAsync(MessageStatus.Sent);
        Assert.Single(other.Sender.Accepted);
    }

    [Fact]
    public async Task What_was_acknowledged_is_never_sent_again()
    {
        var instance = await Instance(new TestSender()).StartAsync();
        var id = await QueueAsync(instance);
        await RowAsync(id, message => message.Status == MessageStatus.Sent);

        Database.Clock.Advance(TimeSpan.FromMinutes(2));
        instance.Outbox.Wake();
        await QueueAsync(instance, "later@example.org");
        await AllAsync(MessageStatus.Sent);

        Assert.Equal(2, instance.Sender.Tries);
    }

    [Fact]
    public async Task An_acknowledgement_counts_even_when_the_lease_has_passed_on()
    {
        var queue = Instance(new TestSender()).Queue;
        var id = await QueueAsync(Instance(new TestSender()));
        Assert.NotNull(await LeaseAsync(queue, id));
        Assert.Null(await LeaseAsync(queue, id));
        Database.Clock.Advance(TimeSpan.FromSeconds(51));
        var second = await LeaseAsync(queue, id);

        await queue.SentAsync(id, "test", "by the first");
        await queue.RetryAsync(id, second!.Value, Database.Clock.Now, "by the second");
        Assert.False(await queue.EndAsync(id, second, MessageStatus.Failed, "by the second"));

        var row = await RowAsync(id, _ => true);
        Assert.Equal(MessageStatus.Sent, row.Status);
        Assert.Null(await LeaseAsync(queue, id));
    }

    // Or else its next pause would be counted from the tries that it had then.
    [Fact]
    public async Task A_message_that_was_tried_since_it_was_read_is_not_taken()
    {
        var queue = Instance(new TestSender()).Queue;
        var id = await QueueAsync(Instance(new TestSender()));
        var read = await RowAsync(id, _ => true);
        await queue.RetryAsync(id, (await LeaseAsync(queue, id))!.Value, Database.Clock.Now, "not now");

        Assert.Null(await queue.LeaseAsync(read, TimeSpan.FromSeconds(50), null));
        Assert.NotNull(await LeaseAsync(queue, id));
    }

    [Fact]
    public async Task Of_parallel_leases_one_wins()
    {
        var instance = Instance(new TestSender());
        for (var round = 0; round < 10; round++)
        {
            var id = await QueueAsync(instance);
            var read = await RowAsync(id, _ => true);
            var leases = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => instance.Queue.LeaseAsync(read, TimeSpan.FromSeconds(50), null))));
            Assert.Single(leases, lease => lease is not null);
        }
    }

    [Fact]
    public async Task A_withdrawn_message_is_not_sent()
    {
        var instance = Instance(new TestSender());
        var challenge = Guid.CreateVersion7(Database.Clock.Now);
        var old = await QueueAsync(instance, challenge: challenge);
        await using (var db = await Database.OpenAsync())
            Assert.Equal(1, await instance.Outbox.WithdrawAsync(db, challenge, default));
        var fresh = await QueueAsync(instance, challenge: challenge);
        await instance.StartAsync();

        await RowAsync(fresh, message => message.Status == MessageStatus.Sent);
        Assert.Single(instance.Sender.Accepted);
        AssertBlank(await RowAsync(old, message => message.Status == MessageStatus.Expired));
    }

    [Fact]
    public async Task Stopping_finishes_what_is_in_flight_and_starts_nothing_new()
    {
        var answer = new TaskCompletionSource<SendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var instance = await Instance(new TestSender((_, _) => answer.Task), new() { ["Delivery:Parallelism"] = "1" }).StartAsync();
        var first = await QueueAsync(instance);
        var second = await QueueAsync(instance);
        await Eventually.TrueAsync(() => instance.Sender.Tries == 1, "the first is in flight");

        var stopping = instance.StopAsync();
        await Task.Delay(100);
        Assert.False(stopping.IsCompleted);
        answer.SetResult(new SendResult.Accepted(null));
        await stopping.WaitAsync(TimeSpan.FromSeconds(10));

        await using var db = await Database.OpenAsync();
        var rows = await db.Messages.AsNoTracking().ToDictionaryAsync(message => message.Id, message => message.Status);
        Assert.Equal([MessageStatus.Queued, MessageStatus.Sent], new[] { rows[first], rows[second] }.Order());
        Assert.Equal(1, instance.Sender.Tries);
    }

    /// <summary>Takes a message as it is now, without giving it to anybody.</summary>
    private async Task<Guid?> LeaseAsync(MessageQueue queue, Guid id) => await queue.LeaseAsync(await RowAsync(id, _ => true), TimeSpan.FromSeconds(50), null);
}
