using System.Buffers.Text;
using IdentityServer.Core.Abuse;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Proofs;

/// <summary>Who asks, as far as limits go.</summary>
/// <param name="Ip">Where from; null where the address is not the person's own, as at a confidential application's server.</param>
/// <param name="Application">The application's client id; null when the person came by themselves.</param>
internal readonly record struct Source(string? Ip, string? Application)
{
    /// <summary>Whether <see cref="Ip"/> says nothing about the person.</summary>
    public bool IsServer { get; init; }
}

/// <summary>
/// What sign-in counts, alike for known and unknown addresses. Below the pages and the endpoints, so that nobody who calls it passes by.
/// </summary>
internal sealed class ProofLimits(IOptions<LimitOptions> options, Secrets secrets)
{
    /// <summary>The name of the limit on wrong passwords for one address.</summary>
    public const string PasswordFailures = "password-failures";

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly LimitOptions most = options.Value;

    /// <summary>What a start is counted in beside its address: given back when it succeeds.</summary>
    public IReadOnlyList<string> StartKeys(byte[] addressHash, Source source) => [.. Starts(addressHash, source).Select(limit => limit.Key)];

    /// <summary>Counts a start in the caller's transaction; null when there was room, otherwise when there is again.</summary>
    public Task<Full?> TakeStartAsync(ServerDb db, byte[] addressHash, Source source, DateTimeOffset now, CancellationToken cancellationToken) =>
        Counting.TakeAsync(
            db,
            [new(MinuteKey(addressHash), most.StartsPerAddressAndMinute, Minute), .. Messages(addressHash), .. Starts(addressHash, source)],
            now,
            cancellationToken);

    /// <summary>Counts a further message.</summary>
    public Task<Full?> TakeResendAsync(ServerDb db, byte[] addressHash, DateTimeOffset now, CancellationToken cancellationToken) =>
        Counting.TakeAsync(db, Messages(addressHash), now, cancellationToken);

    /// <summary>Counts a code that is about to be compared, for its address.</summary>
    public static Task<Count> TakeFailureAsync(ServerDb db, byte[] addressHash, DateTimeOffset now, CancellationToken cancellationToken) =>
        Counting.TakeFailureAsync(db, FailuresKey(addressHash), now, cancellationToken);

    /// <summary>Counts a password that is about to be compared, for its address: apart from codes.</summary>
    public static Task<Count> TakePasswordFailureAsync(ServerDb db, byte[] addressHash, DateTimeOffset now, CancellationToken cancellationToken) =>
        Counting.TakeFailureAsync(db, PasswordFailuresKey(addressHash), now, cancellationToken);

    /// <summary>Counts a password that is about to be compared, for where it comes from.</summary>
    public Task<Full?> TakePasswordAsync(ServerDb db, Source source, DateTimeOffset now, CancellationToken cancellationToken) =>
        Counting.TakeAsync(db, Passwords(source), now, cancellationToken);

    /// <summary>The password was right: only wrong ones count. Those before it are forgotten once the code was right, too.</summary>
    public Task GiveBackPasswordAsync(ServerDb db, byte[] addressHash, Source source, DateTimeOffset at, CancellationToken cancellationToken) =>
        Counting.GiveBackAsync(db, Passwords(source).Select(limit => limit.Key).Append(PasswordFailuresKey(addressHash)), at, cancellationToken);

    /// <summary>The owner of the address signed in: wrong passwords are forgotten.</summary>
    public static Task ForgetPasswordFailuresAsync(ServerDb db, byte[] addressHash, CancellationToken cancellationToken) =>
        Counting.SettleAsync(db, [], [PasswordFailuresKey(addressHash)], default, cancellationToken);

    /// <summary>Counts a code that is about to be compared, for where it comes from.</summary>
    public Task<Full?> TakeTryAsync(ServerDb db, Source source, DateTimeOffset now, CancellationToken cancellationToken) =>
        Counting.TakeAsync(db, Tries(source), now, cancellationToken);

    /// <summary>The same for what is compared without a challenge, in a transaction of its own.</summary>
    public async Task<Full?> CountTryAsync(ServerDb db, Source source, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var full = await TakeTryAsync(db, source, now, cancellationToken);
        if (full is null)
            await transaction.CommitAsync(cancellationToken);
        return full;
    }

