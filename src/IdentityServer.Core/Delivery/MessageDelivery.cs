using System.Security.Cryptography;
using System.Text.Json;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Delivery;

/// <summary>
/// One try of one message: choose the provider, lease, put into words, hand over, write down what came of it. Before a provider is given the message
/// its name is written beside it; if that try's end is never learned, the message may go to the same provider again if it recognises repetitions, to
/// any if the recipient does, and otherwise to nobody: two codes for one wish are worse than none, and the person can ask for another.
/// </summary>
internal sealed class MessageDelivery(
    MessageQueue queue,
    MessageSeal seal,
    Handover handover,
    Suppressions suppressions,
    IMessageRenderer renderer,
    DeliveryMetrics metrics,
    IOptions<DeliveryOptions> options,
    TimeProvider clock,
    ILogger<MessageDelivery> logger)
{
    public async Task DeliverAsync(Message message)
    {
        if (message.ExpiresAt <= clock.GetUtcNow())
        {
            await DropAsync(message, MessageStatus.Expired, "expired", null);
            return;
        }

        var failure = Compose(message, out var outgoing);
        if (failure is null && await suppressions.HoldAsync(message.Channel, outgoing!.To))
        {
            await DropAsync(message, MessageStatus.Failed, "suppressed", "the address is on the suppression list");
            return;
        }

        var (sender, refused) = failure is null ? handover.Choose(message, outgoing!.To) : (null, failure);
        if (refused is SendResult.Ambiguous ambiguous)
        {
            await DropAsync(message, MessageStatus.Failed, "ambiguous", ambiguous.Reason);
            return;
        }

        if (await queue.LeaseAsync(message, options.Value.Lease, sender?.Name ?? message.Provider) is not { } lease)
        {
            handover.Release(sender);
            return;
        }

        if (message.Attempts == 0)
            metrics.Queued(message.Channel);
        var handed = sender is null ? new Handed(null, refused!, message.Provider) : await handover.SendAsync(message, outgoing!, lease, sender);
        await RecordAsync(message, lease, handed);
    }

    /// <summary>Null when <paramref name="outgoing"/> is ready.</summary>
    private SendResult? Compose(Message message, out OutgoingMessage? outgoing)
    {
        outgoing = null;
        try
        {
            if (!Enum.TryParse<MessageTemplate>(message.Template, out var template))
                return new SendResult.Rejected("unknown template");
            var to = seal.OpenRecipient(message.Id, message.Recipient);
            var model = seal.OpenModel(message.Id, message.Model);
            var words = renderer.Render(template, message.Channel, message.Locale, model);
            outgoing = new OutgoingMessage(message.Id, to, words, message.ExpiresAt) { Code = model.GetValueOrDefault("code") };
            return null;
        }
        catch (Exception exception) when (exception is CryptographicException or JsonException)
        {
            return new SendResult.Misconfigured("the sealed message does not open: is Keys:MasterKeyFile the one it was sealed with?");
        }
    }

    private async Task RecordAsync(Message message, Guid lease, Handed handed)
    {
        var attempt = message.Attempts + 1;
        var provider = handed.Sender?.Name;
        switch (handed.Result)
        {
            case SendResult.Accepted accepted:
                metrics.Accepted(handed.Sender!, clock.GetUtcNow() - message.CreatedAt);
                logger.LogInformation("Message {MessageId} ({Channel}) was accepted by {Provider} at try {Attempt}.", message.Id, message.Channel, provider, attempt);
                await PersistAsync(message.Id, () => queue.SentAsync(message.Id, provider!, accepted.ProviderId));
                break;
            case SendResult.Rejected rejected:
                if (rejected.Suppress is { } suppress)
                    await PersistAsync(message.Id, () => suppressions.AddAsync(message.AddressHash, suppress, provider!));
                await EndAsync(message, lease, provider, "rejected", rejected.Reason);
                break;
            case SendResult.Ambiguous ambiguous when handed.MayHaveIt is null:
                await EndAsync(message, lease, provider, "ambiguous", ambiguous.Reason);
                break;
            case SendResult.Ambiguous ambiguous:
                await RetryAsync(message, lease, handed, ambiguous.Reason, Backoff.After(attempt));
                break;
            case SendResult.Misconfigured misconfigured:
                logger.LogError("{Provider} cannot send ({Channel}); an operator must act: {Reason}. Message {MessageId} waits.", provider, message.Channel, misconfigured.Reason, message.Id);
                await RetryAsync(message, lease, handed, misconfigured.Reason, Backoff.Misconfigured);
                break;
            case SendResult.Retry retry:
                logger.LogWarning("Message {MessageId} ({Channel}) was not taken by {Provider} at try {Attempt} and will be tried again: {Reason}.", message.Id, message.Channel, provider, attempt, retry.Reason);
                await RetryAsync(message, lease, handed, retry.Reason, Backoff.After(attempt));
                break;
        }
    }

    private async Task RetryAsync(Message message, Guid lease, Handed handed, string reason, TimeSpan pause)
    {
        var next = clock.GetUtcNow() + Backoff.WithJitter(pause);
        // Due again when it expires, at the latest: then it is ended.
        await PersistAsync(message.Id, () => queue.RetryAsync(message.Id, lease, next < message.ExpiresAt ? next : message.ExpiresAt, reason, handed.MayHaveIt));
    }

    private async Task EndAsync(Message message, Guid lease, string? provider, string outcome, string reason)
    {
        Ended(message, provider, outcome, reason);
        await PersistAsync(message.Id, () => queue.EndAsync(message.Id, lease, MessageStatus.Failed, reason));
    }

    /// <summary>Ends a message that nobody has leased.</summary>
    private async Task DropAsync(Message message, MessageStatus status, string outcome, string? reason)
    {
        if (!await queue.EndAsync(message.Id, null, status, reason))
            return;
        if (message.Attempts == 0)
            metrics.Queued(message.Channel);
        Ended(message, message.Provider, outcome, reason ?? message.LastError ?? "never tried");
    }

    private void Ended(Message message, string? provider, string outcome, string reason)
    {
        metrics.Failed(message.Channel, provider, outcome);
        logger.LogWarning("Message {MessageId} ({Channel}) by {Provider} is given up, {Outcome}: {Reason}.", message.Id, message.Channel, provider ?? "nobody", outcome, reason);
    }

    /// <summary>The outcome must outlive a hiccup of the database, or the message would be sent again: tried until the lease is nearly over.</summary>
    private async Task PersistAsync(Guid id, Func<Task> write)
    {
        for (var pause = TimeSpan.FromMilliseconds(100); ; pause *= 2)
        {
            try
            {
                await write();
                return;
            }
            catch (Exception exception) when (exception is System.Data.Common.DbException or InvalidOperationException or TimeoutException && pause < TimeSpan.FromSeconds(10))
            {
                logger.LogWarning(exception, "The outcome of message {MessageId} could not be written down yet.", id);
                await Task.Delay(pause, clock);
            }
        }
    }
}
