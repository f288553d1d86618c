using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Users;

/// <summary>What sign-in asks of an account.</summary>
internal sealed record KnownUser(Guid Id, string? Email, bool EmailConfirmed, string? Phone, bool PhoneConfirmed, bool IsDisabled)
{
    /// <summary>The hash of the password; null when there is none.</summary>
    public string? PasswordHash { get; init; }

    /// <summary>The language that its owner chose; null: none.</summary>
    public string? Locale { get; init; }

    /// <summary>What the row says.</summary>
    public static KnownUser Of(User user) => new(user.Id, user.Email, user.EmailConfirmed, user.PhoneNumber, user.PhoneNumberConfirmed, user.DisabledAt is not null)
    {
        PasswordHash = user.PasswordHash,
        Locale = user.Locale,
    };

    /// <summary>The address of this kind as its owner proved it.</summary>
    public string? AddressOf(Channel channel) => channel == Channel.Email ? Email : Phone;

    /// <summary>Whether somebody proved to own it.</summary>
    public bool HasProved(Channel channel) => channel == Channel.Email ? EmailConfirmed : PhoneConfirmed;

    /// <summary>Whether any address is proved: until then the account is nobody's.</summary>
    public bool IsOwned => EmailConfirmed || PhoneConfirmed;
}

/// <summary>Finds, makes and cleans accounts for those who prove an address.</summary>
internal sealed class Accounts(ServerDb db)
{
    /// <summary>
    /// Whose account the address opens; null when nobody's. An address that was never proved opens no account that somebody else's proof owns:
    /// a mistyped or changed number would let a stranger in. Only who is signed in to that account (<paramref name="sessionKeyHash"/>) proves it there.
    /// </summary>
    public Task<KnownUser?> FindAsync(Address address, byte[]? sessionKeyHash, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var mine = db.Sessions.Where(session => session.KeyHash == sessionKeyHash && session.EndedAt == null && session.ExpiresAt > now).Select(session => session.UserId);
        var users = address.Channel == Channel.Email
            ? Having(address).Where(user => user.EmailConfirmed || !user.PhoneNumberConfirmed || mine.Contains(user.Id))
            : Having(address).Where(user => user.PhoneNumberConfirmed || !user.EmailConfirmed || mine.Contains(user.Id));
        return users.AsNoTracking()
            .Select(user => new KnownUser(user.Id, user.Email, user.EmailConfirmed, user.PhoneNumber, user.PhoneNumberConfirmed, user.DisabledAt != null) { PasswordHash = user.PasswordHash, Locale = user.Locale })
            .SingleOrDefaultAsync(cancellationToken);
    }

    /// <summary>The account that bears the address, proved or not.</summary>
    public IQueryable<User> Having(Address address) => address.Channel == Channel.Email
        ? db.Users.Where(user => user.NormalizedEmail == address.LookupKey)
        : db.Users.Where(user => user.PhoneNumber == address.LookupKey);

    /// <summary>Notes a sign-in, which also proves the address and tells the language of who has none stored yet; false when the account was disabled or deleted, or lost the address, meanwhile, or its password became another: what was decided by the old one must be decided anew.</summary>
    public async Task<bool> TouchAsync(KnownUser known, Address address, string locale, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var stamp = NewStamp(now);
        var user = Having(address).Where(row => row.Id == known.Id && row.DisabledAt == null && row.PasswordHash == known.PasswordHash);
        return address.Channel == Channel.Email
            ? await user.ExecuteUpdateAsync(
                set => set.SetProperty(row => row.LastSignInAt, now).SetProperty(row => row.Locale, row => row.Locale ?? locale)
                    .SetProperty(row => row.EmailConfirmed, true).SetProperty(row => row.RegisteredAt, (DateTimeOffset?)null)
                    .SetProperty(row => row.ConcurrencyStamp, stamp),
                cancellationToken) == 1
            : await user.ExecuteUpdateAsync(
                set => set.SetProperty(row => row.LastSignInAt, now).SetProperty(row => row.Locale, row => row.Locale ?? locale)
                    .SetProperty(row => row.PhoneNumberConfirmed, true).SetProperty(row => row.RegisteredAt, (DateTimeOffset?)null)
                    .SetProperty(row => row.ConcurrencyStamp, stamp),
                cancellationToken) == 1;
    }

    /// <summary>A new concurrency stamp: whoever edits what they saw before is refused.</summary>
    public static string NewStamp(DateTimeOffset now) => Guid.CreateVersion7(now).ToString("N");

