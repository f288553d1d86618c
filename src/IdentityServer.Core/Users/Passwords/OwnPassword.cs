using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Users.Passwords;

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
/// address could choose a new one by a code anyway.
/// </summary>
public sealed class OwnPassword
{
    private readonly ServerDb db;
    private readonly Accounts accounts;
    private readonly PasswordKeeper keeper;
    private readonly PasswordRules rules;
    private readonly TimeProvider time;

    internal OwnPassword(ServerDb db, Accounts accounts, PasswordKeeper keeper, PasswordRules rules, TimeProvider time)
    {
        this.db = db;
        this.accounts = accounts;
        this.keeper = keeper;
        this.rules = rules;
        this.time = time;
    }

    /// <summary>Whether the account has a password.</summary>
    public Task<bool> HasAsync(Guid userId, CancellationToken cancellationToken) =>
        db.Users.AnyAsync(user => user.Id == userId && user.PasswordHash != null, cancellationToken);

    /// <summary>Sets or changes it; a change ends all sessions but this one.</summary>
    public async Task<SetPasswordOutcome> SetAsync(Session session, string? typed, string? ip, CancellationToken cancellationToken)
    {
        var own = await db.Users.AsNoTracking().Where(user => user.Id == session.UserId)
            .Select(user => new[] { user.Email, user.PhoneNumber, user.Name, user.GivenName, user.FamilyName })
            .SingleOrDefaultAsync(cancellationToken);
        if (own is null)
            return new SetPasswordOutcome.Gone();
        if (rules.Unmet(typed, own) is { Count: > 0 } unmet)
            return new SetPasswordOutcome.Unfit(unmet);

        var hash = keeper.Hash(PasswordRules.Prepare(typed)!);
        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var stamp = Accounts.NewStamp(now);
        var open = db.Users.Where(user => user.Id == session.UserId && user.DisabledAt == null);
        var changed = await open.Where(user => user.PasswordHash != null).ExecuteUpdateAsync(
            set => set.SetProperty(user => user.PasswordHash, hash).SetProperty(user => user.ConcurrencyStamp, stamp), cancellationToken) == 1;
        if (!changed && await open.Where(user => user.PasswordHash == null).ExecuteUpdateAsync(
            set => set.SetProperty(user => user.PasswordHash, hash).SetProperty(user => user.ConcurrencyStamp, stamp), cancellationToken) == 0)
            return new SetPasswordOutcome.Gone();

        if (changed)
            await accounts.EndOthersAsync(session.UserId, session.Id, now, cancellationToken);
        AuditLog.Add(db, AuditKind.PasswordChanged, now, new AuditSubject(session.UserId, SessionId: session.Id, Ip: ip), ChangeFacts(changed ? "changed" : "set"));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
        return new SetPasswordOutcome.Done(changed);
    }

    /// <summary>Removes it: a code alone opens the account again.</summary>
    public async Task RemoveAsync(Session session, string? ip, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var stamp = Accounts.NewStamp(now);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await db.Users.Where(user => user.Id == session.UserId && user.PasswordHash != null).ExecuteUpdateAsync(
            set => set.SetProperty(user => user.PasswordHash, (string?)null).SetProperty(user => user.ConcurrencyStamp, stamp), cancellationToken) == 0)
            return;

        AuditLog.Add(db, AuditKind.PasswordChanged, now, new AuditSubject(session.UserId, SessionId: session.Id, Ip: ip), ChangeFacts("removed"));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
    }

    internal static Dictionary<string, string> ChangeFacts(string change) => new(StringComparer.Ordinal) { ["change"] = change };
}
