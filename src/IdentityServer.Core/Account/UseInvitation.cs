using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Proofs;
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
    private readonly Askers askers;
    private readonly TimeProvider time;

    internal UseInvitation(ServerDb db, Inviters inviters, Askers askers, TimeProvider time)
    {
        this.db = db;
        this.inviters = inviters;
        this.askers = askers;
        this.time = time;
    }

    /// <summary>Names who invited the person.</summary>
    public async Task<InvitationOutcome> UseAsync(string? code, Requester requester, CancellationToken cancellationToken)
    {
        var userId = requester.UserId;
        var (found, tryAt) = await inviters.FindAsync(code, await askers.SourceAsync(requester, cancellationToken), cancellationToken);
        if (tryAt is { } at)
            return new InvitationOutcome.TryLater(at);
        if (found is not { } inviter || inviter == userId)
            return new InvitationOutcome.Refused();

        var now = time.GetUtcNow();
        var stamp = Accounts.NewStamp(now);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var used = await db.Users.Where(user => user.Id == userId && user.InvitedById == null).ExecuteUpdateAsync(
            set => set.SetProperty(user => user.InvitedById, (Guid?)inviter).SetProperty(user => user.UpdatedAt, now).SetProperty(user => user.ConcurrencyStamp, stamp),
            cancellationToken);
        if (used == 0)
            return new InvitationOutcome.Refused();

        AuditLog.Add(db, AuditKind.InvitationUsed, now, new AuditSubject(userId, requester.ApplicationId, Ip: requester.Ip));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
        return new InvitationOutcome.Used();
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
