using System.Linq.Expressions;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Delivery;

/// <summary>
/// The Messages table as a queue. Every change is one conditional UPDATE of one row, so any number of instances may
/// work on it, on SQLite and on PostgreSQL alike, and none can deadlock with another.
/// </summary>
internal sealed class MessageQueue(IDbContextFactory<ServerDb> databases, TimeProvider clock)
{
    private const int LongestError = 500;

    /// <summary>Messages that are due, oldest first: those never tried, or those tried before.</summary>
    public async Task<List<Message>> DueAsync(Channel channel, bool triedBefore, int atMost, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        Expression<Func<Message, bool>> lane = triedBefore ? m => m.Attempts > 0 : m => m.Attempts == 0;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Messages.AsNoTracking()
            .Where(m => m.Status == MessageStatus.Queued && m.NotBefore <= now && m.Channel == channel
                && (m.LeasedUntil == null || m.LeasedUntil <= now))
            .Where(lane)
            .OrderBy(m => m.NotBefore).ThenBy(m => m.Id)
            .Take(atMost)
            .ToListAsync(cancellationToken);
    }

    /// <summary>
    /// Takes the message for <paramref name="duration"/>, counts the try and notes to whom it is about to be given; null when another instance was
    /// faster or it is not as it was read.
    /// </summary>
    public async Task<Guid?> LeaseAsync(Message message, TimeSpan duration, string? provider)
    {
        var now = clock.GetUtcNow();
        var lease = Guid.CreateVersion7(now);
        await using var db = await databases.CreateDbContextAsync();
        var rows = await db.Messages
            .Where(m => m.Id == message.Id && m.Status == MessageStatus.Queued && m.NotBefore <= now
                && (m.LeasedUntil == null || m.LeasedUntil <= now) && m.Provider == message.Provider && m.Attempts == message.Attempts)
            .ExecuteUpdateAsync(set => set
                .SetProperty(m => m.LeaseId, lease)
                .SetProperty(m => m.LeasedUntil, now + duration)
                .SetProperty(m => m.Provider, provider)
                .SetProperty(m => m.Attempts, m => m.Attempts + 1));
        return rows == 1 ? lease : null;
    }

    /// <summary>Notes that the provider who had it does not, and who is given it next; false when the lease has passed on.</summary>
    public async Task<bool> HandOverAsync(Guid id, Guid lease, string provider)
    {
        await using var db = await databases.CreateDbContextAsync();
        return await db.Messages
            .Where(m => m.Id == id && m.LeaseId == lease && m.Status == MessageStatus.Queued)
            .ExecuteUpdateAsync(set => set.SetProperty(m => m.Provider, provider)) == 1;
    }

    /// <summary>The provider has it. Holds whoever has the lease now: what was acknowledged is never sent again.</summary>
    public async Task SentAsync(Guid id, string provider, string? providerId)
    {
        var now = clock.GetUtcNow();
        await using var db = await databases.CreateDbContextAsync();
        await db.Messages
            .Where(m => m.Id == id && m.Status != MessageStatus.Sent)
            .ExecuteUpdateAsync(set => set
                .SetProperty(m => m.Status, MessageStatus.Sent)
                .SetProperty(m => m.Recipient, "")
                .SetProperty(m => m.Model, "")
                .SetProperty(m => m.SentAt, now)
                .SetProperty(m => m.Provider, provider)
                .SetProperty(m => m.ProviderId, Cut(providerId, 200))
                .SetProperty(m => m.LeaseId, (Guid?)null)
                .SetProperty(m => m.LeasedUntil, (DateTimeOffset?)null)
                .SetProperty(m => m.LastError, (string?)null));
    }

    /// <summary>Gives the message back, to be tried at <paramref name="notBefore"/>; only by <paramref name="mayHaveIt"/>, if there is such a provider.</summary>
    public async Task RetryAsync(Guid id, Guid lease, DateTimeOffset notBefore, string reason, string? mayHaveIt = null)
    {
        await using var db = await databases.CreateDbContextAsync();
        await db.Messages
            .Where(m => m.Id == id && m.LeaseId == lease && m.Status == MessageStatus.Queued)
            .ExecuteUpdateAsync(set => set
                .SetProperty(m => m.NotBefore, notBefore)
                .SetProperty(m => m.Provider, mayHaveIt)
                .SetProperty(m => m.LeaseId, (Guid?)null)
                .SetProperty(m => m.LeasedUntil, (DateTimeOffset?)null)
                .SetProperty(m => m.LastError, Cut(reason, LongestError)));
    }

    /// <summary>
    /// Ends the message unsent, when the lease is still ours (null: nobody's). A reason of null keeps the last try's.
    /// </summary>
    public async Task<bool> EndAsync(Guid id, Guid? lease, MessageStatus status, string? reason)
    {
        var now = clock.GetUtcNow();
        await using var db = await databases.CreateDbContextAsync();
        var row = db.Messages.Where(m => m.Id == id && m.Status == MessageStatus.Queued);
        row = lease is null
            ? row.Where(m => m.LeasedUntil == null || m.LeasedUntil <= now)
            : row.Where(m => m.LeaseId == lease);
        var error = Cut(reason, LongestError);
        return await row.ExecuteUpdateAsync(set => set
            .SetProperty(m => m.Status, status)
            .SetProperty(m => m.Recipient, "")
            .SetProperty(m => m.Model, "")
            .SetProperty(m => m.LeaseId, (Guid?)null)
            .SetProperty(m => m.LeasedUntil, (DateTimeOffset?)null)
            .SetProperty(m => m.LastError, m => error ?? m.LastError)) == 1;
    }

    private static string? Cut(string? text, int length) => text?.Length > length ? text[..length] : text;
}
