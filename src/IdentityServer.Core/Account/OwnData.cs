using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Account;

/// <summary>A profile as it is stored.</summary>
public sealed record OwnProfile(
    Guid Id,
    string? Name,
    string? GivenName,
    string? FamilyName,
    string? Email,
    bool EmailVerified,
    string? PhoneNumber,
    bool PhoneNumberVerified,
    string? Locale,
    DateOnly? BirthDate,
    string? Gender,
    string? ZoneInfo,
    string? Picture,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? LastSignInAt);

/// <summary>All that is kept about a person.</summary>
/// <param name="WrittenAt">When this was put together.</param>
/// <param name="Profile">Who they are.</param>
/// <param name="Invitation">Who invited whom; others' addresses are masked.</param>
/// <param name="Sessions">Browsers that are signed in.</param>
/// <param name="Applications">Applications with access.</param>
/// <param name="History">What happened, the newest first.</param>
public sealed record AllOwnData(
    DateTimeOffset WrittenAt,
    OwnProfile Profile,
    InvitationView Invitation,
    IReadOnlyList<SessionView> Sessions,
    IReadOnlyList<ApplicationAccess> Applications,
    IReadOnlyList<HistoryEntry> History);

/// <summary>A person takes all their data away (GDPR, article 20).</summary>
public sealed class OwnData(ServerDb db, UseInvitation invitation, OwnSessions sessions, OwnApplications applications, OwnHistory history, TimeProvider time)
{
    // Nobody's list is longer; an attack on the account must not make its download fail.
    private const int Most = 10_000;

    /// <summary>Reads it, and writes down that it was read; null when the account is gone.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="session">The browser's sign-in that asks; null when none does.</param>
    /// <param name="ip">Where from.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<AllOwnData?> ReadAsync(Guid userId, Guid? session, string? ip, CancellationToken cancellationToken)
    {
        if (await db.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == userId, cancellationToken) is not { } user)
            return null;

        var now = time.GetUtcNow();
        AuditLog.Add(db, AuditKind.DataDownloaded, now, new AuditSubject(userId, SessionId: session, Ip: ip));
        await db.SaveChangesAsync(cancellationToken);
        db.ChangeTracker.Clear();
        return new AllOwnData(
            now,
            new OwnProfile(
                user.Id, user.Name, user.GivenName, user.FamilyName, user.Email, user.EmailConfirmed, user.PhoneNumber, user.PhoneNumberConfirmed, user.Locale,
                user.BirthDate, user.Gender, user.ZoneInfo, user.PictureUrl, user.CreatedAt, user.UpdatedAt, user.LastSignInAt),
            await invitation.LookAsync(userId, cancellationToken),
            (await sessions.ListAsync(userId, session, 0, Most, cancellationToken)).Items,
            (await applications.ListAsync(userId, 0, Most, cancellationToken)).Items,
            (await history.ListAsync(userId, 0, Most, cancellationToken)).Items);
    }
}
