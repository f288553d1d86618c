using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Administration;

/// <summary>Opens addresses again whose codes pause after wrong ones; the limits on messages stay as they are.</summary>
public sealed class CodeUnlock
{
    private readonly ServerDb db;
    private readonly Secrets secrets;
    private readonly TimeProvider time;

    internal CodeUnlock(ServerDb db, Secrets secrets, TimeProvider time)
    {
        (this.db, this.secrets, this.time) = (db, secrets, time);
    }

    /// <summary>Forgets the wrong codes of an address, whether or not it has an account. Written down with the account, never with the address.</summary>
    public async Task UnlockAsync(Address address, Operator by, CancellationToken cancellationToken)
    {
        var user = await new Accounts(db).Having(address).Select(row => (Guid?)row.Id).SingleOrDefaultAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await ProofLimits.ForgetFailuresAsync(db, secrets.HashAddress(address), cancellationToken);
        AuditLog.Add(db, AuditKind.CodesUnlocked, time.GetUtcNow(), new AuditSubject(user, by.ApplicationId, Ip: by.Ip), UserAdministration.Facts(by));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
    }
}