    /// <summary>A claim changed: <c>updated_at</c>.</summary>
    public Task MarkUpdatedAsync(Guid userId, DateTimeOffset now, CancellationToken cancellationToken) =>
        db.Users.Where(user => user.Id == userId).ExecuteUpdateAsync(set => set.SetProperty(user => user.UpdatedAt, now), cancellationToken);

    /// <summary>
    /// Takes the address from the account that bears it without having proved it; gives that account. Called for who did prove it and gets an
    /// account of their own, or adds it to theirs (<paramref name="userId"/>).
    /// </summary>
    public async Task<Guid?> ReleaseAsync(Address address, Guid? userId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var bearer = await Having(address).Where(user => user.Id != userId).Select(user => (Guid?)user.Id).SingleOrDefaultAsync(cancellationToken);
        if (bearer is null)
            return null;

        var stamp = NewStamp(now);
        var released = address.Channel == Channel.Email
            ? await Having(address).Where(user => user.Id == bearer && !user.EmailConfirmed).ExecuteUpdateAsync(
                set => set.SetProperty(user => user.Email, (string?)null).SetProperty(user => user.NormalizedEmail, (string?)null)
                    .SetProperty(user => user.UpdatedAt, now).SetProperty(user => user.ConcurrencyStamp, stamp),
                cancellationToken)
            : await Having(address).Where(user => user.Id == bearer && !user.PhoneNumberConfirmed).ExecuteUpdateAsync(
                set => set.SetProperty(user => user.PhoneNumber, (string?)null).SetProperty(user => user.UpdatedAt, now).SetProperty(user => user.ConcurrencyStamp, stamp),
                cancellationToken);
        return released == 1 ? bearer : null;
    }

    /// <summary>Adds a new account, its address proved, to what will be saved; the unique indexes on e-mail and phone number decide who was first.</summary>
    public async Task<User> AddAsync(Address address, string name, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var user = New(await NewInvitationCodeAsync(cancellationToken), now);
        SetAddress(user, address.Channel, address, proved: true);
        user.Name = name;
        db.Add(user);
        return user;
    }

    /// <summary>An account without addresses.</summary>
    public static User New(string invitationCode, DateTimeOffset now)
    {
        var id = Guid.CreateVersion7(now);
        return new User
        {
            Id = id,
            UserName = id.ToString("N"),
            NormalizedUserName = id.ToString("N").ToUpperInvariant(),
            InvitationCode = invitationCode,
            SecurityStamp = Guid.CreateVersion7(now).ToString("N"),
            ConcurrencyStamp = NewStamp(now),
            CreatedAt = now,
            UpdatedAt = now,
        };
    }

    /// <summary>Gives the account an address of this kind, or none.</summary>
    public static void SetAddress(User user, Channel channel, Address? address, bool proved)
    {
        if (channel == Channel.Email)
            (user.Email, user.NormalizedEmail, user.EmailConfirmed) = (address?.Value, address?.LookupKey, proved);
        else
            (user.PhoneNumber, user.PhoneNumberConfirmed) = (address?.Value, proved);
        if (proved)
            user.RegisteredAt = null;
    }

