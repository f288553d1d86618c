using IdentityServer.Core.Persistence.Tables;

namespace IdentityServer.Core.Delivery;

/// <summary>The providers in use, by channel.</summary>
public sealed class Senders(IEnumerable<ISender> senders)
{
    private readonly ILookup<Channel, ISender> byChannel = senders.ToLookup(sender => sender.Channel);

    /// <summary>In the order in which they are tried; none when the channel is off.</summary>
    public IReadOnlyList<ISender> Of(Channel channel) => [.. byChannel[channel]];

    /// <summary>All of them.</summary>
    public IEnumerable<ISender> All => byChannel.SelectMany(group => group);
}
