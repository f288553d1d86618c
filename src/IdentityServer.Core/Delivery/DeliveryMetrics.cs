using System.Diagnostics.Metrics;
using IdentityServer.Core.Persistence.Tables;

namespace IdentityServer.Core.Delivery;

/// <summary>
/// Meter <c>IdentityServer.Delivery</c>: <c>identityserver.delivery.duration</c> (seconds from queued to taken by the
/// provider) and <c>identityserver.delivery.tries</c>, both by channel and provider, the latter by outcome too.
/// </summary>
internal sealed class DeliveryMetrics
{
    public const string MeterName = "IdentityServer.Delivery";

    private readonly Histogram<double> duration;
    private readonly Counter<long> tries;

    public DeliveryMetrics(IMeterFactory meters)
    {
#pragma warning disable CA2000 // The factory keeps and disposes its meters.
        var meter = meters.Create(MeterName);
#pragma warning restore CA2000
        duration = meter.CreateHistogram<double>("identityserver.delivery.duration", "s", "From queued to taken by the provider.");
        tries = meter.CreateCounter<long>("identityserver.delivery.tries", "{try}", "Tries to hand a message over, by outcome.");
    }

    public void Tried(ISender sender, string outcome) => tries.Add(
        1, new("channel", Name(sender.Channel)), new("provider", sender.Name), new("outcome", outcome));

    public void Accepted(ISender sender, TimeSpan sinceQueued) => duration.Record(
        sinceQueued.TotalSeconds, new("channel", Name(sender.Channel)), new KeyValuePair<string, object?>("provider", sender.Name));

    private static string Name(Channel channel) => channel == Channel.Email ? "email" : "sms";
}
