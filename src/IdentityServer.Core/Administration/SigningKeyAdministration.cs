using IdentityServer.Core.Audit;
using IdentityServer.Core.Keys;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;

namespace IdentityServer.Core.Administration;

/// <summary>Rotates signing keys for administrators, and writes down who did it.</summary>
public sealed class SigningKeyAdministration(KeyRing ring, ServerDb db, TimeProvider time)
{
    /// <summary>The published keys: no secret is in them.</summary>
    public Task<IReadOnlyList<SigningKeyView>> ListAsync(CancellationToken cancellationToken) => ring.ListAsync(cancellationToken);

    /// <summary>See <see cref="KeyRing.RotateNowAsync"/>.</summary>
    public async Task<IReadOnlyList<SigningKeyView>> RotateAsync(bool immediately, Operator by, CancellationToken cancellationToken)
    {
        // Before: keys that nobody answers for must not come to be.
        var facts = UserAdministration.Facts(by);
        facts["immediately"] = immediately ? "true" : "false";
        AuditLog.Add(db, AuditKind.KeysRotated, time.GetUtcNow(), new AuditSubject(ApplicationId: by.ApplicationId, Ip: by.Ip), facts);
        await db.SaveChangesAsync(cancellationToken);
        db.ChangeTracker.Clear();
        await ring.RotateNowAsync(immediately, cancellationToken);
        return await ring.ListAsync(cancellationToken);
    }
}
