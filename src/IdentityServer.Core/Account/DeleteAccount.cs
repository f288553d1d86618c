using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Account;

/// <summary>What deleting the own account came to.</summary>
public enum DeleteOutcome
{
    /// <summary>It is gone, with all that hung on it.</summary>
    Deleted,

    /// <summary>Nobody could administer the server any more: make another administrator first.</summary>
    LastAdministrator,
}

/// <summary>A person deletes their own account. Whether they proved lately who they are is the caller's to see to.</summary>
public sealed class DeleteAccount
{
    private readonly ServerDb db;
    private readonly Accounts accounts;
    private readonly TimeProvider time;

    internal DeleteAccount(ServerDb db, Accounts accounts, TimeProvider time)
    {
        this.db = db;
        this.accounts = accounts;
        this.time = time;
    }

    /// <summary>Deletes it with its sessions, authorizations, tokens and pending challenges; the audit log keeps the id alone.</summary>
    public async Task<DeleteOutcome> DeleteAsync(Guid userId, Operator by, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await IsLastAdministratorAsync(userId, now, cancellationToken))
            return DeleteOutcome.LastAdministrator;

        await accounts.EndAllAsync(userId, now, cancellationToken);
        if (await accounts.DeleteAsync(userId, cancellationToken))
            AuditLog.Add(db, AuditKind.UserDeleted, now, new AuditSubject(userId, by.ApplicationId, Ip: by.Ip), UserAdministration.Facts(by));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
        return DeleteOutcome.Deleted;
    }

    private async Task<bool> IsLastAdministratorAsync(Guid userId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var normalized = RoleNames.Admin.ToUpperInvariant();
        var admins = db.UserRoles.Where(link => db.Roles.Any(role => role.Id == link.RoleId && role.NormalizedName == normalized)).Select(link => link.UserId);
        if (!await admins.ContainsAsync(userId, cancellationToken))
            return false;

        // The role's row is locked: of the last two who leave at the same moment, the second sees that they are the last.
        var stamp = Accounts.NewStamp(now);
        await db.Roles.Where(role => role.NormalizedName == normalized).ExecuteUpdateAsync(set => set.SetProperty(role => role.ConcurrencyStamp, stamp), cancellationToken);
        return !await db.Users.AnyAsync(
            user => user.Id != userId && user.DisabledAt == null && (user.EmailConfirmed || user.PhoneNumberConfirmed) && admins.Contains(user.Id), cancellationToken);
    }
}
