using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Account;

/// <summary>The language that is stored with an account: set at first sight, and whenever the person switches.</summary>
public sealed class StoredLanguage(ServerDb db, TimeProvider time)
{
    /// <summary>BCP 47; null when none is stored.</summary>
    public Task<string?> ReadAsync(Session session, CancellationToken cancellationToken) =>
        db.Users.Where(user => user.Id == session.UserId).Select(user => user.Locale).SingleOrDefaultAsync(cancellationToken);

    /// <summary>Stores the language that the person switched to.</summary>
    /// <param name="session">Whose.</param>
    /// <param name="tag">BCP 47, one that the pages speak.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task SaveAsync(Session session, string tag, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var stamp = Accounts.NewStamp(now);
        return db.Users.Where(user => user.Id == session.UserId).ExecuteUpdateAsync(
            set => set.SetProperty(user => user.Locale, tag).SetProperty(user => user.UpdatedAt, now).SetProperty(user => user.ConcurrencyStamp, stamp), cancellationToken);
    }
}
