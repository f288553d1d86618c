using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Account;

/// <summary>An application that a person gave access.</summary>
/// <param name="ClientId">Which.</param>
/// <param name="Name">As people know it.</param>
/// <param name="Scopes">All that it has.</param>
/// <param name="GrantedAt">When it last got access.</param>
/// <param name="IsRemembered">Whether consent is remembered.</param>
public sealed record ApplicationAccess(string ClientId, string Name, IReadOnlyList<string> Scopes, DateTimeOffset GrantedAt, bool IsRemembered);

/// <summary>Which applications have access to the person's account.</summary>
public sealed class OwnApplications
{
    private readonly ServerDb db;
    private readonly TimeProvider time;

    internal OwnApplications(ServerDb db, TimeProvider time)
    {
        this.db = db;
        this.time = time;
    }

    /// <summary>The applications, by when they last got access.</summary>
    public async Task<Listed<ApplicationAccess>> ListAsync(Guid userId, int skip, int take, CancellationToken cancellationToken)
    {
        // A person has a handful of applications; each sign-in to one is a row.
        var rows = await db.Authorizations.AsNoTracking()
            .Where(row => row.UserId == userId && row.RevokedAt == null)
            .Join(db.Applications, row => row.ApplicationId, application => application.Id, (row, application) => new { Row = row, application.ClientId, application.DisplayName })
            .ToListAsync(cancellationToken);
        var all = rows.GroupBy(row => row.ClientId, StringComparer.Ordinal)
            .Select(group => new ApplicationAccess(
                group.Key,
                group.First().DisplayName,
                [.. group.SelectMany(row => row.Row.Scopes).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
                group.Max(row => row.Row.GrantedAt),
                group.Any(row => row.Row.Kind == AuthorizationKind.Permanent)))
            .OrderByDescending(access => access.GrantedAt).ThenBy(access => access.ClientId, StringComparer.Ordinal)
            .ToList();
        return new(all.Count, [.. all.Skip(skip).Take(take)]);
    }

    /// <summary>Takes all access away: remembered consent, sign-ins, tokens. False when the application had none.</summary>
    public async Task<bool> RevokeAsync(Guid userId, string clientId, Operator by, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (await db.Applications.Where(row => row.ClientId == clientId).Select(row => (Guid?)row.Id).SingleOrDefaultAsync(cancellationToken) is not { } application)
            return false;

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var own = db.Authorizations.Where(row => row.UserId == userId && row.ApplicationId == application);
        if (await own.Where(row => row.RevokedAt == null).ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, now), cancellationToken) == 0)
            return false;

        var ids = own.Select(row => (Guid?)row.Id);
        await db.Tokens.Where(token => token.Status == TokenStatus.Valid && ids.Contains(token.AuthorizationId)).ExecuteUpdateAsync(
            set => set.SetProperty(token => token.Status, TokenStatus.Revoked), cancellationToken);
        AuditLog.Add(db, AuditKind.AccessRevoked, now, new AuditSubject(userId, application, Ip: by.Ip), UserAdministration.Facts(by));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
        return true;
    }
}
