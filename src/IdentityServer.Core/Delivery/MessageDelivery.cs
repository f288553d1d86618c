using System.Security.Cryptography;
using System.Text.Json;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Delivery;

/// <summary>One try of one message: lease, put into words, hand over, write down what came of it.</summary>
internal sealed class MessageDelivery(
    MessageQueue queue,
    MessageSeal seal,
    IMessageRenderer renderer,
    DeliveryMetrics metrics,
    IOptions<DeliveryOptions> options,
    TimeProvider clock,
    ILogger<MessageDelivery> logger)
{
    // A sender that does not listen to its cancellation is left behind after this.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    public async Task DeliverAsync(Message message, ISender sender)
    {
        if (message.ExpiresAt <= clock.GetUtcNow())
        {
            if (await queue.EndAsync(message.Id, null, MessageStatus.Expired, null))
                Ended(message, sender, "expired", message.LastError ?? "never tried");
            return;
        }

        if (await queue.LeaseAsync(message.Id, options.Value.Lease) is not { } lease)
            return;
        var attempt = message.Attempts + 1;
        var result = Compose(message, out var outgoing) ?? await SendAsync(outgoing!, sender);
        if (result is SendResult.Ambiguous ambiguous && sender.RepeatsSafely)
            result = new SendResult.Retry(ambiguous.Reason);
        await RecordAsync(message, lease, attempt, sender, result);
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
            var words = renderer.Render(template, message.Channel, message.Locale, seal.OpenModel(message.Id, message.Model));
            outgoing = new OutgoingMessage(message.Id, to, words, message.ExpiresAt);
            return null;
        }
        catch (Exception exception) when (exception is CryptographicException or JsonException)
        {
            return new SendResult.Misconfigured("the sealed message does not open: is Keys:MasterKeyFile the one it was sealed with?");
        }
    }

    private async Task<SendResult> SendAsync(OutgoingMessage message, ISender sender)
    {
        var time = message.ExpiresAt - clock.GetUtcNow();
        if (time > options.Value.SendTimeout)
            time = options.Value.SendTimeout;
        if (time <= TimeSpan.Zero)
            return new SendResult.Retry("expired before it was sent");
        using var timeout = new CancellationTokenSource(time);
        try
        {
            return await sender.SendAsync(message, timeout.Token).WaitAsync(time + Grace);
        }
        catch (Exception exception) when (exception is OperationCanceledException or TimeoutException)
        {
            return new SendResult.Ambiguous("no answer in time");
        }
#pragma warning disable CA1031 // A provider's class may throw anything; whatever it was, the message is not lost by it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            // Its text may quote the address.
            return new SendResult.Ambiguous(exception.GetType().Name);
        }
    }

    private async Task RecordAsync(Message message, Guid lease, int attempt, ISender sender, SendResult result)
    {
        switch (result)
        {
            case SendResult.Accepted accepted:
                metrics.Tried(sender, "accepted");
                metrics.Accepted(sender, clock.GetUtcNow() - message.CreatedAt);
                logger.LogInformation("Message {MessageId} ({Channel}) was accepted by {Provider} at try {Attempt}.", message.Id, message.Channel, sender.Name, attempt);
                await PersistAsync(message.Id, () => queue.SentAsync(message.Id, sender.Name, accepted.ProviderId));
                break;
            case SendResult.Rejected rejected:
                await EndAsync(message, lease, sender, "rejected", rejected.Reason);
                break;
            case SendResult.Ambiguous ambiguous:
                await EndAsync(message, lease, sender, "ambiguous", ambiguous.Reason);
                break;
            case SendResult.Misconfigured misconfigured:
                logger.LogError("{Provider} cannot send ({Channel}); an operator must act: {Reason}. Message {MessageId} waits.", sender.Name, message.Channel, misconfigured.Reason, message.Id);
                await RetryAsync(message, lease, sender, "misconfigured", misconfigured.Reason, Backoff.Misconfigured);
                break;
            case SendResult.Retry retry:
                logger.LogWarning("Message {MessageId} ({Channel}) was not taken by {Provider} at try {Attempt} and will be tried again: {Reason}.", message.Id, message.Channel, sender.Name, attempt, retry.Reason);
                await RetryAsync(message, lease, sender, "retry", retry.Reason, Backoff.After(attempt));
                break;
        }
    }

    private async Task RetryAsync(Message message, Guid lease, ISender sender, string outcome, string reason, TimeSpan pause)
    {
        metrics.Tried(sender, outcome);
        var next = clock.GetUtcNow() + Backoff.WithJitter(pause);
        // Due again when it expires, at the latest: then it is ended.
        await PersistAsync(message.Id, () => queue.RetryAsync(message.Id, lease, next < message.ExpiresAt ? next : message.ExpiresAt, reason));
    }

    private async Task EndAsync(Message message, Guid lease, ISender sender, string outcome, string reason)
    {
        Ended(message, sender, outcome, reason);
        await PersistAsync(message.Id, () => queue.EndAsync(message.Id, lease, MessageStatus.Failed, reason));
    }

    private void Ended(Message message, ISender sender, string outcome, string reason)
    {
        metrics.Tried(sender, outcome);
        logger.LogWarning("Message {MessageId} ({Channel}) by {Provider} is given up, {Outcome}: {Reason}.", message.Id, message.Channel, sender.Name, outcome, reason);
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
