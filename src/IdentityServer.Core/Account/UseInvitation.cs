using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Account;

/// <summary>Who invited whom, as one person sees it.</summary>
/// <param name="Code">The person's own code.</param>
/// <param name="UsedCode">The code of who invited them; null when they named nobody.</param>
/// <param name="Count">How many people they invited.</param>
/// <param name="Invited">The newest of these.</param>
public sealed record InvitationView(string Code, string? UsedCode, int Count, IReadOnlyList<InvitedPerson> Invited);

/// <summary>Somebody whom the person invited; addresses are masked.</summary>
public sealed record InvitedPerson(string? Email, string? Phone, DateTimeOffset Since);

/// <summary>A person names who invited them, once.</summary>
public sealed class UseInvitation
{
    private const int MostShown = 200;

    private readonly ServerDb db;
    private readonly Inviters inviters;
    private readonly TimeProvider time;

    internal UseInvitation(ServerDb db, Inviters inviters, TimeProvider time)
    {
        this.db = db;
        this.inviters = inviters;
        this.time = time;
    }

    /// <summary>False when the code is nobody's or the person's own, or when they named somebody before.</summary>
    public async Task<bool> UseAsync(Guid userId, string? code, string? ip, CancellationToken cancellationToken)
    {
        if (await inviters.FindAsync(code, cancellationToken) is not { } inviter || inviter == userId)
            return false;

        var now = time.GetUtcNow();
        var stamp = Accounts.NewStamp(now);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var used = await db.Users.Where(user => user.Id == userId && user.InvitedById == null).ExecuteUpdateAsync(
            set => set.SetProperty(user => user.InvitedById, (Guid?)inviter).SetProperty(user => user.UpdatedAt, now).SetProperty(user => user.ConcurrencyStamp, stamp),
            cancellationToken);
        if (used == 0)
            return false;

        AuditLog.Add(db, AuditKind.InvitationUsed, now, new AuditSubject(userId, Ip: ip));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
        return true;
    }

    /// <summary>The person's codes, and whom they invited; who registered only is not there yet.</summary>
    public async Task<InvitationView> LookAsync(Guid userId, CancellationToken cancellationToken)
    {
        var codes = await db.Users.Where(user => user.Id == userId)
            .Select(user => new { user.InvitationCode, Used = db.Users.Where(other => other.Id == user.InvitedById).Select(other => other.InvitationCode).SingleOrDefault() })
            .SingleAsync(cancellationToken);
        var invited = db.Users.Where(user => user.InvitedById == userId && (user.EmailConfirmed || user.PhoneNumberConfirmed));
        var newest = await invited.OrderByDescending(user => user.CreatedAt).ThenByDescending(user => user.Id).Take(MostShown)
            .Select(user => new { user.Email, user.PhoneNumber, user.CreatedAt })
            .ToListAsync(cancellationToken);
        return new InvitationView(
            codes.InvitationCode,
            codes.Used,
            await invited.CountAsync(cancellationToken),
            [.. newest.Select(user => new InvitedPerson(MaskedAddress.Of(user.Email), MaskedAddress.Of(user.PhoneNumber), user.CreatedAt))]);
    }
}