    /// <summary>A code that nobody has; should two pick the same at once, the unique index refuses one.</summary>
    public async Task<string> NewInvitationCodeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var code = Invitations.NewCode();
            if (!await db.Users.AnyAsync(user => user.InvitationCode == code, cancellationToken))
                return code;
        }
    }

    /// <summary>
    /// Removes every way into the account from before an address of it was first proved. Whoever made it with somebody else's address (pre-hijacking)
    /// must not find a door left open once the owner signs in.
    /// </summary>
    public async Task RemoveUnprovenStateAsync(Guid userId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await RemoveUnprovenDoorsAsync(userId, now, cancellationToken);
        await db.Users.Where(user => user.Id == userId && !user.PhoneNumberConfirmed).ExecuteUpdateAsync(
            set => set.SetProperty(user => user.PhoneNumber, (string?)null), cancellationToken);
        await db.Users.Where(user => user.Id == userId && !user.EmailConfirmed).ExecuteUpdateAsync(
            set => set.SetProperty(user => user.Email, (string?)null).SetProperty(user => user.NormalizedEmail, (string?)null), cancellationToken);
    }

    /// <summary>
    /// The same, but the other address stays, unproved. Roles fall away where there is one: an administrator gave them to the owner of either, and
    /// whoever registered may have written down somebody else's address beside their own.
    /// </summary>
    public async Task RemoveUnprovenDoorsAsync(Guid userId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var bearsAnother = await db.Users.AnyAsync(user => user.Id == userId
            && ((user.Email != null && !user.EmailConfirmed) || (user.PhoneNumber != null && !user.PhoneNumberConfirmed)), cancellationToken);
        if (bearsAnother)
            await db.UserRoles.Where(role => role.UserId == userId).ExecuteDeleteAsync(cancellationToken);
        await db.Set<IdentityUserPasskey<Guid>>().Where(passkey => passkey.UserId == userId).ExecuteDeleteAsync(cancellationToken);
        await db.UserLogins.Where(login => login.UserId == userId).ExecuteDeleteAsync(cancellationToken);
        await db.UserTokens.Where(token => token.UserId == userId).ExecuteDeleteAsync(cancellationToken);
        await db.Users.Where(user => user.Id == userId).ExecuteUpdateAsync(
            set => set.SetProperty(user => user.PasswordHash, (string?)null).SetProperty(user => user.TwoFactorEnabled, false), cancellationToken);
        await EndAllAsync(userId, now, cancellationToken);
    }

    /// <summary>
    /// The account, locked until the caller's transaction ends, with a new concurrency stamp: whoever edits what they read before is refused. Null when
    /// there is none.
    /// </summary>
    public async Task<User?> LockAsync(Guid userId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var stamp = NewStamp(now);
        var locked = await db.Users.Where(user => user.Id == userId).ExecuteUpdateAsync(
            set => set.SetProperty(user => user.ConcurrencyStamp, stamp), cancellationToken);
        return locked == 0 ? null : await db.Users.SingleAsync(user => user.Id == userId, cancellationToken);
    }

    /// <summary>Removes the account and what hangs on it; sessions and addresses' changes go by themselves. False when there was none.</summary>
    public async Task<bool> DeleteAsync(Guid userId, CancellationToken cancellationToken)
    {
        var authorizations = db.Authorizations.Where(row => row.UserId == userId).Select(row => (Guid?)row.Id);
        await db.Tokens.Where(token => authorizations.Contains(token.AuthorizationId)).ExecuteDeleteAsync(cancellationToken);
        await db.Authorizations.Where(row => row.UserId == userId).ExecuteDeleteAsync(cancellationToken);
        await db.Challenges.Where(row => row.UserId == userId).ExecuteDeleteAsync(cancellationToken);
        return await db.Users.Where(user => user.Id == userId).ExecuteDeleteAsync(cancellationToken) == 1;
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

    /// <summary>Ends every sign-in at an application and every token of the account.</summary>
    public async Task EndAccessAsync(Guid userId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await db.Authorizations.Where(row => row.UserId == userId && row.Kind == AuthorizationKind.AdHoc && row.RevokedAt == null).ExecuteUpdateAsync(
            set => set.SetProperty(authorization => authorization.RevokedAt, now), cancellationToken);
        var authorizations = db.Authorizations.Where(row => row.UserId == userId).Select(row => (Guid?)row.Id);
        await db.Tokens.Where(token => token.Status == TokenStatus.Valid && authorizations.Contains(token.AuthorizationId)).ExecuteUpdateAsync(
            set => set.SetProperty(token => token.Status, TokenStatus.Revoked), cancellationToken);
    }
    /// <summary>
    /// Ends every sign-in but one, null: every one, in browsers and at applications, with the tokens. Remembered consent stays, and what was signed in to
    /// with the session that is kept.
    /// </summary>
    public async Task EndOthersAsync(Guid userId, Guid? keep, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await db.Sessions.Where(row => row.UserId == userId && row.EndedAt == null && row.Id != keep).ExecuteUpdateAsync(
            set => set.SetProperty(session => session.EndedAt, now), cancellationToken);
        var others = db.Authorizations.Where(row => row.UserId == userId && row.Kind == AuthorizationKind.AdHoc
            && (keep == null || row.SessionId == null || row.SessionId != keep));
        await others.Where(row => row.RevokedAt == null).ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, now), cancellationToken);
        var ids = others.Select(row => (Guid?)row.Id);
        await db.Tokens.Where(token => token.Status == TokenStatus.Valid && ids.Contains(token.AuthorizationId)).ExecuteUpdateAsync(
            set => set.SetProperty(token => token.Status, TokenStatus.Revoked), cancellationToken);
    }
}
