using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Protocol.Model;
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
/// <param name="UserId">An administrator, or the owner; null for an application or the command line.</param>
/// <param name="Through">What through: <c>api</c>, <c>site</c> or <c>command</c>.</param>
/// <param name="Ip">Where from.</param>
/// <param name="ApplicationId">The application that the request came through.</param>
public sealed record Operator(Guid? UserId, string Through, string? Ip = null, Guid? ApplicationId = null)
{
    /// <summary>Somebody who is signed in, on a page.</summary>
    public static Operator On(Session session, Visitor visitor) => new(session.UserId, "site", visitor.Ip);
}

/// <summary>What a change of an account came to.</summary>
public enum UserChange
{
    /// <summary>It is so now.</summary>
    Done,

    /// <summary>There is no such account.</summary>
    NotFound,

    /// <summary>Nothing was changed: nobody else could administer the server then.</summary>
    LastAdministrator,
}

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
    /// when the account is opened again.
    /// </summary>
    public Task<UserChange> DisableAsync(Guid id, Operator by, CancellationToken cancellationToken) => ChangeAsync(
        id,
        AuditKind.UserDisabled,
        by,
        async (user, now) =>
        {
            user.DisabledAt ??= now;
            await accounts.EndAllAsync(id, now, cancellationToken);
        },
        cancellationToken,
        takesAdmin: true);

    /// <summary>Opens a locked account again.</summary>
    public Task<UserChange> EnableAsync(Guid id, Operator by, CancellationToken cancellationToken) => ChangeAsync(
        id,
        AuditKind.UserEnabled,
        by,
        (user, _) =>
        {
            user.DisabledAt = null;
            return Task.CompletedTask;
        },
        cancellationToken);

    /// <summary>Ends every session, authorization and token of the account; remembered consent too.</summary>
    public Task<UserChange> EndSessionsAsync(Guid id, Operator by, CancellationToken cancellationToken) => ChangeAsync(
        id, AuditKind.UserSignedOut, by, (_, now) => accounts.EndAllAsync(id, now, cancellationToken), cancellationToken);

    /// <summary>Ends what applications were given for the account: access and tokens. Sessions and remembered consent stay.</summary>
    public Task<UserChange> RevokeTokensAsync(Guid id, Operator by, CancellationToken cancellationToken) => ChangeAsync(
        id, AuditKind.TokensRevoked, by, (_, now) => accounts.EndAccessAsync(id, now, cancellationToken), cancellationToken);

    /// <summary>Gives the account exactly these roles.</summary>
    /// <exception cref="ArgumentException">A role is not one of <see cref="RoleNames"/>.</exception>
    public async Task<UserChange> SetRolesAsync(Guid id, IReadOnlyCollection<string> roles, Operator by, CancellationToken cancellationToken)
    {
        if (roles.Any(role => role != RoleNames.Admin))
            throw new ArgumentException($"The one role is {RoleNames.Admin}.", nameof(roles));

        try
        {
            return await SetRolesOnceAsync(id, roles, by, cancellationToken);
        }
        catch (DbUpdateException)
        {
            // Two made the role's first row at once: the unique index says so, and now it is there.
            db.ChangeTracker.Clear();
            return await SetRolesOnceAsync(id, roles, by, cancellationToken);
        }
    }

    /// <summary>
    /// Deletes the account with its sessions, authorizations, tokens and pending challenges. The audit log keeps the id alone.
    /// </summary>
    public async Task<UserChange> DeleteAsync(Guid id, Operator by, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await accounts.LockAsync(id, now, cancellationToken) is null)
            return UserChange.NotFound;
        if (await IsLastAdminAsync(id, cancellationToken))
        {
            db.ChangeTracker.Clear();
            return UserChange.LastAdministrator;
        }

        db.ChangeTracker.Clear();
        await accounts.EndAllAsync(id, now, cancellationToken);
        await accounts.DeleteAsync(id, cancellationToken);
        AuditLog.Add(db, AuditKind.UserDeleted, now, new AuditSubject(id, by.ApplicationId, Ip: by.Ip), Facts(by));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
        return UserChange.Done;
    }

    /// <summary>What the audit log says of who acted.</summary>
    internal static Dictionary<string, string> Facts(Operator by)
    {
        var facts = new Dictionary<string, string>(StringComparer.Ordinal) { ["through"] = by.Through };
        if (by.UserId is { } admin)
            facts["by"] = admin.ToString("D");
        return facts;
    }

    private Task<UserChange> SetRolesOnceAsync(Guid id, IReadOnlyCollection<string> roles, Operator by, CancellationToken cancellationToken) => ChangeAsync(
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
        takesAdmin: roles.Count == 0,
        roles.Count > 0 ? RoleNames.Admin : "none");

    private async Task<UserChange> ChangeAsync(
        Guid id,
        AuditKind kind,
        Operator by,
        Func<User, DateTimeOffset, Task> change,
        CancellationToken cancellationToken,
        bool takesAdmin = false,
        string? roles = null)
    {
        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);

        // Taken first: the row is locked, so that nobody's edit in between is lost and a sign-in at this moment sees the account before or after.
        if (await accounts.LockAsync(id, now, cancellationToken) is not { } user)
            return UserChange.NotFound;
        if (takesAdmin && await IsLastAdminAsync(id, cancellationToken))
        {
            db.ChangeTracker.Clear();
            return UserChange.LastAdministrator;
        }

        user.RegisteredAt = null;
        await change(user, now);
        var facts = Facts(by);
        if (roles is not null)
            facts["roles"] = roles;
        AuditLog.Add(db, kind, now, new AuditSubject(id, by.ApplicationId, Ip: by.Ip), facts);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
        return UserChange.Done;
    }

    // Who takes an administrator away holds the role's row meanwhile: of two who take each other away, the second sees what the first did.
    private async Task<bool> IsLastAdminAsync(Guid id, CancellationToken cancellationToken)
    {
        var normalized = RoleNames.Admin.ToUpperInvariant();
        var role = await db.Roles.Where(row => row.NormalizedName == normalized).Select(row => row.Id).SingleOrDefaultAsync(cancellationToken);
        if (!await db.UserRoles.AnyAsync(link => link.RoleId == role && link.UserId == id, cancellationToken))
            return false;

        await db.Roles.Where(row => row.Id == role).ExecuteUpdateAsync(set => set.SetProperty(row => row.ConcurrencyStamp, id.ToString("N")), cancellationToken);
        return !await db.Users.AnyAsync(
            user => user.Id != id && user.DisabledAt == null && db.UserRoles.Any(link => link.UserId == user.Id && link.RoleId == role), cancellationToken);
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
