using System.Collections.Concurrent;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Delivery;

/// <summary>
/// Sends what is in the outbox. Wakes when a message is committed in this process and looks every second for others'.
/// Any number of instances may run: a message is leased before it is sent, and a lease that its instance did not live
/// to end passes to another. What a provider acknowledged is never sent again; after a crash between a provider's yes
/// and our writing it down, a mail is sent a second time under the same Message-ID, and a text only where the provider
/// recognises it (see <see cref="MessageDelivery"/>).
/// </summary>
/// <remarks>
/// Two lanes a channel: first tries, and messages that failed before. Neither can hold up the other, nor can a few
/// hanging sends hold up their own (see <see cref="Lane"/>). Stopping starts nothing new and finishes what is in flight.
/// </remarks>
internal sealed class Dispatcher : BackgroundService
{
    private readonly MessageQueue queue;
    private readonly MessageDelivery delivery;
    private readonly DispatcherBell bell;
    private readonly TimeSpan pollInterval;
    private readonly ILogger<Dispatcher> logger;
    private readonly List<(Channel Channel, bool TriedBefore, Lane Lane)> lanes = [];
    private readonly List<SemaphoreSlim> slowLanes = [];
    private readonly ConcurrentDictionary<Guid, Task> inFlight = new();

    public Dispatcher(
        Senders senders,
        MessageQueue queue,
        MessageDelivery delivery,
        DispatcherBell bell,
        IOptions<DeliveryOptions> options,
        ILogger<Dispatcher> logger)
    {
        (this.queue, this.delivery, this.bell, this.logger) = (queue, delivery, bell, logger);
        pollInterval = options.Value.PollInterval;
        foreach (var channel in Enum.GetValues<Channel>().Where(channel => senders.Of(channel).Count > 0))
        {
            var slow = new SemaphoreSlim(options.Value.SlowParallelism);
            slowLanes.Add(slow);
            foreach (var triedBefore in (bool[])[false, true])
                lanes.Add((channel, triedBefore, new Lane(options.Value.Parallelism, slow, options.Value.SlowAfter, bell.Ring)));
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await LookAsync(stoppingToken);
                await bell.WaitAsync(pollInterval, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAll(inFlight.Values);
        }
    }

    private async Task LookAsync(CancellationToken stoppingToken)
    {
        try
        {
            bool started;
            do
            {
                started = false;
                foreach (var (channel, triedBefore, lane) in lanes)
                    started |= await FillAsync(channel, triedBefore, lane, stoppingToken);
            }
            while (started);
        }
#pragma warning disable CA1031 // The database may be away for a while; the dispatcher must be there when it comes back.
        catch (Exception exception) when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            logger.LogError(exception, "The outbox could not be read; trying again.");
        }
    }

    /// <summary>Starts as many due messages as the lane has free places. True when it started any.</summary>
    private async Task<bool> FillAsync(Channel channel, bool triedBefore, Lane lane, CancellationToken stoppingToken)
    {
        var free = lane.Free;
        if (free == 0)
            return false;
        // Those in flight may not have their lease yet and so show up again.
        var due = await queue.DueAsync(channel, triedBefore, free + inFlight.Count, stoppingToken);
        var started = false;
        foreach (var message in due.Where(message => !inFlight.ContainsKey(message.Id)))
        {
            stoppingToken.ThrowIfCancellationRequested();
            if (!lane.TryEnter())
                break;
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            inFlight[message.Id] = done.Task;
            _ = RunAsync(message, lane, done);
            started = true;
        }

        return started;
    }

    private async Task RunAsync(Message message, Lane lane, TaskCompletionSource done)
    {
        await Task.Yield();
        await lane.RunAsync(() => DeliverAsync(message));
        inFlight.TryRemove(message.Id, out _);
        done.SetResult();
    }

    private async Task DeliverAsync(Message message)
    {
        try
        {
            await delivery.DeliverAsync(message);
        }
#pragma warning disable CA1031 // One message must not end the dispatcher; a lease that it holds lapses and it is tried again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            logger.LogError(exception, "Message {MessageId} could not be handled; it will be tried again.", message.Id);
            // Keeps its place meanwhile: a database that can be read but not written is not asked in a hot loop.
            await Task.Delay(pollInterval);
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        lanes.ForEach(entry => entry.Lane.Dispose());
        slowLanes.ForEach(slow => slow.Dispose());
    }
}
