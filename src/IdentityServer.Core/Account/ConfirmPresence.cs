using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Account;

/// <summary>A code to one of the account's own proved addresses confirms that its owner is there: by choice, or before something sensitive.</summary>
public sealed class ConfirmPresence
{
    private readonly ServerDb db;
    private readonly Challenges challenges;
    private readonly OwnCodes codes;
    private readonly Settlement settlement;
    private readonly TimeProvider time;

    internal ConfirmPresence(ServerDb db, Challenges challenges, OwnCodes codes, Settlement settlement, TimeProvider time)
    {
        this.db = db;
        this.challenges = challenges;
        this.codes = codes;
        this.settlement = settlement;
        this.time = time;
    }

    /// <summary>Sends a code.</summary>
    /// <param name="channel">To which address; null: the e-mail address, or the phone number where that is the one proved.</param>
    /// <param name="requester">Whose.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<SendOutcome> SendAsync(Channel? channel, Requester requester, CancellationToken cancellationToken)
    {
        var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == requester.UserId, cancellationToken);
        var typed = channel switch
        {
            Channel.Email => user is { EmailConfirmed: true } ? user.Email : null,
            Channel.Sms => user is { PhoneNumberConfirmed: true } ? user.PhoneNumber : null,
            _ => user is { EmailConfirmed: true } ? user.Email : user is { PhoneNumberConfirmed: true } ? user.PhoneNumber : null,
        };
        return Address.Parse(typed) is { } address
            ? await codes.SendAsync(ChallengePurpose.Confirmation, address, requester, cancellationToken)
            : new SendOutcome.Unusable("The account has no proved address of this kind.");
    }

    /// <summary>Sends another code of the same challenge; null when it is over or not this person's.</summary>
    public Task<SendOutcome?> ResendAsync(string? challenge, Requester requester, CancellationToken cancellationToken) =>
        codes.ResendAsync(challenge, requester, cancellationToken);

    /// <summary>What waits for its code, the address masked; null when it is over or not this person's.</summary>
    public async Task<OwnCodeView?> LookAsync(string? challenge, Requester requester, CancellationToken cancellationToken) =>
        await codes.LookAsync(ChallengePurpose.Confirmation, challenge, requester, cancellationToken) is { } view
            ? view with { Address = MaskedAddress.Of(view.Address)! }
            : null;

    /// <summary>Checks the code: right once.</summary>
    public async Task<ConfirmOutcome> CheckAsync(string? challenge, string? code, Requester requester, CancellationToken cancellationToken)
    {
        var (right, refusal) = await codes.CheckAsync(ChallengePurpose.Confirmation, challenge, code, requester, cancellationToken);
        if (right is null)
            return refusal!;

        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (!await IsOwnAsync(challenges.ParsedAddressOf(right), requester.UserId, cancellationToken)
            || !await challenges.MoveAsync(right, ChallengeStatus.Completed, right.ExpiresAt, now, cancellationToken))
            return new ConfirmOutcome.Gone();

        await settlement.SettleAsync(right, cancellationToken);
        AuditLog.Add(db, AuditKind.PresenceConfirmed, now, new AuditSubject(requester.UserId, requester.ApplicationId, Ip: requester.Ip));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
        return new ConfirmOutcome.Confirmed();
    }

    // The account may have given the address up since: whoever reads its messages now is nobody's proof.
    private Task<bool> IsOwnAsync(Address address, Guid? userId, CancellationToken cancellationToken) =>
        new Accounts(db).Having(address).AnyAsync(
            user => user.Id == userId && (address.Channel == Channel.Email ? user.EmailConfirmed : user.PhoneNumberConfirmed), cancellationToken);
}
