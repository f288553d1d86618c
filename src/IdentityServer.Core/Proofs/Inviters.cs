using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Proofs;

/// <summary>
/// Finds whose code of an invitation it is. Such a code is never used up, and opens a server that is by invitation only: whoever guesses is counted like
/// who guesses codes.
/// </summary>
internal sealed class Inviters(ServerDb db, ProofLimits limits, TimeProvider time)
{
    /// <summary>
    /// Who invites with the code; null when nobody does: it was mistyped, or its owner is not active or is disabled. Null too, with the time when codes
    /// are compared again, when too many wrong ones came from there.
    /// </summary>
    public async Task<(Guid? Id, DateTimeOffset? TryAt)> FindAsync(string? typed, Source source, CancellationToken cancellationToken)
    {
        // Can be nobody's: nothing is learnt from it, so it costs nothing.
        if (Invitations.Read(typed) is not { } code)
            return default;

        var now = time.GetUtcNow();
        if (await limits.CountTryAsync(db, source, now, cancellationToken) is { } full)
        {
            await NotedLimits.WriteAsync(db, full, new AuditSubject(Ip: source.Ip), now, cancellationToken);
            return (null, full.Until);
        }

        var inviter = await db.Users
            .Where(user => user.InvitationCode == code && user.DisabledAt == null && (user.EmailConfirmed || user.PhoneNumberConfirmed))
            .Select(user => (Guid?)user.Id)
            .SingleOrDefaultAsync(cancellationToken);
        if (inviter is not null)
            await limits.GiveBackTryAsync(db, source, now, cancellationToken);
        return (inviter, null);
    }
}
