using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery;

/// <summary>Instances of the server's delivery on one database, with providers that do what the test says.</summary>
public abstract class DeliveryTests : IAsyncLifetime
{
    private readonly List<DeliveryInstance> started = [];

    protected DeliveryTests(TestDatabase database)
    {
        database.SkipIfMissing();
        Database = database;
    }

    protected TestDatabase Database { get; }

    public async ValueTask InitializeAsync()
    {
        await using var db = await Database.OpenAsync();
        await db.Messages.ExecuteDeleteAsync();
        await db.Suppressions.ExecuteDeleteAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var instance in started)
            await instance.StopAsync();
        GC.SuppressFinalize(this);
    }

    private protected static TestSender Sms(string name, Func<OutgoingMessage, CancellationToken, Task<SendResult>>? answer = null, bool repeatsSafely = false) =>
        new(answer ?? ((_, _) => TestSender.Yes), repeatsSafely, name, Channel.Sms);

    private protected DeliveryInstance Instance(TestSender sender, Dictionary<string, string?>? settings = null) => Instance(settings ?? [], sender);

    private protected DeliveryInstance Instance(Dictionary<string, string?> settings, params ISender[] senders)
    {
        var instance = new DeliveryInstance(Database, senders, settings);
        started.Add(instance);
        return instance;
    }

    private protected Task<DeliveryInstance> StartAsync(params ISender[] senders) => StartWithAsync([], senders);

    private protected Task<DeliveryInstance> StartWithAsync(Dictionary<string, string?> settings, params ISender[] senders) => Instance(settings, senders).StartAsync();

    private protected NewMessage New(string to = "ada@example.org", TimeSpan? lifetime = null, Guid? challenge = null) => new(
        challenge,
        to.Contains('@', StringComparison.Ordinal) ? Channel.Email : Channel.Sms,
        MessageTemplate.SignInCode,
        to,
        new Dictionary<string, string>(StringComparer.Ordinal) { ["code"] = "493817" },
        "en",
        Database.Clock.Now + (lifetime ?? TimeSpan.FromMinutes(5)));

    /// <summary>Commits a message, which the next poll finds.</summary>
    private protected async Task<Guid> QueueAsync(DeliveryInstance instance, string to = "ada@example.org", TimeSpan? lifetime = null, Guid? challenge = null)
    {
        await using var db = await Database.OpenAsync();
        var id = instance.Outbox.Add(db, New(to, lifetime, challenge));
        await db.SaveChangesAsync();
        return id;
    }

    /// <summary>Commits a text message and wakes the dispatcher.</summary>
    private protected async Task<Guid> TextAsync(DeliveryInstance instance, string to = "+989123456789")
    {
        var id = await QueueAsync(instance, to, TimeSpan.FromHours(2));
        instance.Outbox.Wake();
        return id;
    }

    protected Task AllAsync(MessageStatus status) => Eventually.TrueAsync(
        async () =>
        {
            await using var db = await Database.OpenAsync();
            return await db.Messages.AllAsync(message => message.Status == status);
        },
        $"all messages are {status}");

    protected async Task<Message> RowAsync(Guid id, Func<Message, bool> condition)
    {
        Message? row = null;
        await Eventually.TrueAsync(
            async () =>
            {
                await using var db = await Database.OpenAsync();
                row = await db.Messages.AsNoTracking().SingleAsync(message => message.Id == id);
                return condition(row);
            },
            "the message is in the state that was waited for");
        return row!;
    }

    protected static void AssertBlank(Message row)
    {
        Assert.Empty(row.Recipient);
        Assert.Empty(row.Model);
        Assert.Null(row.LeaseId);
    }
}
