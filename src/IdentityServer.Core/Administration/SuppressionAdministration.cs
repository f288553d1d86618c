using IdentityServer.Core.Audit;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Administration;

/// <summary>Addresses that nothing is sent to, for administrators: known by a keyed hash, so that a list names none.</summary>
public sealed class SuppressionAdministration
{
    private readonly ServerDb db;
    private readonly Suppressions suppressions;
    private readonly TimeProvider time;

    internal SuppressionAdministration(ServerDb db, Suppressions suppressions, TimeProvider time)
    {
        (this.db, this.suppressions, this.time) = (db, suppressions, time);
    }

    /// <summary>Those in force, the longest first; at most so many.</summary>
    public Task<IReadOnlyList<SuppressedAddress>> ListAsync(int atMost, CancellationToken cancellationToken) => suppressions.ListAsync(atMost, cancellationToken);

    /// <summary>Why and until when nothing is sent to the address; null when it is written to.</summary>
    public Task<SuppressedAddress?> FindAsync(Address address, CancellationToken cancellationToken) =>
        suppressions.FindAsync(address.Channel, address.Value, cancellationToken);

    /// <summary>Sends to the address again; false when nothing held it back. Written down with the account that bears it, never with the address.</summary>
    public async Task<bool> LiftAsync(Address address, Operator by, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var user = await new Accounts(db).Having(address).Select(row => (Guid?)row.Id).SingleOrDefaultAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (!await suppressions.LiftAsync(db, address.Channel, address.Value, cancellationToken))
            return false;

        var facts = UserAdministration.Facts(by);
        facts["channel"] = address.Channel.Name();
        AuditLog.Add(db, AuditKind.SuppressionLifted, now, new AuditSubject(user, by.ApplicationId, Ip: by.Ip), facts);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
        return true;
    }
}
