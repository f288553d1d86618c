using IdentityServer.Core.Audit;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using IdentityServer.Core.Users.Passwords;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.SignIn;

/// <summary>
/// Claims a challenge whose code or link was right: one conditional update wins, and everything that the proof buys is in the same transaction.
/// </summary>
internal sealed class Completer(
    ServerDb db,
    Challenges challenges,
    Accounts accounts,
    Settlement settlement,
    SessionWriter sessions,
    ProofLimits limits,
    TestAddresses tests,
    PasswordNotice notice,
    Outbox outbox,
    IOptions<SignInOptions> settings,
    TimeProvider time)
{
    private const int Rounds = 5;

    private readonly SignInOptions options = settings.Value;

    public async Task<Completion> FinishAsync(Challenge challenge, Finisher finisher, CancellationToken cancellationToken)
    {
        var address = challenges.ParsedAddressOf(challenge);
        for (var round = 0; round < Rounds; round++)
        {
            var now = time.GetUtcNow();
            if (challenge.Status == ChallengeStatus.Completed)
                return await RepeatAsync(challenge, finisher, now, cancellationToken);
            if (challenge.Status == ChallengeStatus.Spent || challenge.ExpiresAt <= now)
                return new Completion.Refused();

            // Asked now, not when the challenge began: accounts are made, disabled and deleted meanwhile.
            var account = await accounts.FindAsync(address, finisher.Visitor?.SessionKeyHash, now, cancellationToken);
            if (await ClaimAsync(challenge, address, account, finisher, now, cancellationToken) is { } completion)
                return completion;

            // Another request was faster, with this challenge or with this address.
            if (await challenges.ReloadAsync(challenge, cancellationToken) is not { } current || current.Sends != challenge.Sends)
                return new Completion.Refused();
            challenge = current;
        }

        throw new InvalidOperationException("A challenge changed at every look.");
    }

    private Task<Completion?> ClaimAsync(
        Challenge challenge, Address address, KnownUser? account, Finisher finisher, DateTimeOffset now, CancellationToken cancellationToken) => account switch
        {
            { IsDisabled: true } => RefuseAsync(challenge, account, finisher, now, cancellationToken),
            { } when !ProvesMailboxOf(account, challenge, address) => RefuseAsync(challenge, account, finisher, now, cancellationToken),
            { } when LacksPassword(account, challenge, address, finisher) => AskForPasswordAsync(challenge, account, finisher, now, cancellationToken),
            { } => SignInAsync(challenge, address, account, finisher, now, cancellationToken),
            null when !options.SignUp => RefuseAsync(challenge, null, finisher, now, cancellationToken),
            null when finisher.Name is null || (options.InviteOnly && finisher.InviterId is null) => ProveAsync(challenge, finisher, now, cancellationToken),
            null => SignUpAsync(challenge, address, finisher, now, cancellationToken),
        };

    // Two mailboxes may fold to one key (ΟΔΟΣ: οδος, οδοσ). While nobody had the account, the code went to the address as it was typed; whoever read it
    // there must not be let into an account that the owner of another spelling made meanwhile.
    private static bool ProvesMailboxOf(KnownUser account, Challenge challenge, Address address) =>
        challenge.UserId == account.Id || string.Equals(account.AddressOf(address.Channel), address.Value, StringComparison.Ordinal);

    // An address that the account bears unproved is proved here by who is signed in to it, or opens an account that is nobody's yet: see Accounts.FindAsync.
    private bool LacksPassword(KnownUser account, Challenge challenge, Address address, Finisher finisher) =>
        options.Password.Enabled && account.PasswordHash is not null && account.HasProved(address.Channel)
        && finisher.NewPasswordHash is null && !PasswordKeeper.IsOf(account.PasswordHash, challenge.CheckedPassword);

    private async Task<Completion?> SignInAsync(
        Challenge challenge, Address address, KnownUser account, Finisher finisher, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var told = finisher is { NewPasswordHash: not null, Visitor: { } visitor }
            ? notice.Add(account, isRemoved: false, challenge.Channel, visitor.Origin, finisher.Locale, now)
            : null;
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (!await challenges.MoveAsync(challenge, ChallengeStatus.Completed, challenge.ExpiresAt, now, cancellationToken)
            || !await accounts.TouchAsync(account, address, finisher.Locale, now, cancellationToken))
        {
            db.ChangeTracker.Clear();
            return null;
        }

        if (!account.HasProved(address.Channel))
            await ProveAsync(account, finisher, now, cancellationToken);

        await SettleAsync(challenge, cancellationToken);
        await limits.ForgetFailuresAsync(db, account, except: address, cancellationToken);
        if (options.Password.Enabled)
            await ProofLimits.ForgetPasswordFailuresAsync(db, challenge.AddressHash, cancellationToken);
        if (finisher.NewPasswordHash is { } newPassword)
            await ResetPasswordAsync(account.Id, newPassword, finisher, now, cancellationToken);
        var knewPassword = account.IsOwned && options.Password.Enabled && PasswordKeeper.IsOf(account.PasswordHash, challenge.CheckedPassword);
        var ticket = await OpenAsync(challenge, account.Id, knewPassword, finisher, now, cancellationToken);
        AuditLog.Add(db, AuditKind.SignedIn, now, new AuditSubject(account.Id, challenge.ApplicationId, ticket?.SessionId, finisher.Ip), tests.Facts(address, now));
        await CommitAsync(transaction, cancellationToken);
        if (told is not null)
            outbox.Wake();
        return new Completion.SignedIn(account.Id, ticket);
    }

    // The first proof of any address makes the account its owner's; a further one only adds to it.
    private async Task ProveAsync(KnownUser account, Finisher finisher, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!account.IsOwned)
            await accounts.RemoveUnprovenStateAsync(account.Id, now, cancellationToken);
        await accounts.MarkUpdatedAsync(account.Id, now, cancellationToken);
        AuditLog.Add(db, account.IsOwned ? AuditKind.AddressProved : AuditKind.UnprovenStateRemoved, now, new AuditSubject(account.Id, Ip: finisher.Ip));
    }

    private async Task<Completion?> SignUpAsync(Challenge challenge, Address address, Finisher finisher, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (!await challenges.MoveAsync(challenge, ChallengeStatus.Completed, challenge.ExpiresAt, now, cancellationToken))
            return null;

        await SettleAsync(challenge, cancellationToken);
        if (await accounts.ReleaseAsync(address, userId: null, now, cancellationToken) is { } bearer)
            AuditLog.Add(db, AuditKind.UnprovenStateRemoved, now, new AuditSubject(bearer, Ip: finisher.Ip));
        var user = await accounts.AddAsync(address, finisher.Name!, now, cancellationToken);
        (user.Locale, user.InvitedById, user.LastSignInAt) = (finisher.Locale.Length == 0 ? null : finisher.Locale, finisher.InviterId, now);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException)
        {
            // The unique indexes on e-mail and phone number: another challenge of the same address signed up first. What was claimed here is rolled back.
            db.ChangeTracker.Clear();
            await transaction.RollbackAsync(cancellationToken);
            if (!await accounts.Having(address).AnyAsync(cancellationToken))
                throw;
            return null;
        }

        var ticket = await OpenAsync(challenge, user.Id, knewPassword: false, finisher, now, cancellationToken);
        AuditLog.Add(db, AuditKind.SignedUp, now, new AuditSubject(user.Id, challenge.ApplicationId, ticket?.SessionId, finisher.Ip), tests.Facts(address, now));
        await CommitAsync(transaction, cancellationToken);
        return new Completion.SignedIn(user.Id, ticket);
    }

    private async Task<Completion?> ProveAsync(Challenge challenge, Finisher finisher, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (challenge.Status == ChallengeStatus.Verified)
            return new Completion.NewPerson();

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (!await challenges.MoveAsync(challenge, ChallengeStatus.Verified, now + options.DetailsLifetime, now, cancellationToken))
            return null;

        await SettleAsync(challenge, cancellationToken);
        AuditLog.Add(db, AuditKind.AddressProved, now, new AuditSubject(ApplicationId: challenge.ApplicationId, Ip: finisher.Ip));
        await CommitAsync(transaction, cancellationToken);
        return new Completion.NewPerson();
    }

    // In a browser the proof is kept, so that a new password can be chosen; an application has no page for it, and gets nothing.
    private async Task<Completion?> AskForPasswordAsync(Challenge challenge, KnownUser account, Finisher finisher, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (challenge.Status == ChallengeStatus.Verified)
            return new Completion.PasswordNeeded();

        var (status, end) = finisher.Visitor is null ? (ChallengeStatus.Spent, challenge.ExpiresAt) : (ChallengeStatus.Verified, now + options.DetailsLifetime);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (!await challenges.MoveAsync(challenge, status, end, now, cancellationToken))
            return null;

        await SettleAsync(challenge, cancellationToken);
        var facts = finisher.Visitor is null ? new Dictionary<string, string>(StringComparer.Ordinal) { ["reason"] = "password" } : null;
        var kind = finisher.Visitor is null ? AuditKind.SignInRefused : AuditKind.AddressProved;
        AuditLog.Add(db, kind, now, new AuditSubject(account.Id, challenge.ApplicationId, Ip: finisher.Ip), facts);
        await CommitAsync(transaction, cancellationToken);
        return new Completion.PasswordNeeded();
    }

    private async Task ResetPasswordAsync(Guid userId, string hash, Finisher finisher, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await db.Users.Where(user => user.Id == userId).ExecuteUpdateAsync(set => set.SetProperty(user => user.PasswordHash, hash), cancellationToken);
        await accounts.EndOthersAsync(userId, keep: null, now, cancellationToken);
        AuditLog.Add(db, AuditKind.PasswordChanged, now, new AuditSubject(userId, Ip: finisher.Ip), PasswordNotice.Facts("reset"));
    }

    private async Task<Completion?> RefuseAsync(Challenge challenge, KnownUser? account, Finisher finisher, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (!await challenges.MoveAsync(challenge, ChallengeStatus.Spent, challenge.ExpiresAt, now, cancellationToken))
            return null;

        AuditLog.Add(db, AuditKind.SignInRefused, now, new AuditSubject(account?.Id, challenge.ApplicationId, Ip: finisher.Ip));
        await CommitAsync(transaction, cancellationToken);
        return new Completion.Refused();
    }

    private async Task<Completion> RepeatAsync(Challenge challenge, Finisher finisher, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (finisher.Visitor is null || await sessions.FindAsync(challenge.Id, finisher.Visitor, now, cancellationToken) is not { } again)
            return new Completion.Refused();

        return new Completion.SignedIn(again.UserId, again.Ticket);
    }

    // RFC 8176 §2: "pwd: Password-based authentication".
    private async Task<SessionTicket?> OpenAsync(
        Challenge challenge, Guid userId, bool knewPassword, Finisher finisher, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var methods = ProofMethods.Of(challenge.Channel);
        return finisher.Visitor is null ? null
            : await sessions.OpenAsync(userId, challenge.Id, finisher.Visitor, knewPassword ? ["pwd", .. methods] : methods, now, cancellationToken);
    }

    // Proving comes before signing up: what the proof gave back is not given back again.
    private Task SettleAsync(Challenge challenge, CancellationToken cancellationToken) => challenge.Status != ChallengeStatus.Pending
        ? Task.CompletedTask
        : settlement.SettleAsync(challenge, cancellationToken);

    private async Task CommitAsync(IDbContextTransaction transaction, CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
    }
}
