using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Account;

/// <summary>Something that happened to an account, as its owner sees it.</summary>
/// <param name="At">When.</param>
/// <param name="Kind">What: a name of <see cref="AuditKind"/>.</param>
/// <param name="Application">Through which application, as people know it.</param>
/// <param name="SessionId">The browser's sign-in that took part.</param>
/// <param name="Ip">Where from; null for what an administrator did, whose address is not the person's to know.</param>
public sealed record HistoryEntry(DateTimeOffset At, string Kind, string? Application, Guid? SessionId, string? Ip);

/// <summary>What happened to the person's account, from the audit log.</summary>
public sealed class OwnHistory(ServerDb db)
{
    // What concerns the person; what the server did by itself would only puzzle them.
    private static readonly string[] Told =
    [
        .. new[]
        {
            AuditKind.SignedIn, AuditKind.SignedUp, AuditKind.Activated, AuditKind.WrongCode, AuditKind.WrongPassword, AuditKind.SignInRefused, AuditKind.SessionEnded,
            AuditKind.OtherSessionsEnded, AuditKind.AddressProved, AuditKind.AddressChanged, AuditKind.AddressRemoved, AuditKind.AddressChangeUndone,
            AuditKind.PasswordChanged, AuditKind.ConsentGiven, AuditKind.AccessRevoked, AuditKind.ProfileChanged, AuditKind.DataDownloaded, AuditKind.UserDisabled,
            AuditKind.UserEnabled, AuditKind.UserSignedOut,
        }.Select(kind => kind.ToString()),
    ];

    /// <summary>The kinds that are told.</summary>
    public static IReadOnlyList<string> Kinds => Told;

    /// <summary>A part of it, the newest first.</summary>
    public async Task<Listed<HistoryEntry>> ListAsync(Guid userId, int skip, int take, CancellationToken cancellationToken)
    {
        var all = db.AuditEvents.Where(row => row.UserId == userId && Told.Contains(row.Kind));
        var count = await all.CountAsync(cancellationToken);
        var part = await all.OrderByDescending(row => row.At).ThenByDescending(row => row.Id).Skip(skip).Take(take)
            .Select(row => new { Row = row, Application = db.Applications.Where(application => application.Id == row.ApplicationId).Select(application => application.DisplayName).SingleOrDefault() })
            .ToListAsync(cancellationToken);
        return new(count, part.ConvertAll(found => new HistoryEntry(
            found.Row.At, found.Row.Kind, found.Application, found.Row.SessionId, AuditLog.IsBySomebodyElse(found.Row) ? null : found.Row.Ip)));
    }
}
