using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Delivery;

/// <summary>An address that nothing is sent to. Which one it is, only who knows it can find out.</summary>
/// <param name="Reason">A <see cref="SuppressionReason"/>.</param>
/// <param name="Provider">Who said so.</param>
/// <param name="At">Since when, UTC.</param>
/// <param name="EndsAt">When it is written to again, UTC.</param>
public sealed record SuppressedAddress(string Reason, string Provider, DateTimeOffset At, DateTimeOffset EndsAt);

/// <summary>
/// Addresses that nothing is sent to: their owners opted out, or nobody is there. Known by a keyed hash only. The person at the page sees what
/// everybody sees: the page does not ask here, the dispatcher does.
/// </summary>
public sealed class Suppressions
{
    private readonly IDbContextFactory<ServerDb> databases;
    private readonly IOptions<DeliveryOptions> options;
    private readonly TimeProvider clock;
    private readonly MessageSeal seal;

    internal Suppressions(IDbContextFactory<ServerDb> databases, MessageSeal seal, IOptions<DeliveryOptions> options, TimeProvider clock) =>
        (this.databases, this.seal, this.options, this.clock) = (databases, seal, options, clock);

    /// <summary>Those in force, the longest first; at most so many.</summary>
    public async Task<IReadOnlyList<SuppressedAddress>> ListAsync(int atMost, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Suppressions
            .Where(row => row.ExpiresAt > now)
            .OrderByDescending(row => row.ExpiresAt)
            .Take(atMost)
            .Select(row => new SuppressedAddress(row.Reason, row.Provider, row.At, row.ExpiresAt))
            .ToListAsync(cancellationToken);
    }

    /// <summary>Why and until when nothing is sent to the address (in its canonical form); null when it is written to.</summary>
    public async Task<SuppressedAddress?> FindAsync(Channel channel, string address, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await Of(db, channel, address)
            .OrderByDescending(row => row.ExpiresAt)
            .Select(row => new SuppressedAddress(row.Reason, row.Provider, row.At, row.ExpiresAt))
            .FirstOrDefaultAsync(cancellationToken);
    }

    /// <summary>
    /// Sends to the address (in its canonical form) again, e.g. when its owner asks for it. False when it was not suppressed. A provider that keeps a
    /// list of its own, as Twilio does of who answered STOP, must be told too.
    /// </summary>
    public async Task<bool> LiftAsync(Channel channel, string address, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await LiftAsync(db, channel, address, cancellationToken);
    }

    internal async Task<bool> LiftAsync(ServerDb db, Channel channel, string address, CancellationToken cancellationToken) =>
        await Of(db, channel, address).ExecuteDeleteAsync(cancellationToken) > 0;

    internal async Task<bool> HoldAsync(Channel channel, string address)
    {
        await using var db = await databases.CreateDbContextAsync();
        return await Of(db, channel, address).AnyAsync();
    }

    internal async Task AddAsync(byte[] hash, SuppressionReason reason, string provider)
    {
        var now = clock.GetUtcNow();
        var ends = now + (reason == SuppressionReason.OptedOut ? options.Value.OptOutsLast : options.Value.DeadAddressesLast);
        await using var db = await databases.CreateDbContextAsync();
        var row = new Suppression { Hash = hash, Reason = reason.ToString(), Provider = provider, At = now, ExpiresAt = ends };
        if (await new RowInserter<Suppression>(db).InsertAsync(db, row, " ON CONFLICT DO NOTHING", default) > 0)
            return;
        // The longer one stays: an address that is found dead does not end its owner's opting out.
        await db.Suppressions.Where(other => other.Hash == hash && other.ExpiresAt < ends).ExecuteUpdateAsync(set => set
            .SetProperty(other => other.Reason, reason.ToString())
            .SetProperty(other => other.Provider, provider)
            .SetProperty(other => other.ExpiresAt, ends));
    }

    private IQueryable<Suppression> Of(ServerDb db, Channel channel, string address)
    {
        var (hashes, now) = (seal.Hashes(channel, address), clock.GetUtcNow());
        return db.Suppressions.Where(row => hashes.Contains(row.Hash) && row.ExpiresAt > now);
    }
}
