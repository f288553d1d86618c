using IdentityServer.Core.Audit;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using IdentityServer.Core.Users.Passwords;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Account;

/// <summary>What setting a password came to.</summary>
public abstract record SetPasswordOutcome
{
    private SetPasswordOutcome()
    {
    }

    /// <summary>Set; <paramref name="WasChanged"/>: in the place of another, and all other sessions have ended.</summary>
    public sealed record Done(bool WasChanged) : SetPasswordOutcome;

    /// <summary>It breaks these rules; nothing was changed.</summary>
    public sealed record Unfit(IReadOnlyList<PasswordRule> Unmet) : SetPasswordOutcome;

    /// <summary>The person has no account any more, or it is disabled.</summary>
    public sealed record Gone : SetPasswordOutcome;
}

/// <summary>
/// The password of who is signed in, for the page <c>/account/password</c>, which asks for fresh proof. The old one is not asked for: whoever holds the
/// address could choose a new one by a code anyway. The owner is told of each change.
/// </summary>
public sealed class OwnPassword
{
    private readonly ServerDb db;
    private readonly Accounts accounts;
    private readonly PasswordKeeper keeper;
    private readonly PasswordRules rules;
    private readonly PasswordNotice notice;
    private readonly Outbox outbox;
    private readonly TimeProvider time;

    internal OwnPassword(ServerDb db, Accounts accounts, PasswordKeeper keeper, PasswordRules rules, PasswordNotice notice, Outbox outbox, TimeProvider time)
    {
        this.db = db;
        this.accounts = accounts;
        this.keeper = keeper;
        this.rules = rules;
        this.notice = notice;
        this.outbox = outbox;
        this.time = time;
    }

    /// <summary>Whether the account has a password.</summary>
    public Task<bool> HasAsync(Guid userId, CancellationToken cancellationToken) =>
        db.Users.AnyAsync(user => user.Id == userId && user.PasswordHash != null, cancellationToken);

    /// <summary>Sets or changes it; a change ends all sessions but this one.</summary>
    public async Task<SetPasswordOutcome> SetAsync(Session session, string? typed, Visitor visitor, CancellationToken cancellationToken)
    {
        var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == session.UserId, cancellationToken);
        if (user is null)
            return new SetPasswordOutcome.Gone();
        if (rules.Unmet(typed, [user.Email, user.PhoneNumber, user.Name, user.GivenName, user.FamilyName]) is { Count: > 0 } unmet)
            return new SetPasswordOutcome.Unfit(unmet);

        var hash = keeper.Hash(PasswordRules.Prepare(typed)!);
        var account = KnownUser.Of(user);
        var now = time.GetUtcNow();
        var message = notice.Add(account, isRemoved: false, provedBy: null, visitor.Origin, visitor.Locale, now);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await PutAsync(session.UserId, hash, now, cancellationToken) is not { } wasChanged)
        {
            db.ChangeTracker.Clear();
            return new SetPasswordOutcome.Gone();
        }

        if (wasChanged)
            await accounts.EndOthersAsync(session.UserId, session.Id, now, cancellationToken);
        await notice.CountAsync(message, now, account, cancellationToken);
        Write(session, wasChanged ? "changed" : "set", visitor.Ip, now);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        Done();
        return new SetPasswordOutcome.Done(wasChanged);
    }

    /// <summary>Removes it: a code alone opens the account again.</summary>
    public async Task RemoveAsync(Session session, Visitor visitor, CancellationToken cancellationToken)
    {
        if (await db.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == session.UserId && row.PasswordHash != null, cancellationToken) is not { } user)
            return;

        var account = KnownUser.Of(user);
        var now = time.GetUtcNow();
        var message = notice.Add(account, isRemoved: true, provedBy: null, visitor.Origin, visitor.Locale, now);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var stamp = Accounts.NewStamp(now);
        if (await db.Users.Where(row => row.Id == session.UserId && row.PasswordHash != null).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.PasswordHash, (string?)null).SetProperty(row => row.ConcurrencyStamp, stamp), cancellationToken) == 0)
        {
            db.ChangeTracker.Clear();
            return;
        }

        await notice.CountAsync(message, now, account, cancellationToken);
        Write(session, "removed", visitor.Ip, now);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        Done();
    }

    // True: in the place of another; null: there is no open account.
    private async Task<bool?> PutAsync(Guid userId, string hash, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var stamp = Accounts.NewStamp(now);
        var open = db.Users.Where(user => user.Id == userId && user.DisabledAt == null);
        if (await open.Where(user => user.PasswordHash != null).ExecuteUpdateAsync(
            set => set.SetProperty(user => user.PasswordHash, hash).SetProperty(user => user.ConcurrencyStamp, stamp), cancellationToken) == 1)
            return true;
        return await open.Where(user => user.PasswordHash == null).ExecuteUpdateAsync(
            set => set.SetProperty(user => user.PasswordHash, hash).SetProperty(user => user.ConcurrencyStamp, stamp), cancellationToken) == 1 ? false : null;
    }

    private void Write(Session session, string change, string? ip, DateTimeOffset now) =>
        AuditLog.Add(db, AuditKind.PasswordChanged, now, new AuditSubject(session.UserId, SessionId: session.Id, Ip: ip), PasswordNotice.Facts(change));

    private void Done()
    {
        db.ChangeTracker.Clear();
        outbox.Wake();
    }
}
