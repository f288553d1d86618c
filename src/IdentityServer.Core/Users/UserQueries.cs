using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Users;

/// <summary>What to list.</summary>
/// <param name="Search">Part of a name or an address, without regard to case; null: everybody.</param>
/// <param name="Sort">One of <see cref="UserQueries.Sorts"/>, with a minus in front for the other way round; null: the newest first.</param>
/// <param name="Limit">Rows at most.</param>
/// <param name="Offset">Rows to skip.</param>
public sealed record UserQuery(string? Search = null, string? Sort = null, int Limit = 50, int Offset = 0)
{
    /// <summary>Only activated ones, or only those that are not; null: both.</summary>
    public bool? Active { get; init; }

    /// <summary>Only disabled ones, or only those that are not; null: both.</summary>
    public bool? Disabled { get; init; }

    /// <summary>Only those with this role.</summary>
    public string? Role { get; init; }
}

/// <summary>A part of a list.</summary>
/// <param name="Count">Rows of the whole list.</param>
/// <param name="Items">The rows of this part.</param>
public sealed record Listed<T>(int Count, IReadOnlyList<T> Items);

/// <summary>A user with their roles.</summary>
public sealed record UserWithRoles(User User, IReadOnlyList<string> Roles);

/// <summary>Finds users for administrators.</summary>
public sealed class UserQueries(ServerDb db)
{
    /// <summary>What a list can be sorted by.</summary>
    public static IReadOnlyList<string> Sorts { get; } = ["created_at", "last_sign_in_at", "name", "email"];

    /// <summary>One part of the list.</summary>
    public async Task<Listed<UserWithRoles>> ListAsync(UserQuery query, CancellationToken cancellationToken)
    {
        var found = Matching(query);
        var count = await found.CountAsync(cancellationToken);
        var users = await Sorted(found, query.Sort).Skip(query.Offset).Take(query.Limit).AsNoTracking().ToListAsync(cancellationToken);
        var roles = await RolesAsync([.. users.Select(user => user.Id)], cancellationToken);
        return new(count, [.. users.Select(user => new UserWithRoles(user, [.. roles[user.Id].Order(StringComparer.Ordinal)]))]);
    }

    /// <summary>The user; null when there is none.</summary>
    public async Task<UserWithRoles?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        if (await db.Users.AsNoTracking().SingleOrDefaultAsync(user => user.Id == id, cancellationToken) is not { } user)
            return null;

        var roles = await RolesAsync([id], cancellationToken);
        return new(user, [.. roles[id].Order(StringComparer.Ordinal)]);
    }

    /// <summary>The user who bears the address, proved or not.</summary>
    public Task<Guid?> FindIdAsync(Address address, CancellationToken cancellationToken) =>
        new Accounts(db).Having(address).Select(user => (Guid?)user.Id).SingleOrDefaultAsync(cancellationToken);

    /// <summary>Whether the user has the role.</summary>
    public Task<bool> HasRoleAsync(Guid id, string role, CancellationToken cancellationToken) =>
        Having(role).ContainsAsync(id, cancellationToken);

    private IQueryable<User> Matching(UserQuery query)
    {
        var users = db.Users.AsQueryable();
        if (query.Search?.Trim() is { Length: > 0 } search)
        {
            // Not a pattern: whoever types a per cent sign looks for one.
            var upper = search.ToUpperInvariant();
            var lower = search.ToLowerInvariant();
#pragma warning disable CA1304, CA1311, CA1862, MA0011 // Becomes SQL; the database has no cultures here.
            users = users.Where(user =>
                (user.Name != null && (user.Name.Contains(search) || user.Name.ToUpper().Contains(upper) || user.Name.ToLower().Contains(lower)))
                || (user.NormalizedEmail != null && user.NormalizedEmail.Contains(upper))
                || (user.PhoneNumber != null && user.PhoneNumber.Contains(search)));
#pragma warning restore CA1304, CA1311, CA1862, MA0011
        }

        if (query.Active is { } active)
            users = users.Where(user => (user.EmailConfirmed || user.PhoneNumberConfirmed) == active);
        if (query.Disabled is { } disabled)
            users = users.Where(user => (user.DisabledAt != null) == disabled);
        if (query.Role is { } role)
            users = users.Where(user => Having(role).Contains(user.Id));
        return users;
    }

    // With the id at the end, so that pages neither repeat nor leave out a row.
    private static IOrderedQueryable<User> Sorted(IQueryable<User> users, string? sort) => sort switch
    {
        "created_at" => users.OrderBy(user => user.CreatedAt).ThenBy(user => user.Id),
        "name" => users.OrderBy(user => user.Name).ThenBy(user => user.Id),
        "-name" => users.OrderByDescending(user => user.Name).ThenBy(user => user.Id),
        "email" => users.OrderBy(user => user.NormalizedEmail).ThenBy(user => user.Id),
        "-email" => users.OrderByDescending(user => user.NormalizedEmail).ThenBy(user => user.Id),
        "last_sign_in_at" => users.OrderBy(user => user.LastSignInAt).ThenBy(user => user.Id),
        "-last_sign_in_at" => users.OrderByDescending(user => user.LastSignInAt).ThenBy(user => user.Id),
        _ => users.OrderByDescending(user => user.CreatedAt).ThenByDescending(user => user.Id),
    };

    private IQueryable<Guid> Having(string role)
    {
        var normalized = role.ToUpperInvariant();
        return db.UserRoles.Where(link => db.Roles.Any(row => row.Id == link.RoleId && row.NormalizedName == normalized)).Select(link => link.UserId);
    }

    private async Task<ILookup<Guid, string>> RolesAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        var pairs = await db.UserRoles.Where(link => ids.Contains(link.UserId))
            .Join(db.Roles, link => link.RoleId, role => role.Id, (link, role) => new { link.UserId, role.Name })
            .ToListAsync(cancellationToken);
        return pairs.ToLookup(pair => pair.UserId, pair => pair.Name!);
    }
}
