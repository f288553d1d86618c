using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.SignIn;

/// <summary>What a proof bought.</summary>
internal abstract record Completion
{
    private Completion()
    {
    }

    /// <summary>Who it is; <paramref name="Ticket"/> where there is a browser.</summary>
    public sealed record SignedIn(Guid UserId, SessionTicket? Ticket) : Completion;

    /// <summary>Nobody has the address, and no name, or no invitation where one is needed, was given yet.</summary>
    public sealed record NewPerson : Completion;

    /// <summary>Nothing: it was spent, or the account is disabled.</summary>
    public sealed record Refused : Completion;
}

/// <summary>Who finishes a challenge.</summary>
/// <param name="Visitor">The browser that gets a session; null at the one-time-code grant.</param>
/// <param name="Name">A new person's checked name; null when it was not asked for yet.</param>
/// <param name="Locale">The language that is stored with an account that has none.</param>
/// <param name="Ip">Where from.</param>
internal sealed record Finisher(Visitor? Visitor, string? Name, string Locale, string? Ip)
{
    /// <summary>Who invited the new person.</summary>
    public Guid? InviterId { get; init; }
}

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
            { } => SignInAsync(challenge, address, account, finisher, now, cancellationToken),
            null when !options.SignUp => RefuseAsync(challenge, null, finisher, now, cancellationToken),
            null when finisher.Name is null || (options.InviteOnly && finisher.InviterId is null) => ProveAsync(challenge, finisher, now, cancellationToken),
            null => SignUpAsync(challenge, address, finisher, now, cancellationToken),
        };

    // Two mailboxes may fold to one key (ΟΔΟΣ: οδος, οδοσ). While nobody had the account, the code went to the address as it was typed; whoever read it
    // there must not be let into an account that the owner of another spelling made meanwhile.
    private static bool ProvesMailboxOf(KnownUser account, Challenge challenge, Address address) =>
        challenge.UserId == account.Id || string.Equals(account.AddressOf(address.Channel), address.Value, StringComparison.Ordinal);

    private async Task<Completion?> SignInAsync(
        Challenge challenge, Address address, KnownUser account, Finisher finisher, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (!await challenges.MoveAsync(challenge, ChallengeStatus.Completed, challenge.ExpiresAt, now, cancellationToken)
            || !await accounts.TouchAsync(account.Id, address, finisher.Locale, now, cancellationToken))
            return null;

        if (!account.HasProved(address.Channel))
            await ProveAsync(account, finisher, now, cancellationToken);

        await SettleAsync(challenge, cancellationToken);
        await limits.ForgetFailuresAsync(db, account, except: address, cancellationToken);
        var ticket = await OpenAsync(challenge, account.Id, finisher, now, cancellationToken);
        AuditLog.Add(db, AuditKind.SignedIn, now, new AuditSubject(account.Id, challenge.ApplicationId, ticket?.SessionId, finisher.Ip), tests.Facts(address, now));
        await CommitAsync(transaction, cancellationToken);
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
        var userId = await accounts.AddAsync(address, finisher.Name!, finisher.Locale, finisher.InviterId, now, cancellationToken);
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

        var ticket = await OpenAsync(challenge, userId, finisher, now, cancellationToken);
        AuditLog.Add(db, AuditKind.SignedUp, now, new AuditSubject(userId, challenge.ApplicationId, ticket?.SessionId, finisher.Ip), tests.Facts(address, now));
        await CommitAsync(transaction, cancellationToken);
        return new Completion.SignedIn(userId, ticket);
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

    private async Task<SessionTicket?> OpenAsync(Challenge challenge, Guid userId, Finisher finisher, DateTimeOffset now, CancellationToken cancellationToken) =>
        finisher.Visitor is null ? null : await sessions.OpenAsync(userId, challenge.Id, finisher.Visitor, ProofMethods.Of(challenge.Channel), now, cancellationToken);

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
