using IdentityServer.Core.Persistence.Tables;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Delivery;

/// <summary>Which kinds of addresses can be written to at all: forms ask for no others.</summary>
public sealed class DeliveryChannels(IOptions<DeliveryOptions> options)
{
    /// <summary>E-mail always; text messages when a provider for them is configured.</summary>
    public bool CanReach(Channel channel) => channel == Channel.Email || options.Value.Sms.IsOn;
}
