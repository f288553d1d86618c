using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Users;

/// <summary>Changes accounts from outside a sign-in: by declared configuration now, by administrators later.</summary>
public sealed class UserDirectory(ServerDb db, TimeProvider time)
{
    /// <summary>
    /// Makes the account with this address, or changes what differs of it. Disabling ends its sessions, authorizations and tokens for good (OWASP
    /// ASVS 7.4.2): who had to be locked out does not come back when the account is opened again.
    /// </summary>
    /// <param name="address">An e-mail address, or a phone number with its calling code.</param>
    /// <param name="name">Null: stays as it is.</param>
    /// <param name="disabled">Whether sign-in is refused.</param>
    /// <param name="phone">
    /// A phone number besides the e-mail address; null: stays as it is. A new account's is vouched for like its e-mail address. One that an
    /// account gets later is unverified until its owner proves it on the account page, and opens nothing before.
    /// </param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>What is wrong; null when it is done.</returns>
    public async Task<string?> PutAsync(string address, string? name, bool disabled, string? phone, CancellationToken cancellationToken)
    {
        try
        {
            return await PutOnceAsync(address, name, disabled, phone, cancellationToken);
        }
        catch (DbUpdateException)
        {
            // Another instance that starts at the same moment was first: the unique index says so, and now there is an account to change.
            db.ChangeTracker.Clear();
            return await PutOnceAsync(address, name, disabled, phone, cancellationToken);
        }
    }

    private async Task<string?> PutOnceAsync(string address, string? name, bool disabled, string? phone, CancellationToken cancellationToken)
    {
        if (Address.Parse(address) is not { } read)
            return "this is neither an e-mail address nor a phone number with calling code that receives messages.";

        var number = Address.Parse(phone);
        if (phone is not null && number?.Channel != Channel.Sms)
            return "Phone must be a phone number with calling code that receives messages, e.g. +491701234567.";
        if (number is not null && read.Channel == Channel.Sms)
            return "Phone belongs to a user who is declared by e-mail address.";

        var accounts = new Accounts(db);
        if (number is not null && await accounts.Having(number).AnyAsync(user => user.NormalizedEmail != read.LookupKey, cancellationToken))
            return "Phone belongs to another account.";

        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var id = await accounts.Having(read).Select(user => (Guid?)user.Id).SingleOrDefaultAsync(cancellationToken);
        var isNew = id is null;
        if (isNew)
        {
            id = (await accounts.AddAsync(read, name ?? read.Value, now, cancellationToken)).Id;
            await db.SaveChangesAsync(cancellationToken);
        }

        var user = await db.Users.SingleAsync(row => row.Id == id, cancellationToken);
        user.RegisteredAt = null;
        if (name is not null && user.Name != name)
            (user.Name, user.UpdatedAt) = (name, now);
        if (number is not null && user.PhoneNumber != number.Value)
            (user.PhoneNumber, user.PhoneNumberConfirmed, user.UpdatedAt) = (number.Value, isNew, now);
        var changes = disabled != (user.DisabledAt is not null);
        if (changes)
            user.DisabledAt = disabled ? now : null;
        if (db.ChangeTracker.HasChanges())
            user.ConcurrencyStamp = Accounts.NewStamp(now);
        await db.SaveChangesAsync(cancellationToken);
        if (changes && disabled)
            await accounts.EndAllAsync(user.Id, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return null;
    }
}
