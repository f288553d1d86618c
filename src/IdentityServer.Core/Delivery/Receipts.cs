using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Core.Delivery;

/// <summary>What a provider reports of a message that it took earlier.</summary>
/// <param name="Status">In the provider's own word, at most 50 characters.</param>
/// <param name="Outcome">What that means for the person; null for a step on the way.</param>
/// <param name="Code">The provider's error code, if any.</param>
/// <param name="Suppress">Set when nothing more should be sent to the address.</param>
public sealed record Receipt(string Status, MessageReceipt? Outcome, string? Code = null, SuppressionReason? Suppress = null);

/// <summary>What a callback turned out to be.</summary>
public abstract record CallbackReading
{
    private CallbackReading()
    {
    }

    /// <summary>A report about the message.</summary>
    public sealed record Read(Receipt Receipt) : CallbackReading;

    /// <summary>Not from the provider; answered with 403.</summary>
    public sealed record Forged : CallbackReading;

    /// <summary>Not what the provider sends; answered with 400.</summary>
    public sealed record Malformed : CallbackReading;
}

/// <summary>A sender whose provider reports by calling back; <see cref="CallbackUrls"/> makes the address that it is given with a message.</summary>
public interface IReceivesCallbacks
{
    /// <summary>Reads a callback; its path's secret was checked before.</summary>
    /// <param name="request">The request; no more than 64 KiB.</param>
    /// <param name="messageId">The message in its path.</param>
    /// <param name="url">The configured public address that the provider called, with the query: never made from the Host header.</param>
    /// <param name="cancellationToken">Ends with the request.</param>
    Task<CallbackReading> ReadAsync(HttpRequest request, Guid messageId, string url, CancellationToken cancellationToken);
}

/// <summary>A sender whose provider must be asked what became of messages.</summary>
public interface IPolledForReceipts
{
    /// <summary>For how long the provider answers for a message.</summary>
    TimeSpan Memory { get; }

    /// <summary>How many messages it answers for at once.</summary>
    int BatchSize { get; }

    /// <summary>What is known, by the provider's own ids. Throws when the provider cannot be asked; the text holds no secret.</summary>
    Task<IReadOnlyDictionary<string, Receipt>> AskAsync(IReadOnlyList<string> providerIds, CancellationToken cancellationToken);
}

/// <summary>Writes receipts into a message's timeline: each step once, in whatever order they come.</summary>
internal sealed class ReceiptWriter(
    IDbContextFactory<ServerDb> databases, Suppressions suppressions, DeliveryMetrics metrics, TimeProvider clock, ILogger<ReceiptWriter> logger)
{
    /// <summary>False when there is no such message (any more).</summary>
    public async Task<bool> WriteAsync(Guid messageId, string provider, Receipt receipt, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var message = await db.Messages.AsNoTracking().SingleOrDefaultAsync(row => row.Id == messageId, cancellationToken);
        if (message is null)
            return false;

        // Before the step is written: a crash between leads to the callback's repetition, which does both again.
        if (receipt.Suppress is { } reason)
            await suppressions.AddAsync(message.AddressHash, reason, provider);

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var step = new MessageEvent
        {
            Id = Guid.CreateVersion7(now), MessageId = messageId, At = now, Provider = provider, Status = Cut(receipt.Status)!, Code = Cut(receipt.Code),
        };
        if (await new RowInserter<MessageEvent>(db).InsertAsync(db, step, " ON CONFLICT DO NOTHING", cancellationToken) == 0)
            return true;
        var counted = receipt.Outcome is { } outcome && await SettleAsync(db, messageId, outcome, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);

        logger.LogInformation("Message {MessageId}: {Provider} reports {Status} {Code}.", messageId, provider, step.Status, step.Code);
        if (counted)
            metrics.Reported(message.Channel, provider, receipt.Outcome!.Value, now - (message.SentAt ?? message.CreatedAt));
        return true;
    }

    // "Delivered" is what the handset said; it stands against whatever comes before or after.
    private static async Task<bool> SettleAsync(ServerDb db, Guid messageId, MessageReceipt outcome, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var row = db.Messages.Where(message => message.Id == messageId);
        row = outcome == MessageReceipt.Delivered
            ? row.Where(message => message.Receipt == null || message.Receipt == MessageReceipt.Undelivered)
            : row.Where(message => message.Receipt == null);
        return await row.ExecuteUpdateAsync(
            set => set.SetProperty(message => message.Receipt, outcome).SetProperty(message => message.ReceiptAt, now), cancellationToken) == 1;
    }

    private static string? Cut(string? text) => text?.Length > 50 ? text[..50] : text;
}
