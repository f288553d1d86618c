using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Proofs;

/// <summary>Reads the address that a sign-in starts with, and refuses what no message can reach. Its answers depend on what was typed alone.</summary>
internal sealed class AddressReader(DeliveryChannels channels, TestAddresses tests, IOptions<SignInOptions> settings, TimeProvider time)
{
    /// <summary>The address, or why there is none.</summary>
    public (Address? Address, StartOutcome? Refusal) Read(string? typed) => Address.Read(typed, settings.Value.DefaultRegion) switch
    {
        AddressReading.Usable(var address) when channels.CanReach(address.Channel) || tests.Find(address, time.GetUtcNow()) is not null => (address, null),
        AddressReading.Usable => (null, new StartOutcome.OnlyEmail()),
        AddressReading.NoMessages => (null, channels.CanReach(Channel.Sms) ? new StartOutcome.NoMessages() : new StartOutcome.OnlyEmail()),
        _ => (null, new StartOutcome.NotAnAddress()),
    };
}
