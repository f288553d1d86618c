using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Users;

/// <summary>The roles that this server knows.</summary>
public static class RoleNames
{
    /// <summary>May do everything on the admin site and in the API.</summary>
    public const string Admin = "admin";
}

/// <summary>Who makes a change, for the audit log.</summary>
/// <param name="UserId">An administrator; null for an application or the command line.</param>
/// <param name="Through">What through: <c>api</c>, <c>site</c> or <c>command</c>.</param>
/// <param name="Ip">Where from.</param>
/// <param name="ApplicationId">The application that the request came through.</param>
public sealed record Operator(Guid? UserId, string Through, string? Ip = null, Guid? ApplicationId = null);

/// <summary>Changes accounts for administrators: by the API, the admin site and the command line. Each change is written down with who made it.</summary>
public sealed class UserAdministration
{
    private readonly ServerDb db;
    private readonly Accounts accounts;
    private readonly TimeProvider time;

    internal UserAdministration(ServerDb db, Accounts accounts, TimeProvider time)
    {
        this.db = db;
        this.accounts = accounts;
        this.time = time;
    }

    /// <summary>
    /// Locks the account and ends its sessions, authorizations and tokens for good (OWASP ASVS 7.4.2): who had to be locked out does not come back
    /// when the account is opened again. False when there is no such account.
    /// </summary>
    public Task<bool> DisableAsync(Guid id, Operator by, CancellationToken cancellationToken) => ChangeAsync(
        id,
        AuditKind.UserDisabled,
        by,
        async (user, now) =>
        {
            user.DisabledAt ??= now;
            await accounts.EndAllAsync(id, now, cancellationToken);
        },
        cancellationToken);

    /// <summary>Opens a locked account again. False when there is no such account.</summary>
    public Task<bool> EnableAsync(Guid id, Operator by, CancellationToken cancellationToken) => ChangeAsync(
        id,
        AuditKind.UserEnabled,
        by,
        (user, _) =>
        {
            user.DisabledAt = null;
            return Task.CompletedTask;
        },
        cancellationToken);

    /// <summary>Ends every session, authorization and token of the account; remembered consent too. False when there is no such account.</summary>
    public Task<bool> EndSessionsAsync(Guid id, Operator by, CancellationToken cancellationToken) => ChangeAsync(
        id, AuditKind.UserSignedOut, by, (_, now) => accounts.EndAllAsync(id, now, cancellationToken), cancellationToken);

    /// <summary>Gives the account exactly these roles. False when there is no such account.</summary>
    /// <exception cref="ArgumentException">A role is not one of <see cref="RoleNames"/>.</exception>
    public Task<bool> SetRolesAsync(Guid id, IReadOnlyCollection<string> roles, Operator by, CancellationToken cancellationToken)
    {
        if (roles.Any(role => role != RoleNames.Admin))
            throw new ArgumentException($"The one role is {RoleNames.Admin}.", nameof(roles));

        return ChangeAsync(
            id,
            AuditKind.RolesChanged,
            by,
            async (_, now) =>
            {
                var admin = await AdminRoleAsync(now, cancellationToken);
                var link = await db.UserRoles.SingleOrDefaultAsync(row => row.UserId == id && row.RoleId == admin, cancellationToken);
                if (roles.Count > 0 && link is null)
                    db.UserRoles.Add(new IdentityUserRole<Guid> { UserId = id, RoleId = admin });
                else if (roles.Count == 0 && link is not null)
                    db.UserRoles.Remove(link);
            },
            cancellationToken,
            roles.Count > 0 ? RoleNames.Admin : "none");
    }

    /// <summary>
    /// Deletes the account with its sessions, authorizations, tokens and pending challenges. The audit log keeps the id alone. False when there is
    /// no such account.
    /// </summary>
    public async Task<bool> DeleteAsync(Guid id, Operator by, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await accounts.EndAllAsync(id, now, cancellationToken);
        if (!await accounts.DeleteAsync(id, cancellationToken))
            return false;

        AuditLog.Add(db, AuditKind.UserDeleted, now, new AuditSubject(id, by.ApplicationId, Ip: by.Ip), Facts(by));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
        return true;
    }

    /// <summary>What the audit log says of who acted.</summary>
    internal static Dictionary<string, string> Facts(Operator by)
    {
        var facts = new Dictionary<string, string>(StringComparer.Ordinal) { ["through"] = by.Through };
        if (by.UserId is { } admin)
            facts["by"] = admin.ToString("D");
        return facts;
    }

    private async Task<bool> ChangeAsync(
        Guid id, AuditKind kind, Operator by, Func<User, DateTimeOffset, Task> change, CancellationToken cancellationToken, string? roles = null)
    {
        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);

        // Taken first: the row is locked, so that nobody's edit in between is lost and a sign-in at this moment sees the account before or after.
        if (await accounts.LockAsync(id, now, cancellationToken) is not { } user)
            return false;

        await change(user, now);
        var facts = Facts(by);
        if (roles is not null)
            facts["roles"] = roles;
        AuditLog.Add(db, kind, now, new AuditSubject(id, by.ApplicationId, Ip: by.Ip), facts);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
        return true;
    }

    private async Task<Guid> AdminRoleAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var normalized = RoleNames.Admin.ToUpperInvariant();
        if (await db.Roles.Where(role => role.NormalizedName == normalized).Select(role => (Guid?)role.Id).SingleOrDefaultAsync(cancellationToken) is { } known)
            return known;

        var row = new IdentityRole<Guid>(RoleNames.Admin) { Id = Guid.CreateVersion7(now), NormalizedName = normalized };
        db.Roles.Add(row);
        return row.Id;
    }
}
