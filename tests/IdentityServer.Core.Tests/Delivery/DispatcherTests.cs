using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery;

public sealed class SqliteDispatcherTests(SqliteDatabase database) : DispatcherTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresDispatcherTests(PostgresDatabase database) : DispatcherTests(database), IClassFixture<PostgresDatabase>;

public abstract class DispatcherTests : IAsyncLifetime
{
    private readonly TestDatabase database;
    private readonly List<DeliveryInstance> started = [];

    protected DispatcherTests(TestDatabase database)
    {
        database.SkipIfMissing();
        this.database = database;
    }

    public async ValueTask InitializeAsync()
    {
        await using var db = await database.OpenAsync();
        await db.Messages.ExecuteDeleteAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var instance in started)
            await instance.StopAsync();
    }

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
        await using (var db = await database.OpenAsync())
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
    public async Task A_message_that_was_not_taken_is_tried_again_after_growing_pauses()
    {
        var instance = Instance(new TestSender((_, _) => Task.FromResult<SendResult>(new SendResult.Retry("not now"))));
        var id = await QueueAsync(instance, lifetime: TimeSpan.FromMinutes(30));
        await instance.StartAsync();
        foreach (var (attempts, seconds) in new[] { (1, 1), (2, 2), (3, 4), (4, 8), (5, 15), (6, 30), (7, 30) })
        {
            var row = await RowAsync(id, message => message.Attempts == attempts && message.LeaseId == null);
            var pause = (row.NotBefore - database.Clock.Now).TotalSeconds;
            Assert.InRange(pause, seconds * 0.79, seconds * 1.21);
            Assert.Equal("not now", row.LastError);
            database.Clock.Advance(TimeSpan.FromSeconds(pause) + TimeSpan.FromMilliseconds(1));
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
        database.Clock.Advance(TimeSpan.FromMinutes(5));

        var row = await RowAsync(tried, message => message.Status == MessageStatus.Expired);

        AssertBlank(row);
        Assert.Equal("busy", row.LastError);
        Assert.Empty(instance.Sender.Accepted);
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
        Assert.NotNull(await dead.Queue.LeaseAsync(id, TimeSpan.FromSeconds(50)));

        var other = await Instance(new TestSender()).StartAsync();
        await Task.Delay(200);
        Assert.Empty(other.Sender.Accepted);
        database.Clock.Advance(TimeSpan.FromSeconds(50));

        await AllAsync(MessageStatus.Sent);
        Assert.Single(other.Sender.Accepted);
    }

    [Fact]
    public async Task What_was_acknowledged_is_never_sent_again()
    {
        var instance = await Instance(new TestSender()).StartAsync();
        var id = await QueueAsync(instance);
        await RowAsync(id, message => message.Status == MessageStatus.Sent);

        database.Clock.Advance(TimeSpan.FromMinutes(2));
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
        Assert.NotNull(await queue.LeaseAsync(id, TimeSpan.FromSeconds(50)));
        Assert.Null(await queue.LeaseAsync(id, TimeSpan.FromSeconds(50)));
        database.Clock.Advance(TimeSpan.FromSeconds(51));
        var second = await queue.LeaseAsync(id, TimeSpan.FromSeconds(50));

        await queue.SentAsync(id, "test", "by the first");
        await queue.RetryAsync(id, second!.Value, database.Clock.Now, "by the second");
        Assert.False(await queue.EndAsync(id, second, MessageStatus.Failed, "by the second"));

        var row = await RowAsync(id, _ => true);
        Assert.Equal(MessageStatus.Sent, row.Status);
        Assert.Null(await queue.LeaseAsync(id, TimeSpan.FromSeconds(50)));
    }

    [Fact]
    public async Task Of_parallel_leases_one_wins()
    {
        var instance = Instance(new TestSender());
        for (var round = 0; round < 10; round++)
        {
            var id = await QueueAsync(instance);
            var leases = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => instance.Queue.LeaseAsync(id, TimeSpan.FromSeconds(50)))));
            Assert.Single(leases, lease => lease is not null);
        }
    }

    [Fact]
    public async Task A_dump_holds_neither_address_nor_code_before_or_after_sending()
    {
        var instance = Instance(new TestSender());
        var id = await QueueAsync(instance, "ada.lovelace@example.org");
        var waiting = await RowAsync(id, _ => true);
        AssertSealed(waiting);

        await instance.StartAsync();

        var sent = await RowAsync(id, message => message.Status == MessageStatus.Sent);
        AssertBlank(sent);
        Assert.Equal("test", sent.Provider);
        Assert.Equal("provider's id", sent.ProviderId);
        Assert.NotNull(sent.SentAt);
        foreach (var file in Directory.GetFiles(Path.Combine(database.Folder), "*", SearchOption.AllDirectories))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream, System.Text.Encoding.Latin1);
            Assert.DoesNotContain("lovelace", await reader.ReadToEndAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_is_sealed_for_one_message_does_not_open_for_another()
    {
        var instance = Instance(new TestSender());
        var first = await QueueAsync(instance, "first@example.org");
        var second = await QueueAsync(instance, "second@example.org");
        await using (var db = await database.OpenAsync())
        {
            var rows = await db.Messages.ToDictionaryAsync(message => message.Id);
            rows[second].Recipient = rows[first].Recipient;
            await db.SaveChangesAsync();
        }

        await instance.StartAsync();

        await RowAsync(second, message => message.LastError != null);
        Assert.DoesNotContain(instance.Sender.Accepted, message => message.Id == second);
    }

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
        Assert.InRange((row.NotBefore - database.Clock.Now).TotalSeconds, 23, 37);
        Assert.Contains(instance.Log.Lines, line => line.Level == LogLevel.Error && line.Text.Contains("Delivery:Email:Smtp:Password", StringComparison.Ordinal));
        wrong = false;

        database.Clock.Advance(TimeSpan.FromSeconds(40));

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
    public async Task A_withdrawn_message_is_not_sent()
    {
        var instance = Instance(new TestSender());
        var challenge = Guid.CreateVersion7(database.Clock.Now);
        var old = await QueueAsync(instance, challenge: challenge);
        await using (var db = await database.OpenAsync())
            Assert.Equal(1, await instance.Outbox.WithdrawAsync(db, challenge, default));
        var fresh = await QueueAsync(instance, challenge: challenge);
        await instance.StartAsync();

        await RowAsync(fresh, message => message.Status == MessageStatus.Sent);
        Assert.Single(instance.Sender.Accepted);
        AssertBlank(await RowAsync(old, message => message.Status == MessageStatus.Expired));
    }

    [Fact]
    public async Task Logs_hold_the_id_and_the_outcome_but_neither_address_nor_content()
    {
        var tries = 0;
        var instance = await Instance(new TestSender((_, _) => ++tries == 1 ? Task.FromResult<SendResult>(new SendResult.Retry("busy")) : TestSender.Yes)).StartAsync();
        var id = await QueueAsync(instance);
        await RowAsync(id, message => message.LastError != null);
        database.Clock.Advance(TimeSpan.FromSeconds(2));
        await AllAsync(MessageStatus.Sent);

        await Eventually.TrueAsync(() => instance.Log.Lines.Any(line => line.Text.Contains($"{id}", StringComparison.Ordinal) && line.Text.Contains("accepted", StringComparison.Ordinal)), "a line about the message");
        Assert.DoesNotContain(instance.Log.Lines, line => line.Text.Contains("ada@", StringComparison.Ordinal) || line.Text.Contains("493817", StringComparison.Ordinal));
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

        await using var db = await database.OpenAsync();
        var rows = await db.Messages.AsNoTracking().ToDictionaryAsync(message => message.Id, message => message.Status);
        Assert.Equal([MessageStatus.Queued, MessageStatus.Sent], new[] { rows[first], rows[second] }.Order());
        Assert.Equal(1, instance.Sender.Tries);
    }

    private DeliveryInstance Instance(TestSender sender, Dictionary<string, string?>? settings = null)
    {
        var instance = new DeliveryInstance(database, sender, settings);
        started.Add(instance);
        return instance;
    }

    private NewMessage New(string to = "ada@example.org", TimeSpan? lifetime = null, Guid? challenge = null) => new(
        challenge,
        Channel.Email,
        MessageTemplate.SignInCode,
        to,
        new Dictionary<string, string>(StringComparer.Ordinal) { ["code"] = "493817" },
        "en",
        database.Clock.Now + (lifetime ?? TimeSpan.FromMinutes(5)));

    private async Task<Guid> QueueAsync(DeliveryInstance instance, string to = "ada@example.org", TimeSpan? lifetime = null, Guid? challenge = null)
    {
        await using var db = await database.OpenAsync();
        var id = instance.Outbox.Add(db, New(to, lifetime, challenge));
        await db.SaveChangesAsync();
        return id;
    }

    private Task AllAsync(MessageStatus status) => Eventually.TrueAsync(
        async () =>
        {
            await using var db = await database.OpenAsync();
            return await db.Messages.AllAsync(message => message.Status == status);
        },
        $"all messages are {status}");

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
            "the message is in the state that was waited for");
        return row!;
    }

    private static void AssertBlank(Message row)
    {
        Assert.Empty(row.Recipient);
        Assert.Empty(row.Model);
        Assert.Null(row.LeaseId);
    }

    private static void AssertSealed(Message row)
    {
        var dump = System.Text.Json.JsonSerializer.Serialize(row);
        Assert.DoesNotContain("lovelace", dump, StringComparison.Ordinal);
        Assert.DoesNotContain("493817", dump, StringComparison.Ordinal);
        Assert.NotEmpty(row.Recipient);
    }
}
