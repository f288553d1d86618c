using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Account;

/// <summary>
/// Decides which account a registration makes or renews. <b>The rule</b>: an account without a proved address is nobody's, so whoever registers its
/// address again overwrites it; only a proof moves an address from one account to another. So
/// <list type="bullet">
/// <item>an address that somebody proved, or of a disabled account, changes nothing;</item>
/// <item>an address that an owned account bears unproved stays there until whoever registered with it proves it: their account bears none meanwhile,
/// and is known by its challenge alone (<see cref="UnclaimedAsync"/>);</item>
/// <item>a second address is written down only when nobody bears it, and stays only if it is the one that is proved: otherwise it would tell whether
/// somebody has it;</item>
/// <item>an account with roles is sent its code but never overwritten: a stranger's second address beside it would be a door to the roles.</item>
/// </list>
/// </summary>
internal sealed class RegistrationPlan(ServerDb db, Accounts accounts, Challenges challenges, Secrets secrets)
{
    /// <summary>
    /// Adds the new account, or what changes of an inactive one, to what will be saved; gives its id, null when nothing changes. The same queries
    /// whatever there is to find.
    /// </summary>
    public async Task<Guid?> AddAsync(Address primary, Address? other, Action<User> fill, string? ip, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var account = await accounts.FindAsync(primary, sessionKeyHash: null, now, cancellationToken);
        var unclaimed = await UnclaimedAsync(primary, now, cancellationToken);
        var code = await accounts.NewInvitationCodeAsync(cancellationToken);
        var id = account?.Id ?? unclaimed ?? Guid.Empty;
        var known = await db.Users.SingleOrDefaultAsync(user => user.Id == id, cancellationToken);
        var hasRoles = await db.UserRoles.AnyAsync(role => role.UserId == id, cancellationToken);
        var isBorne = await accounts.Having(primary).AnyAsync(user => user.Id != id, cancellationToken);
        var isOtherFree = other is not null && !await accounts.Having(other).AnyAsync(user => user.Id != id, cancellationToken);
        if (account is { IsOwned: true } or { IsDisabled: true } || hasRoles)
        {
            // In the place of the account: one row is written here as there, in the same transaction.
            AuditLog.Add(db, AuditKind.RegistrationIgnored, now, new AuditSubject(id, Ip: ip));
            return account is { IsOwned: false, IsDisabled: false } ? id : null;
        }

        var user = known ?? db.Users.Add(Accounts.New(code, now)).Entity;
        Accounts.SetAddress(user, primary.Channel, isBorne ? null : primary, proved: false);
        Accounts.SetAddress(user, primary.Channel.Other(), isOtherFree && !isBorne ? other : null, proved: false);
        fill(user);

        // One that an administrator or the configuration stands behind goes on to stay.
        user.RegisteredAt = known is null || known.RegisteredAt is not null ? now : null;
        (user.UpdatedAt, user.ConcurrencyStamp) = (now, Accounts.NewStamp(now));
        return user.Id;
    }

    /// <summary>The account that was registered with this address and bears none until it is proved.</summary>
    public async Task<Guid?> UnclaimedAsync(Address address, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var newest = await challenges.FindNewestAsync(ChallengePurpose.Registration, address, secrets.HashAddress(address), now, cancellationToken);
        var id = newest?.UserId ?? Guid.Empty;
        return await db.Users
            .Where(user => user.Id == id && user.Email == null && user.PhoneNumber == null && user.DisabledAt == null)
            .Select(user => (Guid?)user.Id)
            .SingleOrDefaultAsync(cancellationToken);
    }
}
