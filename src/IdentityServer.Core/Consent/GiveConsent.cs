using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Authorize;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Consent;

/// <summary>What the consent page shows.</summary>
/// <param name="Application">Who asks.</param>
/// <param name="Scopes">What it asks for, with the words for people.</param>
/// <param name="Remembered">Names of scopes that the person allowed before.</param>
public sealed record ConsentView(Application Application, IReadOnlyList<Scope> Scopes, IReadOnlySet<string> Remembered);

/// <summary>
/// Remembers what a person allowed an application: the page <c>/consent</c>. Whether anybody is asked is the authorization endpoint's decision; a no
/// is <see cref="ParkedRequests.Deny"/>.
/// </summary>
public sealed class GiveConsent(ServerDb db, ILedger ledger, IRegistry registry, TimeProvider time)
{
    private const int Rounds = 5;

    /// <summary>What the page shows; null when the application is gone.</summary>
    public async Task<ConsentView?> LookAsync(AuthorizeRequest request, Session session, CancellationToken cancellationToken)
    {
        if (await registry.FindApplicationAsync(request.ClientId, cancellationToken) is not { } application)
            return null;

        var known = await registry.ScopesAsync(cancellationToken);
        var before = await ledger.FindConsentAsync(session.UserId, application.Id, cancellationToken);
        List<Scope> scopes = [.. request.Scopes.Where(known.ContainsKey).Select(name => known[name])];
        return new ConsentView(application, scopes, (before?.Scopes ?? []).ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>Remembers the scopes of the request beside those allowed before. Nothing is remembered when the application is gone.</summary>
    public async Task AllowAsync(AuthorizeRequest request, Session session, CancellationToken cancellationToken)
    {
        if (await registry.FindApplicationAsync(request.ClientId, cancellationToken) is not { } application)
            return;

        for (var round = 0; round < Rounds; round++)
        {
            var before = await ledger.FindConsentAsync(session.UserId, application.Id, cancellationToken);
            if (await TryAllowAsync(before, request.Scopes, application, session, cancellationToken))
                return;
        }

        throw new InvalidOperationException("A consent changed at every look.");
    }

    private async Task<bool> TryAllowAsync(
        Authorization? before, IReadOnlyList<string> scopes, Application application, Session session, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (before is null)
            AddNew(scopes, application, session, now);
        else if (!await WidenAsync(before, scopes, now, cancellationToken))
            return false;

        var facts = new Dictionary<string, string>(StringComparer.Ordinal) { ["scopes"] = string.Join(' ', scopes) };
        AuditLog.Add(db, AuditKind.ConsentGiven, now, new AuditSubject(session.UserId, application.Id, session.Id), facts);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException) when (before is null)
        {
            // The unique index: another tab was first.
            db.ChangeTracker.Clear();
            await transaction.RollbackAsync(cancellationToken);
            if (await ledger.FindConsentAsync(session.UserId, application.Id, cancellationToken) is null)
                throw;
            return false;
        }

        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
        return true;
    }

    // Remembered consent outlives the session that it was given in.
    private void AddNew(IReadOnlyList<string> scopes, Application application, Session session, DateTimeOffset now) => db.Add(new Authorization
    {
        Id = Guid.CreateVersion7(now),
        ApplicationId = application.Id,
        UserId = session.UserId,
        Kind = AuthorizationKind.Permanent,
        Scopes = scopes,
        GrantedAt = now,
    });

    private async Task<bool> WidenAsync(Authorization before, IReadOnlyList<string> scopes, DateTimeOffset now, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> all = [.. before.Scopes.Union(scopes, StringComparer.Ordinal)];
        return await db.Authorizations
            .Where(row => row.Id == before.Id && row.RevokedAt == null && row.Scopes == before.Scopes)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Scopes, all).SetProperty(row => row.GrantedAt, now), cancellationToken) == 1;
    }
}
