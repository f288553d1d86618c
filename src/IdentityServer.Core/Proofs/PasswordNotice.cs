using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Proofs;

/// <summary>
/// Tells the owner that the account's password is another, or none any more. OWASP ASVS 5.0, 6.3.7: "Verify that users are notified after updates to
/// authentication details". By e-mail where that address is proved, else by text message.
/// </summary>
internal sealed class PasswordNotice(ServerDb db, Outbox outbox, DeliveryChannels channels, SmsGate gate)
{
    private static readonly TimeSpan Delivery = TimeSpan.FromDays(1);

    /// <summary>What the audit log says of a change.</summary>
    public static Dictionary<string, string> Facts(string change) => new(StringComparer.Ordinal) { ["change"] = change };

    /// <summary>Adds the message to what will be saved; null where there is none to send. Before a transaction is begun (see <see cref="Outbox.Add"/>).</summary>
    /// <param name="account">Whose password.</param>
    /// <param name="isRemoved">Whether there is none any more.</param>
    /// <param name="provedBy">What was proved for the change just now: the same phone is not told what its holder did this minute.</param>
    /// <param name="origin">This server's address as messages name it.</param>
    /// <param name="locale">The page's language, for who has none stored.</param>
    /// <param name="now">The time.</param>
    public Guid? Add(KnownUser account, bool isRemoved, Channel? provedBy, string origin, string locale, DateTimeOffset now)
    {
        var channel = account.EmailConfirmed ? Channel.Email : Channel.Sms;
        if (account.AddressOf(channel) is not { } to || !account.HasProved(channel) || !channels.CanReach(channel) || (channel == Channel.Sms && provedBy == channel))
            return null;

        var template = isRemoved ? MessageTemplate.PasswordRemoved : MessageTemplate.PasswordChanged;
        var model = new Dictionary<string, string>(StringComparer.Ordinal) { ["host"] = new Uri(origin).Authority };
        return outbox.Add(db, new NewMessage(ChallengeId: null, channel, template, to, model, account.Locale ?? locale, now + Delivery));
    }

    /// <summary>Counts the message, where it costs money, in the caller's transaction; without room it is not sent.</summary>
    public async Task CountAsync(Guid? message, DateTimeOffset now, KnownUser account, CancellationToken cancellationToken)
    {
        if (message is null || db.ChangeTracker.Entries<Message>().Single(entry => entry.Entity.Id == message) is not { Entity.Channel: Channel.Sms } entry)
            return;
        if (await gate.TakeAsync(db, account.Phone!, now, cancellationToken) is not null)
            entry.State = EntityState.Detached;
    }
}
