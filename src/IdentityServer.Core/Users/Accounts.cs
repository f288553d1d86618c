using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Users;

/// <summary>What sign-in asks of an account.</summary>
internal sealed record KnownUser(Guid Id, string Email, bool EmailConfirmed, bool IsDisabled);

/// <summary>Finds, makes and cleans accounts for those who prove an address.</summary>
internal sealed class Accounts(ServerDb db)
{
    /// <summary>Who has the address; null when nobody has.</summary>
    public Task<KnownUser?> FindAsync(Address address, CancellationToken cancellationToken) =>
        db.Users.AsNoTracking()
            .Where(user => user.NormalizedEmail == address.LookupKey)
            .Select(user => new KnownUser(user.Id, user.Email!, user.EmailConfirmed, user.DisabledAt != null))
            .SingleOrDefaultAsync(cancellationToken);

    /// <summary>Notes a sign-in, which also proves the mailbox and tells the language of who has none stored yet; false when the account was disabled or deleted meanwhile.</summary>
    public async Task<bool> TouchAsync(Guid userId, string locale, DateTimeOffset now, CancellationToken cancellationToken) =>
        await db.Users.Where(user => user.Id == userId && user.DisabledAt == null).ExecuteUpdateAsync(
            set => set.SetProperty(user => user.LastSignInAt, now).SetProperty(user => user.EmailConfirmed, true).SetProperty(user => user.Locale, user => user.Locale ?? locale),
            cancellationToken) == 1;

    /// <summary>Adds a new account to what will be saved; the unique index on e-mail decides who was first.</summary>
    public Guid Add(Address address, string name, string locale, DateTimeOffset now)
    {
        var id = Guid.CreateVersion7(now);
        db.Add(new User
        {
            Id = id,
            UserName = id.ToString("N"),
            NormalizedUserName = id.ToString("N").ToUpperInvariant(),
            Email = address.Value,
            NormalizedEmail = address.LookupKey,
            EmailConfirmed = true,
            Name = name,
            Locale = locale.Length == 0 ? null : locale,
            SecurityStamp = Guid.CreateVersion7(now).ToString("N"),
            ConcurrencyStamp = Guid.CreateVersion7(now).ToString("N"),
            CreatedAt = now,
            UpdatedAt = now,
            LastSignInAt = now,
        });
        return id;
    }

    /// <summary>
    /// Removes every way into the account from before its mailbox was first proved. Whoever made it with somebody else's address (pre-hijacking)
    /// must not find a door left open once the owner signs in.
    /// </summary>
    public async Task RemoveUnprovenStateAsync(Guid userId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await db.Set<IdentityUserPasskey<Guid>>().Where(passkey => passkey.UserId == userId).ExecuteDeleteAsync(cancellationToken);
        await db.UserLogins.Where(login => login.UserId == userId).ExecuteDeleteAsync(cancellationToken);
        await db.UserTokens.Where(token => token.UserId == userId).ExecuteDeleteAsync(cancellationToken);
        await db.Users.Where(user => user.Id == userId).ExecuteUpdateAsync(
            set => set.SetProperty(user => user.PasswordHash, (string?)null).SetProperty(user => user.TwoFactorEnabled, false), cancellationToken);
        await db.Users.Where(user => user.Id == userId && !user.PhoneNumberConfirmed).ExecuteUpdateAsync(
            set => set.SetProperty(user => user.PhoneNumber, (string?)null), cancellationToken);
        await EndAllAsync(userId, now, cancellationToken);
    }

    /// <summary>Ends every session, authorization and token of the account. Locks are taken as in the ledger: authorizations before tokens.</summary>
    public async Task EndAllAsync(Guid userId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await db.Sessions.Where(session => session.UserId == userId && session.EndedAt == null).ExecuteUpdateAsync(
            set => set.SetProperty(session => session.EndedAt, now), cancellationToken);
        await db.Authorizations.Where(authorization => authorization.UserId == userId && authorization.RevokedAt == null).ExecuteUpdateAsync(
            set => set.SetProperty(authorization => authorization.RevokedAt, now), cancellationToken);

        // Every token of a user hangs on an authorization, by which it is found on an index.
        var authorizations = db.Authorizations.Where(row => row.UserId == userId).Select(row => (Guid?)row.Id);
        await db.Tokens.Where(token => token.Status == TokenStatus.Valid && authorizations.Contains(token.AuthorizationId)).ExecuteUpdateAsync(
            set => set.SetProperty(token => token.Status, TokenStatus.Revoked), cancellationToken);
    }
}
