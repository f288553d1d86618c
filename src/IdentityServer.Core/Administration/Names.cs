using IdentityServer.Core.Persistence;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Administration;

/// <summary>Puts names to the ids in lists.</summary>
public sealed class Names(ServerDb db)
{
    /// <summary>The users' names, or their addresses where they gave none; the ids of those who are gone are missing.</summary>
    public async Task<IReadOnlyDictionary<Guid, string>> OfUsersAsync(IEnumerable<Guid?> ids, CancellationToken cancellationToken)
    {
        var wanted = ids.OfType<Guid>().Distinct().ToList();
        return await db.Users.Where(user => wanted.Contains(user.Id)).Select(user => new { user.Id, Label = user.Name ?? user.Email ?? user.PhoneNumber })
            .ToDictionaryAsync(user => user.Id, user => user.Label ?? $"{user.Id:D}", cancellationToken);
    }

    /// <summary>The applications' client ids.</summary>
    public async Task<IReadOnlyDictionary<Guid, string>> OfApplicationsAsync(IEnumerable<Guid?> ids, CancellationToken cancellationToken)
    {
        var wanted = ids.OfType<Guid>().Distinct().ToList();
        return await db.Applications.Where(row => wanted.Contains(row.Id)).ToDictionaryAsync(row => row.Id, row => row.ClientId, cancellationToken);
    }
}
