using IdentityServer.Core.Persistence;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Users;

/// <summary>Changes accounts from outside a sign-in: by declared configuration now, by administrators later.</summary>
public sealed class UserDirectory(ServerDb db, TimeProvider time)
{
    /// <summary>
    /// Makes the account with this e-mail address, or changes its name and whether it is disabled. Disabling ends its sessions, authorizations and
    /// tokens for good (OWASP ASVS 7.4.2): who had to be locked out does not come back when the account is opened again.
    /// </summary>
    /// <returns>False when the address is none.</returns>
    public async Task<bool> PutAsync(string address, string? name, bool disabled, CancellationToken cancellationToken)
    {
        if (Address.Parse(address) is not { } read)
            return false;

        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var accounts = new Accounts(db);
        var id = (await accounts.FindAsync(read, cancellationToken))?.Id;
        if (id is null)
        {
            id = accounts.Add(read, name ?? read.Value, locale: "", now);
            await db.SaveChangesAsync(cancellationToken);
        }

        var user = await db.Users.SingleAsync(row => row.Id == id, cancellationToken);
        if (name is not null && user.Name != name)
            (user.Name, user.UpdatedAt) = (name, now);
        var changes = disabled != (user.DisabledAt is not null);
        if (changes)
            user.DisabledAt = disabled ? now : null;
        await db.SaveChangesAsync(cancellationToken);
        if (changes && disabled)
            await accounts.EndAllAsync(user.Id, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }
}
