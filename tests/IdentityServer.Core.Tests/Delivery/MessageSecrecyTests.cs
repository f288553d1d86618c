using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery;

public sealed class SqliteMessageSecrecyTests(SqliteDatabase database) : MessageSecrecyTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresMessageSecrecyTests(PostgresDatabase database) : MessageSecrecyTests(database), IClassFixture<PostgresDatabase>;

/// <summary>Neither the database nor the log tells who is written to, or what.</summary>
public abstract class MessageSecrecyTests(TestDatabase database) : DeliveryTests(database)
{
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
        foreach (var file in Directory.GetFiles(Path.Combine(Database.Folder), "*", SearchOption.AllDirectories))
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
        await using (var db = await Database.OpenAsync())
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
    public async Task Logs_hold_the_id_and_the_outcome_but_neither_address_nor_content()
    {
        var tries = 0;
        var instance = await Instance(new TestSender((_, _) => ++tries == 1 ? Task.FromResult<SendResult>(new SendResult.Retry("busy")) : TestSender.Yes)).StartAsync();
        var id = await QueueAsync(instance);
        await RowAsync(id, message => message.LastError != null);
        Database.Clock.Advance(TimeSpan.FromSeconds(2));
        await AllAsync(MessageStatus.Sent);

        await Eventually.TrueAsync(() => instance.Log.Lines.Any(line => line.Text.Contains($"{id}", StringComparison.Ordinal) && line.Text.Contains("accepted", StringComparison.Ordinal)), "a line about the message");
        Assert.DoesNotContain(instance.Log.Lines, line => line.Text.Contains("ada@", StringComparison.Ordinal) || line.Text.Contains("493817", StringComparison.Ordinal));
    }

    private static void AssertSealed(Message row)
    {
        var dump = System.Text.Json.JsonSerializer.Serialize(row);
        Assert.DoesNotContain("lovelace", dump, StringComparison.Ordinal);
        Assert.DoesNotContain("493817", dump, StringComparison.Ordinal);
        Assert.NotEmpty(row.Recipient);
    }
}
