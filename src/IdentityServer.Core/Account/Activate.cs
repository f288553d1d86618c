using System.Data.Common;
using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Account;

/// <summary>
/// <c>POST /api/v1/users/activation</c>: the code that <see cref="Register"/> sent makes the account its owner's. Counts, compares, claims. Of what
/// goes wrong nothing is told.
/// </summary>
public sealed class Activate
{
    private readonly ServerDb db;
    private readonly Accounts accounts;
    private readonly Challenges challenges;
    private readonly CodeChecker checker;
    private readonly Settlement settlement;
    private readonly ProofLimits limits;
    private readonly AddressFields addresses;
    private readonly Askers askers;
    private readonly Secrets secrets;
    private readonly TimeProvider time;

    internal Activate(
        ServerDb db,
        Accounts accounts,
        Challenges challenges,
        CodeChecker checker,
        Settlement settlement,
        ProofLimits limits,
        AddressFields addresses,
        Askers askers,
        Secrets secrets,
        TimeProvider time)
    {
        this.db = db;
        this.accounts = accounts;
        this.challenges = challenges;
        this.checker = checker;
        this.settlement = settlement;
        this.limits = limits;
        this.addresses = addresses;
        this.askers = askers;
        this.secrets = secrets;
        this.time = time;
    }

    /// <summary>True once, for the newest code of the address; false for everything else.</summary>
    public async Task<bool> ActivateAsync(string? typed, string? code, Requester requester, CancellationToken cancellationToken)
    {
        if (addresses.Read(typed, channel: null).Address is not { } address)
            return false;

        var source = await askers.SourceAsync(requester, cancellationToken);
        var now = time.GetUtcNow();
        if (await challenges.FindNewestAsync(ChallengePurpose.Registration, address, secrets.HashAddress(address), now, cancellationToken) is not { } challenge)
        {
            // Who tries out addresses is counted like who tries out codes, and waits as long.
            await limits.CountTryAsync(db, source, now, cancellationToken);
            return false;
        }

        return challenge.Status == ChallengeStatus.Pending
            && await checker.CheckAsync(challenge, code, source, cancellationToken) is CodeCheck.Right { Challenge: { Status: ChallengeStatus.Pending } right }
            && await ClaimAsync(right, requester, cancellationToken);
    }

    private async Task<bool> ClaimAsync(Challenge challenge, Requester requester, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var address = challenges.ParsedAddressOf(challenge);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        try
        {
            if (!await challenges.MoveAsync(challenge, ChallengeStatus.Completed, challenge.ExpiresAt, now, cancellationToken)
                || challenge.UserId is not { } id
                || await accounts.LockAsync(id, now, cancellationToken) is not { } user)
                return false;

            var isOwnRegistration = user.RegisteredAt is not null;
            if (!await ProveAsync(user, address, now, cancellationToken))
                return false;

            // The address that who registered typed beside it falls away: whether it stayed would tell whether somebody has it.
            if (isOwnRegistration)
                await accounts.RemoveUnprovenStateAsync(id, now, cancellationToken);
            else
                await accounts.RemoveUnprovenDoorsAsync(id, now, cancellationToken);
            await settlement.SettleAsync(challenge, cancellationToken);
            AuditLog.Add(db, AuditKind.Activated, now, new AuditSubject(id, Ip: requester.Ip));
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is DbUpdateException or DbException && !cancellationToken.IsCancellationRequested)
        {
            // The unique indexes: the address became somebody else's at this moment. What was claimed is rolled back, and the code can be tried again.
            await transaction.RollbackAsync(cancellationToken);
            if (!await accounts.Having(address).AnyAsync(cancellationToken))
                throw;
            return false;
        }
        finally
        {
            db.ChangeTracker.Clear();
        }
    }

    private async Task<bool> ProveAsync(User user, Address address, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // Somebody else's proof made it theirs meanwhile: nobody follows them in by another address.
        if (user.IsActive || user.DisabledAt is not null)
            return false;

        var bears = (address.Channel == Channel.Email ? user.NormalizedEmail : user.PhoneNumber) == address.LookupKey;
        if (!bears && (user.Email is not null || user.PhoneNumber is not null))
            return false;
        if (!bears && await accounts.ReleaseAsync(address, user.Id, now, cancellationToken) is { } bearer)
            AuditLog.Add(db, AuditKind.UnprovenStateRemoved, now, new AuditSubject(bearer));

        Accounts.SetAddress(user, address.Channel, address, proved: true);
        user.UpdatedAt = now;
        await db.SaveChangesAsync(cancellationToken);
        return true;
    }
}
