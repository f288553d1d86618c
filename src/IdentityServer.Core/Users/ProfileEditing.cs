using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Protocol;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Users;

/// <summary>What editing a profile came to.</summary>
public abstract record EditOutcome
{
    private EditOutcome()
    {
    }

    /// <summary>Done.</summary>
    public sealed record Edited(UserWithRoles User) : EditOutcome;

    /// <summary>Nothing was changed: fields are wrong, by their names on the wire.</summary>
    public sealed record Invalid(IReadOnlyDictionary<string, string[]> Problems) : EditOutcome;

    /// <summary>Nothing was changed: the user is not any more as the editor saw it.</summary>
    public sealed record Stale : EditOutcome;

    /// <summary>There is no such user.</summary>
    public sealed record Gone : EditOutcome;
}

/// <summary>Edits profiles, for their owners and for administrators.</summary>
public sealed class ProfileEditing
{
    private readonly ServerDb db;
    private readonly UserQueries users;
    private readonly IReadOnlyCollection<string> locales;
    private readonly TimeProvider time;

    internal ProfileEditing(ServerDb db, UserQueries users, IOptions<ProtocolOptions> server, TimeProvider time)
    {
        this.db = db;
        this.users = users;
        this.time = time;
        locales = [.. server.Value.UiLocales];
    }

    /// <summary>What is wrong with the changes, by field.</summary>
    public IReadOnlyDictionary<string, string[]> Problems(ProfileChanges changes) => changes.Problems(locales, DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime.AddDays(1)));

    /// <summary>Changes a profile, when it still is as the editor saw it.</summary>
    /// <param name="id">Whose.</param>
    /// <param name="changes">What.</param>
    /// <param name="stamp">The <see cref="Microsoft.AspNetCore.Identity.IdentityUser{TKey}.ConcurrencyStamp"/> that the editor saw; null: however it is.</param>
    /// <param name="by">Who.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<EditOutcome> EditAsync(Guid id, ProfileChanges changes, string? stamp, Operator by, CancellationToken cancellationToken)
    {
        if (Problems(changes) is { Count: > 0 } problems)
            return new EditOutcome.Invalid(problems);

        var now = time.GetUtcNow();
        var next = Accounts.NewStamp(now);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);

        // The new stamp is the claim: of two who edit what they saw at the same time, one wins.
        var claimed = await db.Users.Where(row => row.Id == id && (stamp == null || row.ConcurrencyStamp == stamp))
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.ConcurrencyStamp, next), cancellationToken);
        if (claimed == 0)
            return await db.Users.AnyAsync(row => row.Id == id, cancellationToken) ? new EditOutcome.Stale() : new EditOutcome.Gone();

        var user = await db.Users.SingleAsync(row => row.Id == id, cancellationToken);
        if (!changes.IsEmpty)
        {
            changes.ApplyTo(user);
            (user.UpdatedAt, user.RegisteredAt) = (now, null);
            var facts = UserAdministration.Facts(by);
            facts["fields"] = string.Join(' ', changes.Named);
            AuditLog.Add(db, AuditKind.ProfileChanged, now, new AuditSubject(id, by.ApplicationId, Ip: by.Ip), facts);
        }

        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
        return await users.FindAsync(id, cancellationToken) is { } found ? new EditOutcome.Edited(found) : new EditOutcome.Gone();
    }
}
