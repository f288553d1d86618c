using System.Security.Cryptography;
using IdentityServer.Core.Audit;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Authorize;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Administration;

/// <summary>What to list of messages.</summary>
public sealed record MessageQuery
{
    /// <summary>Only what came to this.</summary>
    public MessageStatus? Status { get; init; }

    /// <summary>Only what travels so.</summary>
    public Channel? Channel { get; init; }

    /// <summary>Only what this provider took.</summary>
    public string? Provider { get; init; }

    /// <summary>Only those of this challenge.</summary>
    public Guid? ChallengeId { get; init; }

    /// <summary>From this moment on.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Before this moment.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Rows at most.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Rows to skip.</summary>
    public int Offset { get; init; }
}

/// <summary>A message as administrators see it: never what it says.</summary>
/// <param name="Message">The row; what it says and where it goes stay sealed.</param>
/// <param name="To">The address, masked; null when it is not known any more.</param>
/// <param name="UserId">Whose account it is about, if any.</param>
/// <param name="CanRetry">Whether trying again has a chance.</param>
public sealed record MessageView(Message Message, string? To, Guid? UserId, bool CanRetry);

/// <summary>What trying a message again came to.</summary>
public abstract record RetryOutcome
{
    private RetryOutcome()
    {
    }

    /// <summary>It is on its way.</summary>
    public sealed record Queued : RetryOutcome;

    /// <summary>There is no such message.</summary>
    public sealed record NotFound : RetryOutcome;

    /// <summary>It cannot be tried again.</summary>
    public sealed record Refused(string Reason) : RetryOutcome;

    /// <summary>Limits hold for administrators too.</summary>
    public sealed record TryLater(DateTimeOffset At) : RetryOutcome;
}

/// <summary>
/// Messages for administrators. What a message said is gone once it is done with, and its code cannot be made again: trying a failed one again sends
/// its challenge's person a new code, within all limits, and only while the challenge waits for one. So no attempt ever carries a dead code.
/// </summary>
public sealed class MessageAdministration
{
    private readonly ServerDb db;
    private readonly Challenges challenges;
    private readonly ChallengeSender sender;
    private readonly MessageSeal seal;
    private readonly Outbox outbox;
    private readonly ParkedRequests parkedRequests;
    private readonly IRegistry registry;
    private readonly TimeProvider time;

    internal MessageAdministration(
        ServerDb db, Challenges challenges, ChallengeSender sender, MessageSeal seal, Outbox outbox, ParkedRequests parkedRequests, IRegistry registry, TimeProvider time)
    {
        (this.db, this.challenges, this.sender, this.seal) = (db, challenges, sender, seal);
        (this.outbox, this.parkedRequests, this.registry, this.time) = (outbox, parkedRequests, registry, time);
    }

    /// <summary>One part of the list, newest first.</summary>
    public async Task<Listed<MessageView>> ListAsync(MessageQuery query, CancellationToken cancellationToken)
    {
        var rows = Matching(query);
        var part = await rows.OrderByDescending(row => row.Id).Skip(query.Offset).Take(query.Limit).ToListAsync(cancellationToken);
        var ids = part.Select(row => row.ChallengeId).Distinct().ToList();
        var owners = await db.Challenges.AsNoTracking().Where(row => ids.Contains(row.Id)).ToDictionaryAsync(row => row.Id, cancellationToken);
        return new(
            await rows.CountAsync(cancellationToken),
            part.ConvertAll(row => View(row, row.ChallengeId is { } id ? owners.GetValueOrDefault(id) : null)));
    }

