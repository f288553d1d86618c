using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Account;

/// <summary>
/// Tells the owner of a proved address that the account gives it up, with a link that takes it back within seven days, or that another one opens the
/// account, too: whoever stole a session must not keep the account.
/// </summary>
internal sealed class AddressChangeNotice(ServerDb db, Outbox outbox, DeliveryChannels channels, SmsGate gate, IDataProtectionProvider protection)
{
    /// <summary>How long the link works.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromDays(7);

    private const int SecretLength = 32;
    private static readonly TimeSpan Delivery = TimeSpan.FromDays(1);

    private readonly IDataProtector seal = protection.CreateProtector("IdentityServer.Core.AddressChange.v1");

    /// <summary>What a link's token leaves in the database; null when it can be none.</summary>
    public static byte[]? HashOf(string? token) =>
        token is not null && Base64Url.IsValid(token, out var length) && length == SecretLength ? SHA256.HashData(Base64Url.DecodeFromChars(token)) : null;

    /// <summary>The address that was given up.</summary>
    public Address OldAddressOf(AddressChange change) =>
        Address.Parse(seal.Unprotect(change.OldAddress)) ?? throw new InvalidOperationException("A change holds what is no address.");

    /// <summary>Adds the change, and the message to the old address, to what will be saved. Before a transaction is begun (see <see cref="Outbox.Add"/>).</summary>
    /// <param name="user">Who gives it up.</param>
    /// <param name="old">What.</param>
    /// <param name="instead">What the account is found by now.</param>
    /// <param name="requester">Who asked.</param>
    /// <param name="now">The time.</param>
    public Guid? Add(User user, Address old, string instead, Requester requester, DateTimeOffset now)
    {
        var secret = RandomNumberGenerator.GetBytes(SecretLength);
        db.Add(new AddressChange
        {
            Id = Guid.CreateVersion7(now),
            UserId = user.Id,
            Channel = old.Channel,
            OldAddress = seal.Protect(old.Value),
            UndoHash = SHA256.HashData(secret),
            CreatedAt = now,
            ExpiresAt = now + Life,
        });
        if (!channels.CanReach(old.Channel))
            return null;

        var model = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["address"] = MaskedAddress.Of(instead)!,
            ["link"] = $"{requester.Origin}/account/undo?token={Base64Url.EncodeToString(secret)}",
            ["days"] = ((int)Life.TotalDays).ToString(CultureInfo.InvariantCulture),
            ["host"] = new Uri(requester.Origin).Authority,
        };
        return outbox.Add(db, new NewMessage(null, old.Channel, MessageTemplate.AddressChanged, old.Value, model, user.Locale ?? requester.Locale, now + Delivery));
    }

    /// <summary>Adds the message that the account has one more address, to the one that it had before; null where that cannot be reached.</summary>
    public Guid? AddAdded(User user, Address before, Address added, Requester requester, DateTimeOffset now)
    {
        if (!channels.CanReach(before.Channel))
            return null;

        var model = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["address"] = MaskedAddress.Of(added.Value)!,
            ["host"] = new Uri(requester.Origin).Authority,
        };
        return outbox.Add(db, new NewMessage(null, before.Channel, MessageTemplate.AddressAdded, before.Value, model, user.Locale ?? requester.Locale, now + Delivery));
    }

    /// <summary>Counts the message, where it costs money, in the caller's transaction; without room it is not sent.</summary>
    public async Task CountAsync(Guid? message, Address? to, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (message is not null && to is { Channel: Channel.Sms } && await gate.TakeAsync(db, to.Value, now, cancellationToken) is not null)
            db.ChangeTracker.Entries<Message>().Single(entry => entry.Entity.Id == message).State = EntityState.Detached;
    }
}
