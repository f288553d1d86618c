using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Delivery;

/// <summary>Asks providers that do not call back what became of messages. Several instances may ask at once: a step is written once.</summary>
internal sealed class ReceiptPoller(
    Senders senders, ReceiptWriter writer, IDbContextFactory<ServerDb> databases, IOptions<DeliveryOptions> options, TimeProvider clock, ILogger<ReceiptPoller> logger)
    : BackgroundService
{
    /// <summary>Asks every provider about all of its messages once.</summary>
    public async Task RoundAsync(CancellationToken cancellationToken)
    {
        foreach (var sender in senders.All)
        {
            if (sender is not IPolledForReceipts polled)
                continue;
            try
            {
                await AskAsync(sender.Name, polled, cancellationToken);
            }
#pragma warning disable CA1031 // One provider, or the database, may be away for a while.
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                // Its text may quote the provider.
                logger.LogWarning("{Provider} could not be asked for receipts ({Reason}); it is asked again.", sender.Name, exception.GetType().Name);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!senders.All.Any(sender => sender is IPolledForReceipts))
            return;
        using var timer = new PeriodicTimer(options.Value.ReceiptInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await RoundAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process ends; the next one asks.
        }
    }

    private async Task AskAsync(string provider, IPolledForReceipts polled, CancellationToken cancellationToken)
    {
        var since = clock.GetUtcNow() - polled.Memory;
        var after = Guid.Empty;
        while (true)
        {
            var batch = await OpenAsync(provider, since, after, polled.BatchSize, cancellationToken);
            if (batch.Count == 0)
                return;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(options.Value.SendTimeout);
            var receipts = await polled.AskAsync([.. batch.Select(message => message.ProviderId!)], limit.Token);
            foreach (var message in batch)
            {
                if (receipts.TryGetValue(message.ProviderId!, out var receipt))
                    await writer.WriteAsync(message.Id, provider, receipt, cancellationToken);
            }

            if (batch.Count < polled.BatchSize)
                return;
            after = batch[^1].Id;
        }
    }

    private async Task<List<Message>> OpenAsync(string provider, DateTimeOffset since, Guid after, int atMost, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Messages.AsNoTracking()
            .Where(row => row.Status == MessageStatus.Sent && row.NotBefore > since && row.Provider == provider
                && row.ProviderId != null && row.Receipt == null && row.Id > after)
            .OrderBy(row => row.Id)
            .Take(atMost)
            .ToListAsync(cancellationToken);
    }
}
