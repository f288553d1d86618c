using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Account;

/// <summary>Everything that the server keeps of one person; nothing of others, no hash and no secret.</summary>
public sealed record PersonalDataView(
    UserWithRoles User,
    InvitationView Invitation,
    IReadOnlyList<SessionView> Sessions,
    IReadOnlyList<ApplicationAccess> Applications,
    IReadOnlyList<HistoryEntry> History);

/// <summary>Hands a person all their data (GDPR, article 15 and 20).</summary>
public sealed class PersonalData
{
    private readonly ServerDb db;
    private readonly UserQueries users;
    private readonly UseInvitation invitations;
    private readonly OwnApplications applications;
    private readonly OwnHistory history;
    private readonly TimeProvider time;

    internal PersonalData(ServerDb db, UserQueries users, UseInvitation invitations, OwnApplications applications, OwnHistory history, TimeProvider time)
    {
        this.db = db;
        this.users = users;
        this.invitations = invitations;
        this.applications = applications;
        this.history = history;
        this.time = time;
    }

    /// <summary>Reads it, and writes down that it was read; null when there is no such account.</summary>
    public async Task<PersonalDataView?> ReadAsync(Guid userId, Operator by, CancellationToken cancellationToken)
    {
        if (await users.FindAsync(userId, cancellationToken) is not { } user)
            return null;

        // Ended ones too, as long as they are kept.
        var sessions = await db.Sessions.AsNoTracking().Where(row => row.UserId == userId).OrderByDescending(row => row.CreatedAt)
            .Select(row => new SessionView(row.Id, row.CreatedAt, row.LastSeenAt, row.UserAgent, row.Ip, false))
            .ToListAsync(cancellationToken);
        var view = new PersonalDataView(
            user,
            await invitations.LookAsync(userId, cancellationToken),
            sessions,
            (await applications.ListAsync(userId, 0, int.MaxValue, cancellationToken)).Items,
            (await history.ListAsync(userId, 0, int.MaxValue, cancellationToken)).Items);
        AuditLog.Add(db, AuditKind.DataDownloaded, time.GetUtcNow(), new AuditSubject(userId, by.ApplicationId, Ip: by.Ip));
        await db.SaveChangesAsync(cancellationToken);
        db.ChangeTracker.Clear();
        return view;
    }
}
