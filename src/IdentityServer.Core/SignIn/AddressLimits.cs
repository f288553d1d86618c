using System.Buffers.Text;
using IdentityServer.Core.Abuse;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.SignIn;

/// <summary>What sign-in counts, alike for known and unknown addresses.</summary>
internal sealed class AddressLimits(IOptions<LimitOptions> options, Secrets secrets)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>Counts a start in the caller's transaction; null when there was room, otherwise when there is again.</summary>
    public Task<DateTimeOffset?> TakeStartAsync(ServerDb db, byte[] addressHash, string? ip, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var network = new Limit("starts-network:" + Base64Url.EncodeToString(secrets.Hash(Network.Of(ip))), options.Value.StartsPerNetworkAndHour, Hour);
        return Counting.TakeAsync(db, [network, .. Messages(addressHash)], now, cancellationToken);
    }

    /// <summary>Counts a further message.</summary>
    public Task<DateTimeOffset?> TakeResendAsync(ServerDb db, byte[] addressHash, DateTimeOffset now, CancellationToken cancellationToken) =>
        Counting.TakeAsync(db, Messages(addressHash), now, cancellationToken);

    /// <summary>Counts a code that is about to be compared.</summary>
    public static Task<Count> TakeFailureAsync(ServerDb db, byte[] addressHash, DateTimeOffset now, CancellationToken cancellationToken) =>
        Counting.TakeFailureAsync(db, FailuresKey(addressHash), now, cancellationToken);

    /// <summary>The owner of the address answered: failures are forgotten, and the messages were wanted.</summary>
    public static Task ForgetAsync(ServerDb db, byte[] addressHash, CancellationToken cancellationToken) =>
        Counting.ForgetAsync(db, [FailuresKey(addressHash), HourKey(addressHash), DayKey(addressHash)], cancellationToken);

    /// <summary>
    /// Forgets the failures of an account's other addresses: its owner came in by one door, so that those whom a stranger's guessing closed open
    /// again. Text messages hold no link that could do it.
    /// </summary>
    public async Task ForgetFailuresAsync(ServerDb db, KnownUser account, Address except, CancellationToken cancellationToken)
    {
        var others = new[] { Channel.Email, Channel.Sms }
            .Where(channel => channel != except.Channel && account.HasProved(channel))
            .Select(channel => Address.Parse(account.AddressOf(channel)))
            .OfType<Address>()
            .Select(address => FailuresKey(secrets.HashAddress(address)));
        await Counting.ForgetAsync(db, others, cancellationToken);
    }

    private IEnumerable<Limit> Messages(byte[] addressHash) =>
    [
        new(HourKey(addressHash), options.Value.MessagesPerAddressAndHour, Hour),
        new(DayKey(addressHash), options.Value.MessagesPerAddressAndDay, Day),
    ];

    private static string FailuresKey(byte[] addressHash) => "code-failures:" + Base64Url.EncodeToString(addressHash);

    private static string HourKey(byte[] addressHash) => "messages-hour:" + Base64Url.EncodeToString(addressHash);

    private static string DayKey(byte[] addressHash) => "messages-day:" + Base64Url.EncodeToString(addressHash);
}
