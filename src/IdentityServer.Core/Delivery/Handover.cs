using System.Diagnostics;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Delivery;

/// <summary>What came of handing a message over.</summary>
/// <param name="Sender">Who was asked last.</param>
/// <param name="Result">What came of it.</param>
/// <param name="MayHaveIt">The provider that may have the message and alone may be given it again.</param>
internal sealed record Handed(ISender? Sender, SendResult Result, string? MayHaveIt);

/// <summary>Gives a message to the first provider that is well, and to the next when that one says no for itself.</summary>
internal sealed class Handover(
    Senders senders, ProviderHealth health, MessageQueue queue, DeliveryMetrics metrics, IOptions<DeliveryOptions> options, TimeProvider clock, ILogger<Handover> logger)
{
    // A sender that does not listen to its cancellation is left behind after this.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>Who is to be asked first; otherwise why nobody is.</summary>
    public (ISender? Sender, SendResult? Refused) Choose(Message message, string to)
    {
        var all = senders.Of(message.Channel);
        // Queued, and yet somebody's: the end of an earlier try was never learned.
        if (message.Provider is { } name)
        {
            var earlier = all.FirstOrDefault(sender => sender.Name == name);
            if (earlier is not null && IsBoundTo(earlier))
                return (earlier, null);
            if (earlier is not { RepeatsElsewhere: true })
                return (null, new SendResult.Ambiguous("an earlier try may have arrived"));
        }

        List<ISender> reaching = [.. all.Where(sender => sender.Reaches(to))];
        return reaching.Count == 0
            ? (null, new SendResult.Misconfigured("no provider in Delivery:Sms:Providers delivers to this country"))
            // When none is well, the first is asked all the same: nothing is lost by it.
            : (health.Choose(reaching) ?? reaching[0], null);
    }

    public void Release(ISender? sender)
    {
        if (sender is not null)
            health.Release(sender);
    }

    /// <summary>Hands over under the lease, to <paramref name="first"/> and then to others while there is time.</summary>
    public async Task<Handed> SendAsync(Message message, OutgoingMessage outgoing, Guid lease, ISender first)
    {
        var bound = message.Provider == first.Name && IsBoundTo(first) ? first.Name : null;
        List<ISender> others = bound is null ? [.. senders.Of(message.Channel).Where(other => other != first && other.Reaches(outgoing.To))] : [];
        var started = Stopwatch.GetTimestamp();
        for (var sender = first; ;)
        {
            var left = TimeLeft(outgoing, started);
            var result = await TryAsync(sender, outgoing, left, others.Count > 0);
            if (result is SendResult.Ambiguous)
                return new Handed(sender, result, IsBoundTo(sender) ? sender.Name : bound);
            var next = result is SendResult.Retry or SendResult.Misconfigured && TimeLeft(outgoing, started) >= options.Value.SendTimeout / 2 ? health.Choose(others) : null;
            if (next is null || !await queue.HandOverAsync(message.Id, lease, next.Name))
            {
                Release(next);
                return new Handed(sender, result, bound);
            }

            Passed(message, sender, next, result);
            others.Remove(next);
            sender = next;
        }
    }

    private void Passed(Message message, ISender sender, ISender next, SendResult result)
    {
        if (result is SendResult.Misconfigured misconfigured)
            logger.LogError("{Provider} cannot send ({Channel}); an operator must act: {Reason}.", sender.Name, message.Channel, misconfigured.Reason);
        logger.LogWarning("Message {MessageId} ({Channel}) was not taken by {Provider} and goes to {Next}.", message.Id, message.Channel, sender.Name, next.Name);
    }

    private static bool IsBoundTo(ISender sender) => sender is { RepeatsSafely: true, RepeatsElsewhere: false };

    private TimeSpan TimeLeft(OutgoingMessage message, long started)
    {
        var life = message.ExpiresAt - clock.GetUtcNow();
        var left = options.Value.SendTimeout - Stopwatch.GetElapsedTime(started);
        return life < left ? life : left;
    }

    private async Task<SendResult> TryAsync(ISender sender, OutgoingMessage message, TimeSpan time, bool hasNext)
    {
        if (time <= TimeSpan.Zero)
        {
            health.Release(sender);
            return new SendResult.Retry("expired before it was sent");
        }

        if (hasNext && sender.RepeatsElsewhere && time > options.Value.FailoverAfter)
            time = options.Value.FailoverAfter;
        var result = await AskAsync(sender, message, time);
        if (result is SendResult.Ambiguous ambiguous && sender.RepeatsElsewhere)
            result = new SendResult.Retry(ambiguous.Reason);
        if (result is SendResult.Accepted or SendResult.Rejected)
            health.Answered(sender);
        else
            health.Failed(sender);
        metrics.Tried(sender, Outcome(result));
        return result;
    }

    private async Task<SendResult> AskAsync(ISender sender, OutgoingMessage message, TimeSpan time)
    {
        using var timeout = new CancellationTokenSource(time);
        using var done = new CancellationTokenSource();
        var watching = WatchAsync(sender, done.Token);
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
        finally
        {
            await done.CancelAsync();
            await watching;
        }
    }

    /// <summary>Other messages need not wait for this one to learn that the provider hangs.</summary>
    private async Task WatchAsync(ISender sender, CancellationToken done)
    {
        await Task.Delay(options.Value.FailoverAfter, done).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!done.IsCancellationRequested)
            health.Failed(sender, waits: true);
    }

    private static string Outcome(SendResult result) => result switch
    {
        SendResult.Accepted => "accepted",
        SendResult.Rejected => "rejected",
        SendResult.Misconfigured => "misconfigured",
        SendResult.Retry => "retry",
        _ => "ambiguous",
    };
}
