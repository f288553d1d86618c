using System.Diagnostics.Metrics;
using IdentityServer.Core.Persistence.Tables;

namespace IdentityServer.Core.Delivery;

/// <summary>
/// Meter <c>IdentityServer.Delivery</c>. All by channel, all but the first by provider: <c>identityserver.delivery.queued</c>;
/// <c>identityserver.delivery.tries</c> by outcome; <c>identityserver.delivery.sent</c>; <c>identityserver.delivery.failed</c> by reason (rejected,
/// suppressed, ambiguous, expired); <c>identityserver.delivery.duration</c>, seconds from queued to taken by the provider;
/// <c>identityserver.delivery.receipt</c>, seconds from there to the receipt, by outcome.
/// </summary>
internal sealed class DeliveryMetrics
{
    public const string MeterName = "IdentityServer.Delivery";

    private readonly Counter<long> queued;
    private readonly Counter<long> tries;
    private readonly Counter<long> sent;
    private readonly Counter<long> failed;
    private readonly Histogram<double> duration;
    private readonly Histogram<double> receipt;

    public DeliveryMetrics(IMeterFactory meters)
    {
#pragma warning disable CA2000 // The factory keeps and disposes its meters.
        var meter = meters.Create(MeterName);
#pragma warning restore CA2000
        queued = meter.CreateCounter<long>("identityserver.delivery.queued", "{message}", "Messages taken up from the outbox, each once.");
        tries = meter.CreateCounter<long>("identityserver.delivery.tries", "{try}", "Tries to hand a message over, by outcome.");
        sent = meter.CreateCounter<long>("identityserver.delivery.sent", "{message}", "Messages that a provider took.");
        failed = meter.CreateCounter<long>("identityserver.delivery.failed", "{message}", "Messages that were given up, by reason.");
        duration = meter.CreateHistogram<double>("identityserver.delivery.duration", "s", "From queued to taken by the provider.");
        receipt = meter.CreateHistogram<double>("identityserver.delivery.receipt", "s", "From taken by the provider to its receipt.");
    }

    public void Queued(Channel channel) => queued.Add(1, new KeyValuePair<string, object?>("channel", channel.Name()));

    public void Tried(ISender sender, string outcome) => tries.Add(1, new("channel", sender.Channel.Name()), new("provider", sender.Name), new("outcome", outcome));

    public void Accepted(ISender sender, TimeSpan sinceQueued)
    {
        sent.Add(1, new("channel", sender.Channel.Name()), new KeyValuePair<string, object?>("provider", sender.Name));
        duration.Record(sinceQueued.TotalSeconds, new("channel", sender.Channel.Name()), new KeyValuePair<string, object?>("provider", sender.Name));
    }

    public void Failed(Channel channel, string? provider, string reason) =>
        failed.Add(1, new("channel", channel.Name()), new("provider", provider ?? "none"), new("reason", reason));

    public void Reported(Channel channel, string provider, MessageReceipt outcome, TimeSpan sinceSent) => receipt.Record(
        sinceSent.TotalSeconds, new("channel", channel.Name()), new("provider", provider), new("outcome", outcome == MessageReceipt.Delivered ? "delivered" : "undelivered"));
}
