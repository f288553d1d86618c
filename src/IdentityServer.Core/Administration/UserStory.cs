using System.Globalization;
using System.Text.Json;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Administration;

/// <summary>
/// Tells what happened to a person in one list: what was asked for, what limits decided, what became of each message, tries, sessions and tokens; so that
/// "why did Anna not get in?" is answered in one look. For an address without an account too.
/// </summary>
public sealed class UserStory
{
    private const int MostRows = 500;
    private readonly ServerDb db;
    private readonly Secrets secrets;
    private readonly IRegistry registry;
    private readonly TimeProvider time;

    internal UserStory(ServerDb db, Secrets secrets, IRegistry registry, TimeProvider time)
    {
        (this.db, this.secrets, this.registry, this.time) = (db, secrets, registry, time);
    }

    /// <summary>The story of an account; null when there is none.</summary>
    public async Task<Story?> OfUserAsync(Guid id, DateTimeOffset? since, int most, CancellationToken cancellationToken)
    {
        if (await db.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken) is not { } user)
            return null;

        var addresses = new[] { user.Email, user.PhoneNumber }.Select(text => Address.Parse(text)).OfType<Address>();
        return await TellAsync(user, [.. addresses], since, most, cancellationToken);
    }

    /// <summary>The story of an address as somebody names it, and of its account if there is one.</summary>
    public async Task<Story> OfAddressAsync(Address address, DateTimeOffset? since, int most, CancellationToken cancellationToken)
    {
        var user = await new Accounts(db).Having(address).AsNoTracking().SingleOrDefaultAsync(cancellationToken);
        return await TellAsync(user, [address], since, most, cancellationToken);
    }

    private async Task<Story> TellAsync(User? user, IReadOnlyList<Address> addresses, DateTimeOffset? since, int most, CancellationToken cancellationToken)
    {
        var from = (since ?? DateTimeOffset.UnixEpoch).ToUniversalTime();
        var story = new StoryWriter();
        foreach (var hash in addresses.Select(secrets.HashAddress))
        {
            await TellChallengesAsync(story, hash, from, cancellationToken);
            await TellLimitsAsync(story, hash, isKnown: user is not null, from, cancellationToken);
        }

        if (user is not null)
            await TellAccountAsync(story, user, from, cancellationToken);
        return new Story(user?.Id, story.Newest(most));
    }

    private async Task TellChallengesAsync(StoryWriter story, byte[] hash, DateTimeOffset from, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var challenges = await db.Challenges.AsNoTracking().Where(row => row.AddressHash == hash && row.CreatedAt >= from)
            .OrderByDescending(row => row.CreatedAt).Take(MostRows).ToListAsync(cancellationToken);
        foreach (var challenge in challenges)
        {
            (string, string?)[] facts =
            [
                ("challenge", challenge.Id.ToString("D")),
                ("purpose", challenge.Purpose.ToString()),
                ("status", challenge.Status.ToString()),
                ("tries", challenge.Attempts.ToString(CultureInfo.InvariantCulture)),
                ("messages", challenge.Sends.ToString(CultureInfo.InvariantCulture)),
                ("decoy", challenge.Decoy ? "true" : null),
                ("application", await NameAsync(challenge.ApplicationId, cancellationToken)),
            ];
            story.Add(challenge.CreatedAt, "challenge.started", StorySentences.Started(challenge), facts);
            var endedAt = challenge.VerifiedAt ?? (challenge.ExpiresAt < now ? challenge.ExpiresAt : now);
            story.Add(endedAt, "challenge.state", StorySentences.Ended(challenge, now), facts);
        }

        var ids = challenges.ConvertAll(challenge => (Guid?)challenge.Id);
        var messages = await db.Messages.AsNoTracking().Where(row => ids.Contains(row.ChallengeId)).ToListAsync(cancellationToken);
        messages.ForEach(message => Tell(story, message, now));
        var messageIds = messages.ConvertAll(message => message.Id);
        foreach (var step in await db.MessageEvents.AsNoTracking().Where(row => messageIds.Contains(row.MessageId)).ToListAsync(cancellationToken))
            story.Add(step.At, "message.report", StorySentences.Of(step), ("message", step.MessageId.ToString("D")), ("provider", step.Provider), ("status", step.Status), ("code", step.Code));
    }

    private static void Tell(StoryWriter story, Message message, DateTimeOffset now)
    {
        var lasted = message.SentAt - message.CreatedAt;
        (string, string?)[] facts =
        [
            ("message", message.Id.ToString("D")),
            ("challenge", message.ChallengeId?.ToString("D")),
            ("status", message.Status.ToString()),
            ("template", message.Template),
            ("provider", message.Provider),
            ("tries", message.Attempts.ToString(CultureInfo.InvariantCulture)),
            ("error", message.LastError),
            ("milliseconds", lasted is { } wait ? ((long)wait.TotalMilliseconds).ToString(CultureInfo.InvariantCulture) : null),
        ];
        var name = $"message.{message.Status.ToString().ToLowerInvariant()}";

        // When a message was given up is not written down; it was by the end of its time.
        var at = message.SentAt ?? (message.ExpiresAt < now ? message.ExpiresAt : now);
        story.Add(message.CreatedAt, "message.queued", $"A {(message.Channel == Channel.Email ? "mail" : "text message")} was queued ({message.Template}).", facts);
        story.Add(at, name == "message.queued" ? "message.waits" : name, StorySentences.Of(message), facts);
        if (message is { Receipt: { } receipt, ReceiptAt: { } receiptAt })
        {
            var arrived = receipt == MessageReceipt.Delivered ? "It reached the person." : "It did not reach the person.";
            story.Add(receiptAt, $"message.{receipt.ToString().ToLowerInvariant()}", arrived, facts);
        }
    }

    // Of an address that nobody has, the audit log knows nothing: counters do, while they last.
    private async Task TellLimitsAsync(StoryWriter story, byte[] hash, bool isKnown, DateTimeOffset from, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var keys = ProofLimits.AddressKeys(hash);
        var noted = keys.Select(key => NotedLimits.Prefix + key).ToList();
        var counters = await db.Counters.AsNoTracking().Where(row => keys.Contains(row.Key) || noted.Contains(row.Key)).ToListAsync(cancellationToken);
        foreach (var counter in counters)
        {
            if (counter.BlockedUntil > now)
            {
                var until = string.Create(CultureInfo.InvariantCulture, $"{counter.BlockedUntil:yyyy-MM-dd HH:mm:ss} UTC");
                var (what, way) = NotedLimits.NameOf(counter.Key) == ProofLimits.PasswordFailures ? ("Passwords", "A code") : ("Codes", "A link in a mail");
                story.Add(now, "limit.paused", $"{what} for this address pause until {until}: too many wrong ones. {way} still works.", ("until", until), ("failures", counter.Count.ToString(CultureInfo.InvariantCulture)));
            }
            else if (!isKnown && counter.Key.StartsWith(NotedLimits.Prefix, StringComparison.Ordinal) && counter.WindowStart >= from)
            {
                var name = NotedLimits.NameOf(counter.Key[NotedLimits.Prefix.Length..]);
                story.Add(counter.WindowStart, "limit.reached", $"Was refused: {StorySentences.Limit(name)}.", ("limit", name));
            }
        }
    }

    private async Task TellAccountAsync(StoryWriter story, User user, DateTimeOffset from, CancellationToken cancellationToken)
    {
        if (user.CreatedAt >= from)
            story.Add(user.CreatedAt, "user.created", "The account came to be.");
        var events = await db.AuditEvents.AsNoTracking().Where(row => row.UserId == user.Id && row.At >= from)
            .OrderByDescending(row => row.At).Take(MostRows).ToListAsync(cancellationToken);
        foreach (var entry in events.ConvertAll(AuditQueries.Read))
        {
            var facts = new Dictionary<string, string>(entry.Facts, StringComparer.Ordinal);
            Put(facts, "ip", entry.Ip);
            Put(facts, "session", entry.SessionId?.ToString("D"));
            Put(facts, "application", await NameAsync(entry.ApplicationId, cancellationToken));
            story.Add(entry.At, $"audit.{JsonNamingPolicy.SnakeCaseLower.ConvertName(entry.Kind)}", StorySentences.Of(entry), facts);
        }

        await TellSessionsAsync(story, user.Id, from, cancellationToken);
        await TellTokensAsync(story, user.Id, from, cancellationToken);
    }

    private async Task TellSessionsAsync(StoryWriter story, Guid userId, DateTimeOffset from, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var sessions = await db.Sessions.AsNoTracking().Where(row => row.UserId == userId && row.CreatedAt >= from)
            .OrderByDescending(row => row.CreatedAt).Take(MostRows).ToListAsync(cancellationToken);
        foreach (var session in sessions)
        {
            (string, string?)[] facts = [("session", session.Id.ToString("D")), ("browser", session.UserAgent), ("ip", session.Ip), ("methods", string.Join(' ', session.Methods))];
            story.Add(session.CreatedAt, "session.opened", "A session began in a browser.", facts);
            if (session.EndedAt is { } ended)
                story.Add(ended, "session.ended", "The session was ended.", facts);
            else if (session.ExpiresAt <= now)
                story.Add(session.ExpiresAt, "session.expired", "The session ran out.", facts);
        }
    }

    private async Task TellTokensAsync(StoryWriter story, Guid userId, DateTimeOffset from, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var authorizations = await db.Authorizations.AsNoTracking().Where(row => row.UserId == userId && row.GrantedAt >= from)
            .OrderByDescending(row => row.GrantedAt).Take(MostRows).ToListAsync(cancellationToken);
        foreach (var authorization in authorizations)
        {
            var name = await NameAsync(authorization.ApplicationId, cancellationToken) ?? "An application";
            (string, string?)[] facts = [("authorization", authorization.Id.ToString("D")), ("application", name), ("scopes", string.Join(' ', authorization.Scopes))];
            if (authorization.Kind == AuthorizationKind.AdHoc)
                story.Add(authorization.GrantedAt, "access.granted", $"{name} was given access for this sign-in.", facts);
            if (authorization.RevokedAt is { } revoked)
                story.Add(revoked, "access.ended", $"The access of {name} was ended.", facts);
        }

        var ids = authorizations.ConvertAll(row => (Guid?)row.Id);
        var tokens = await db.Tokens.AsNoTracking().Where(row => ids.Contains(row.AuthorizationId)).OrderByDescending(row => row.CreatedAt).Take(MostRows)
            .Select(row => new { row.Id, row.Kind, row.Status, row.ApplicationId, row.CreatedAt, row.ExpiresAt, row.RedeemedAt, row.Generation }).ToListAsync(cancellationToken);
        foreach (var token in tokens)
        {
            var name = await NameAsync(token.ApplicationId, cancellationToken) ?? "An application";
            (string, string?)[] facts = [("token", token.Id.ToString("D")), ("application", name), ("status", token.Status.ToString()), ("generation", token.Generation?.ToString(CultureInfo.InvariantCulture))];
            var text = token.Kind switch
            {
                TokenKind.Code when token.RedeemedAt is not null => $"{name} exchanged its code for tokens.",
                TokenKind.Code when token.ExpiresAt <= now => $"{name} was sent back with a code and never exchanged it: the fault is on its side.",
                TokenKind.Code => $"{name} was sent back with a code and has not exchanged it yet.",
                TokenKind.RefreshFamily => $"{name} got a refresh token.",
                _ => $"{name} got an access token.",
            };
            story.Add(token.RedeemedAt ?? token.CreatedAt, $"token.{JsonNamingPolicy.SnakeCaseLower.ConvertName(token.Kind.ToString())}", text, facts);
        }
    }

    private async Task<string?> NameAsync(Guid? applicationId, CancellationToken cancellationToken) =>
        applicationId is { } id ? (await registry.FindApplicationAsync(id, cancellationToken))?.DisplayName : null;

    private static void Put(Dictionary<string, string> facts, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            facts[name] = value;
    }
}
