using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Delivery;

/// <summary>A message to deliver.</summary>
/// <param name="ChallengeId">The challenge it belongs to.</param>
/// <param name="Channel">How it travels.</param>
/// <param name="Template">What it says.</param>
/// <param name="Recipient">The address; sealed at rest, blanked when done with.</param>
/// <param name="Model">The template's values (see <see cref="MessageTemplate"/>); sealed at rest, blanked when done with.</param>
/// <param name="Locale">The language of the page that asked (BCP 47).</param>
/// <param name="ExpiresAt">After this nobody needs it: it is not sent any more.</param>
public sealed record NewMessage(
    Guid? ChallengeId,
    Channel Channel,
    MessageTemplate Template,
    string Recipient,
    IReadOnlyDictionary<string, string> Model,
    string Locale,
    DateTimeOffset ExpiresAt);

/// <summary>
/// Where messages wait. A message is added to its caller's unit of work, so that it exists exactly when the challenge
/// exists; the dispatcher sends it afterwards, never the request.
/// </summary>
/// <example><code>outbox.Add(db, message); await db.SaveChangesAsync(cancellationToken); outbox.Wake();</code></example>
public sealed class Outbox
{
    private readonly MessageSeal seal;
    private readonly DispatcherBell bell;
    private readonly TimeProvider clock;

    internal Outbox(MessageSeal seal, DispatcherBell bell, TimeProvider clock)
    {
        this.seal = seal;
        this.bell = bell;
        this.clock = clock;
    }

    /// <summary>
    /// Adds the message to what <paramref name="db"/> will save. Gives its id. Before a transaction is begun: sealing may write a new data protection
    /// key through a connection of its own, which on SQLite would wait for that transaction.
    /// </summary>
    public Guid Add(ServerDb db, NewMessage message)
    {
        var now = clock.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        db.Add(new Message
        {
            Id = id,
            ChallengeId = message.ChallengeId,
            Channel = message.Channel,
            Template = message.Template.ToString(),
            AddressHash = seal.Hash(message.Channel, message.Recipient),
            Recipient = seal.SealRecipient(id, message.Recipient),
            Model = seal.SealModel(id, message.Model),
            Locale = message.Locale,
            Status = MessageStatus.Queued,
            CreatedAt = now,
            NotBefore = now,
            ExpiresAt = message.ExpiresAt,
        });
        return id;
    }

    /// <summary>
    /// Withdraws the challenge's messages that no dispatcher has taken yet: their code is dead, and a late mail with a
    /// dead code is what people report as "my code does not work". Runs at once, in the caller's transaction if there is one.
    /// </summary>
    public Task<int> WithdrawAsync(ServerDb db, Guid challengeId, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return db.Set<Message>()
            .Where(m => m.ChallengeId == challengeId && m.Status == MessageStatus.Queued
                && (m.LeasedUntil == null || m.LeasedUntil <= now))
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(m => m.Status, MessageStatus.Expired)
                    .SetProperty(m => m.Recipient, "")
                    .SetProperty(m => m.Model, "")
                    .SetProperty(m => m.LastError, "superseded"),
                cancellationToken);
    }

    /// <summary>Tells this process's dispatcher that something was committed. Without it the message waits for the next poll (a second).</summary>
    public void Wake() => bell.Ring();
}
