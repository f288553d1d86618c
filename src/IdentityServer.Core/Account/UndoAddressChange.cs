using System.Data.Common;
using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Account;

/// <summary>What undoing came to.</summary>
public enum UndoOutcome
{
    /// <summary>The old address is back, and everybody is signed out.</summary>
    Undone,

    /// <summary>The old address has an account of its own by now.</summary>
    Taken,

    /// <summary>Used, too old, or never made.</summary>
    Gone,
}

/// <summary>What the page behind an undo link shows; looking changes nothing.</summary>
/// <param name="Channel">Which address.</param>
/// <param name="Old">What comes back, masked.</param>
/// <param name="Present">What goes, masked; null when there is none.</param>
public sealed record UndoView(Channel Channel, string Old, string? Present);

/// <summary>
/// The page <c>/account/undo</c>: whoever holds the link that was sent to an old address takes the address back, signed in or not. That ends every
/// session, authorization and token, and every later change of that address: whoever made them must not undo the undoing.
/// </summary>
public sealed class UndoAddressChange
{
    private readonly ServerDb db;
    private readonly Accounts accounts;
    private readonly AddressChangeNotice notice;
    private readonly TimeProvider time;

    internal UndoAddressChange(ServerDb db, Accounts accounts, AddressChangeNotice notice, TimeProvider time)
    {
        this.db = db;
        this.accounts = accounts;
        this.notice = notice;
        this.time = time;
    }

    /// <summary>What the link is good for; null: nothing.</summary>
    public async Task<UndoView?> LookAsync(string? token, CancellationToken cancellationToken)
    {
        if (await FindAsync(token, time.GetUtcNow(), cancellationToken) is not { } change)
            return null;

        var present = await db.Users.Where(user => user.Id == change.UserId)
            .Select(user => change.Channel == Channel.Email ? user.Email : user.PhoneNumber).SingleOrDefaultAsync(cancellationToken);
        return new UndoView(change.Channel, MaskedAddress.Of(notice.OldAddressOf(change).Value)!, MaskedAddress.Of(present));
    }

    /// <summary>Takes the address back.</summary>
    public async Task<UndoOutcome> UndoAsync(string? token, string? ip, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (await FindAsync(token, now, cancellationToken) is not { } change)
            return UndoOutcome.Gone;

        var address = notice.OldAddressOf(change);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        try
        {
            // The user first: undoings of several changes of one address wait for one another here.
            if (await accounts.LockAsync(change.UserId, now, cancellationToken) is not { } user || !await ClaimAsync(change, now, cancellationToken))
                return UndoOutcome.Gone;

            await accounts.ReleaseAsync(address, user.Id, now, cancellationToken);
            if (await accounts.Having(address).AnyAsync(row => row.Id != user.Id, cancellationToken))
                return UndoOutcome.Taken;

            Accounts.SetAddress(user, change.Channel, address, proved: true);
            user.UpdatedAt = now;
            var facts = new Dictionary<string, string>(StringComparer.Ordinal) { ["channel"] = change.Channel.Name() };
            AuditLog.Add(db, AuditKind.AddressChangeUndone, now, new AuditSubject(user.Id, Ip: ip), facts);
            await db.SaveChangesAsync(cancellationToken);
            await accounts.EndAllAsync(user.Id, now, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return UndoOutcome.Undone;
        }
        catch (Exception exception) when (exception is DbUpdateException or DbException && !cancellationToken.IsCancellationRequested)
        {
            await transaction.RollbackAsync(cancellationToken);
            if (!await accounts.Having(address).AnyAsync(row => row.Id != change.UserId, cancellationToken))
                throw;
            return UndoOutcome.Taken;
        }
        finally
        {
            db.ChangeTracker.Clear();
        }
    }

    private async Task<bool> ClaimAsync(AddressChange change, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var claimed = await db.AddressChanges.Where(row => row.Id == change.Id && row.UndoneAt == null && row.ExpiresAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.UndoneAt, now), cancellationToken);
        if (claimed == 0)
            return false;

        await db.AddressChanges.Where(row => row.UserId == change.UserId && row.Channel == change.Channel && row.UndoneAt == null && row.CreatedAt >= change.CreatedAt)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.UndoneAt, now), cancellationToken);
        await db.Challenges.Where(row => row.UserId == change.UserId && row.Purpose != ChallengePurpose.Registration && row.Status == ChallengeStatus.Pending)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Status, ChallengeStatus.Spent), cancellationToken);
        return true;
    }

    private async Task<AddressChange?> FindAsync(string? token, DateTimeOffset now, CancellationToken cancellationToken) =>
        AddressChangeNotice.HashOf(token) is { } hash
            ? await db.AddressChanges.AsNoTracking().SingleOrDefaultAsync(row => row.UndoHash == hash && row.UndoneAt == null && row.ExpiresAt > now, cancellationToken)
            : null;
}