    /// <summary>The message and what its provider reported, in order; null when there is none.</summary>
    public async Task<(MessageView Message, IReadOnlyList<MessageEvent> Steps)?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        if (await db.Messages.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken) is not { } message)
            return null;

        var steps = await db.MessageEvents.AsNoTracking().Where(row => row.MessageId == id).OrderBy(row => row.At).ThenBy(row => row.Id).ToListAsync(cancellationToken);
        return (View(message, await ChallengeOfAsync(message, cancellationToken)), steps);
    }

    /// <summary>Tries a waiting message at once; for one that is given up, sends a new code in the same challenge.</summary>
    /// <param name="id">Which.</param>
    /// <param name="origin">This server's address as messages name it.</param>
    /// <param name="by">Who.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<RetryOutcome> RetryAsync(Guid id, string origin, Operator by, CancellationToken cancellationToken)
    {
        if (await db.Messages.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken) is not { } message)
            return new RetryOutcome.NotFound();

        var challenge = await ChallengeOfAsync(message, cancellationToken);
        var outcome = message.Status switch
        {
            MessageStatus.Queued => await HurryAsync(message, cancellationToken),
            MessageStatus.Sent => new RetryOutcome.Refused("A provider took it; the person can ask for another code."),
            _ when challenge is null || !challenge.IsPendingAt(time.GetUtcNow()) => new RetryOutcome.Refused("Nobody waits for it any more: the person must ask for a code again."),
            _ => await SendAnotherAsync(challenge, origin, cancellationToken),
        };
        if (outcome is not RetryOutcome.Queued)
            return outcome;

        var facts = UserAdministration.Facts(by);
        facts["message"] = id.ToString("D");
        AuditLog.Add(db, AuditKind.MessageRetried, time.GetUtcNow(), new AuditSubject(challenge?.UserId, by.ApplicationId, Ip: by.Ip), facts);
        await db.SaveChangesAsync(cancellationToken);
        db.ChangeTracker.Clear();
        return outcome;
    }

    private async Task<RetryOutcome> HurryAsync(Message message, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var hurried = await db.Messages
            .Where(row => row.Id == message.Id && row.Status == MessageStatus.Queued && row.ExpiresAt > now && (row.LeasedUntil == null || row.LeasedUntil <= now))
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.NotBefore, now), cancellationToken);
        outbox.Wake();
        return hurried == 1 ? new RetryOutcome.Queued() : new RetryOutcome.Refused("It is being sent at this moment, or its time is over.");
    }

    private async Task<RetryOutcome> SendAnotherAsync(Challenge challenge, string origin, CancellationToken cancellationToken)
    {
        var clientId = parkedRequests.Open(challenge.Request)?.ClientId;
        var application = challenge.ApplicationId is { } id ? await registry.FindApplicationAsync(id, cancellationToken)
            : clientId is null ? null : await registry.FindApplicationAsync(clientId, cancellationToken);
        var asker = new Asker(challenge.BrowserHash, Ip: null, challenge.Locale, origin, application?.DisplayName ?? "")
        {
            Request = challenge.Request,
            ApplicationId = challenge.ApplicationId,
            Source = new Source(Ip: null, application?.ClientId) { IsServer = true },
            HasLink = challenge is { Purpose: ChallengePurpose.SignIn, ApplicationId: null },
            UserId = challenge.Purpose is ChallengePurpose.NewAddress or ChallengePurpose.Confirmation ? challenge.UserId : null,
        };
        return await sender.ResendAsync(challenge, asker, cancellationToken) switch
        {
            ResendOutcome.Sent => new RetryOutcome.Queued(),
            ResendOutcome.TooSoon(var at) => new RetryOutcome.TryLater(at),
            _ => new RetryOutcome.Refused("Its challenge is used up: the person must ask for a code again."),
        };
    }

    private IQueryable<Message> Matching(MessageQuery query)
    {
        var rows = db.Messages.AsNoTracking();
        if (query.Status is { } status)
            rows = rows.Where(row => row.Status == status);
        if (query.Channel is { } channel)
            rows = rows.Where(row => row.Channel == channel);
        if (query.Provider is { } provider)
            rows = rows.Where(row => row.Provider == provider);
        if (query.ChallengeId is { } challenge)
            rows = rows.Where(row => row.ChallengeId == challenge);
        if (query.From?.ToUniversalTime() is { } from)
            rows = rows.Where(row => row.CreatedAt >= from);
        if (query.To?.ToUniversalTime() is { } to)
            rows = rows.Where(row => row.CreatedAt < to);
        return rows;
    }

    private Task<Challenge?> ChallengeOfAsync(Message message, CancellationToken cancellationToken) =>
        db.Challenges.AsNoTracking().SingleOrDefaultAsync(row => row.Id == message.ChallengeId, cancellationToken);

    private MessageView View(Message message, Challenge? challenge)
    {
        var now = time.GetUtcNow();
        var canRetry = message.Status switch
        {
            MessageStatus.Queued => message.NotBefore > now && (message.LeasedUntil is null || message.LeasedUntil <= now),
            MessageStatus.Sent => false,
            _ => challenge?.IsPendingAt(now) == true,
        };
        return new(message, MaskedTo(message, challenge), challenge?.UserId, canRetry);
    }

    private string? MaskedTo(Message message, Challenge? challenge)
    {
        try
        {
            return message.Recipient.Length > 0 ? MaskedAddress.Of(seal.OpenRecipient(message.Id, message.Recipient))
                : challenge is not null ? MaskedAddress.Of(challenges.AddressOf(challenge))
                : null;
        }
        catch (CryptographicException)
        {
            // Sealed with a master key that is gone: the rest is still worth seeing.
            return null;
        }
    }
}
