using System.Data.Common;
using IdentityServer.Core.Audit;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Account;

/// <summary>
/// The account's own addresses: a new one takes the place of the old one of its kind once a code proved it; one of two proved ones may be removed. The
/// owner of a proved old one is told and can take it back (<see cref="UndoAddressChange"/>). Whether the person proved lately who they are is the
/// caller's to see to (<see cref="ConfirmPresence"/>).
/// </summary>
public sealed class ChangeAddress
{
    private const int Rounds = 3;

    private readonly ServerDb db;
    private readonly Accounts accounts;
    private readonly Challenges challenges;
    private readonly OwnCodes codes;
    private readonly Settlement settlement;
    private readonly AddressChangeNotice notice;
    private readonly AddressFields addresses;
    private readonly DeliveryChannels channels;
    private readonly Outbox outbox;
    private readonly TimeProvider time;

    internal ChangeAddress(
        ServerDb db,
        Accounts accounts,
        Challenges challenges,
        OwnCodes codes,
        Settlement settlement,
        AddressChangeNotice notice,
        AddressFields addresses,
        DeliveryChannels channels,
        Outbox outbox,
        TimeProvider time)
    {
        this.db = db;
        this.accounts = accounts;
        this.challenges = challenges;
        this.codes = codes;
        this.settlement = settlement;
        this.notice = notice;
        this.addresses = addresses;
        this.channels = channels;
        this.outbox = outbox;
        this.time = time;
    }

    /// <summary>Sends a code to the new address. An address that somebody else proved is answered alike; its owner is told, and no code is right.</summary>
    public async Task<SendOutcome> StartAsync(Channel channel, string? typed, Requester requester, CancellationToken cancellationToken)
    {
        var (address, problem) = addresses.Read(typed, channel);
        if (address is null)
            return new SendOutcome.Unusable(problem!) { GetsNoMessages = problem == AddressFields.NoMessages };
        if (await db.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == requester.UserId, cancellationToken) is { } user
            && Of(user, channel) is (var current, true) && string.Equals(current, address.Value, StringComparison.Ordinal))
            return new SendOutcome.Unusable("This is the account's address already, and proved.") { IsOwn = true };

        return await codes.SendAsync(ChallengePurpose.NewAddress, address, requester, cancellationToken);
    }

    /// <summary>Sends another code for the same new address; null when the challenge is over or not this person's.</summary>
    public Task<SendOutcome?> ResendAsync(string? challenge, Requester requester, CancellationToken cancellationToken) =>
        codes.ResendAsync(challenge, requester, cancellationToken);

    /// <summary>What waits for its code; null when it is over or not this person's.</summary>
    public Task<OwnCodeView?> LookAsync(string? challenge, Requester requester, CancellationToken cancellationToken) =>
        codes.LookAsync(ChallengePurpose.NewAddress, challenge, requester, cancellationToken);

    /// <summary>The code proves the new address, which takes the old one's place.</summary>
    public async Task<ConfirmOutcome> ConfirmAsync(string? challenge, string? code, Requester requester, CancellationToken cancellationToken)
    {
        var (right, refusal) = await codes.CheckAsync(ChallengePurpose.NewAddress, challenge, code, requester, cancellationToken);
        if (right is null)
            return refusal!;

        var address = challenges.ParsedAddressOf(right);
        for (var round = 0; round < Rounds; round++)
        {
            if (await TryAsync(right, address.Channel, address, requester, cancellationToken) is { } done)
                return done ? new ConfirmOutcome.Confirmed() : new ConfirmOutcome.Gone();
        }

        return new ConfirmOutcome.Gone();
    }

    /// <summary>Removes an address, when another proved one stays that messages can reach.</summary>
    public async Task<RemoveOutcome> RemoveAsync(Channel channel, Requester requester, CancellationToken cancellationToken)
    {
        for (var round = 0; round < Rounds; round++)
        {
            if (await TryAsync(right: null, channel, address: null, requester, cancellationToken) is { } done)
                return done ? RemoveOutcome.Removed : RemoveOutcome.LastOne;
        }

        return RemoveOutcome.LastOne;
    }

    /// <summary>True when done, false when it cannot be; null when the account changed since it was looked at.</summary>
    private async Task<bool?> TryAsync(Challenge? right, Channel channel, Address? address, Requester requester, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == requester.UserId, cancellationToken);
        if (user is null or { DisabledAt: not null })
            return false;
        var (old, wasProved) = Of(user, channel);
        var (other, otherProved) = Of(user, channel.Other());
        if (address is null && old is null)
            return true;
        if (address is null && !(otherProved && channels.CanReach(channel.Other())))
            return false;

        var given = wasProved && old != address?.Value ? Address.Parse(old) : null;

        // A further way in is told where the account was found before.
        var before = address is not null && !wasProved && otherProved ? Address.Parse(other) : null;
        var message = given is not null ? notice.Add(user, given, address?.Value ?? other!, requester, now)
            : before is not null ? notice.AddAdded(user, before, address!, requester, now)
            : null;
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        try
        {
            if (right is not null && !await challenges.MoveAsync(right, ChallengeStatus.Completed, right.ExpiresAt, now, cancellationToken))
                return false;

            // Of two changes at once the second looks again: it must not tell the owner of an address that the first took away.
            if (await accounts.LockAsync(user.Id, now, cancellationToken) is not { DisabledAt: null } locked
                || Of(locked, channel) != (old, wasProved) || Of(locked, channel.Other()) != (other, otherProved))
                return null;
            if (!await PutAsync(locked, channel, address, now, cancellationToken))
                return false;

            if (right is not null)
                await settlement.SettleAsync(right, cancellationToken);
            await notice.CountAsync(message, given ?? before, now, cancellationToken);
            Write(address is null ? AuditKind.AddressRemoved : AuditKind.AddressChanged, user.Id, channel, requester, now);
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            outbox.Wake();
            return true;
        }
        catch (Exception exception) when (exception is DbUpdateException or DbException && address is not null && !cancellationToken.IsCancellationRequested)
        {
            // The unique indexes: somebody else proved the address at this moment.
            await transaction.RollbackAsync(cancellationToken);
            if (!await accounts.Having(address).AnyAsync(row => row.Id != user.Id, cancellationToken))
                throw;
            return false;
        }
        finally
        {
            db.ChangeTracker.Clear();
        }
    }

    private async Task<bool> PutAsync(User user, Channel channel, Address? address, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (address is not null)
        {
            if (await accounts.ReleaseAsync(address, user.Id, now, cancellationToken) is { } bearer)
                AuditLog.Add(db, AuditKind.UnprovenStateRemoved, now, new AuditSubject(bearer));
            if (await accounts.Having(address).AnyAsync(row => row.Id != user.Id, cancellationToken))
                return false;
        }

        Accounts.SetAddress(user, channel, address, proved: address is not null);
        user.UpdatedAt = now;
        return true;
    }

    private void Write(AuditKind kind, Guid userId, Channel channel, Requester requester, DateTimeOffset now)
    {
        var facts = new Dictionary<string, string>(StringComparer.Ordinal) { ["channel"] = channel.Name() };
        AuditLog.Add(db, kind, now, new AuditSubject(userId, requester.ApplicationId, Ip: requester.Ip), facts);
    }

    private static (string? Value, bool IsProved) Of(User user, Channel channel) =>
        channel == Channel.Email ? (user.Email, user.EmailConfirmed) : (user.PhoneNumber, user.PhoneNumberConfirmed);
}