    /// <summary>The code was right: only wrong ones count.</summary>
    public Task GiveBackTryAsync(ServerDb db, Source source, DateTimeOffset at, CancellationToken cancellationToken) =>
        Counting.GiveBackAsync(db, Tries(source).Select(limit => limit.Key), at, cancellationToken);

    /// <summary>
    /// The owner of the address answered: failures are forgotten, the messages were wanted, and what the start took is given back. Of text
    /// messages, which cost money, the day's count stays.
    /// </summary>
    public static Task SettleAsync(ServerDb db, Challenge challenge, IEnumerable<GiveBack> more, CancellationToken cancellationToken)
    {
        var hash = challenge.AddressHash;
        List<string> forget = [FailuresKey(hash), MinuteKey(hash), HourKey(hash)];
        if (challenge.Channel != Channel.Sms)
            forget.Add(DayKey(hash));
        return Counting.SettleAsync(db, [.. challenge.Counted.Select(key => new GiveBack(key)), .. more], forget, challenge.CreatedAt, cancellationToken);
    }

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
        await Counting.SettleAsync(db, [], [.. others], default, cancellationToken);
    }

    /// <summary>Forgets the wrong codes and passwords of an address, so that the right ones work again.</summary>
    public static Task ForgetFailuresAsync(ServerDb db, byte[] addressHash, CancellationToken cancellationToken) =>
        Counting.SettleAsync(db, [], [FailuresKey(addressHash), PasswordFailuresKey(addressHash)], default, cancellationToken);

    /// <summary>The keys of the limits on an address alone, as they are counted.</summary>
    public static IReadOnlyList<string> AddressKeys(byte[] addressHash) =>
        [FailuresKey(addressHash), PasswordFailuresKey(addressHash), MinuteKey(addressHash), HourKey(addressHash), DayKey(addressHash)];

    private IEnumerable<Limit> Messages(byte[] addressHash) =>
    [
        new(HourKey(addressHash), most.MessagesPerAddressAndHour, Hour),
        new(DayKey(addressHash), most.MessagesPerAddressAndDay, Day),
    ];

    private IEnumerable<Limit> Starts(byte[] addressHash, Source source)
    {
        if (!source.IsServer)
        {
            var pair = $"{Base64Url.EncodeToString(addressHash)} {Network.Of(source.Ip)}";
            yield return new Limit(Key("address-network-starts", pair), most.StartsPerAddressAndNetworkAndDay, Day);
        }

        foreach (var limit in Of(source, "starts", most.StartsPerApplicationAndHour, most.StartsPerNetworkAndHour, most.StartsPerSiteAndHour, most.StartsPerHour))
            yield return limit;
    }

    private IEnumerable<Limit> Tries(Source source) => Of(
        source, "tries", most.WrongCodesPerApplicationAndHour, most.WrongCodesPerNetworkAndHour, most.WrongCodesPerSiteAndHour, most.WrongCodesPerHour);

    private IEnumerable<Limit> Passwords(Source source) => Of(
        source, "passwords", most.WrongCodesPerApplicationAndHour, most.WrongCodesPerNetworkAndHour, most.WrongCodesPerSiteAndHour, most.WrongCodesPerHour);

    private IEnumerable<Limit> Of(Source source, string what, int application, int network, int site, int overall)
    {
        if (source.Application is not null)
            yield return new Limit(Key($"application-{what}", source.Application), application, Hour);
        if (!source.IsServer)
        {
            yield return new Limit(Key($"network-{what}", Network.Of(source.Ip)), network, Hour);
            if (Network.SiteOf(source.Ip) is { } wide)
                yield return new Limit(Key($"network-{what}", wide), site, Hour);
        }

        yield return new Limit($"overall-{what}", overall, Hour);
    }

    private string Key(string name, string whom) => $"{name}:{Base64Url.EncodeToString(secrets.Hash(whom))}";

    private static string FailuresKey(byte[] addressHash) => "code-failures:" + Base64Url.EncodeToString(addressHash);

    private static string PasswordFailuresKey(byte[] addressHash) => PasswordFailures + ":" + Base64Url.EncodeToString(addressHash);

    private static string MinuteKey(byte[] addressHash) => "address-starts-minute:" + Base64Url.EncodeToString(addressHash);

    private static string HourKey(byte[] addressHash) => "address-messages-hour:" + Base64Url.EncodeToString(addressHash);

    private static string DayKey(byte[] addressHash) => "address-messages-day:" + Base64Url.EncodeToString(addressHash);
}
