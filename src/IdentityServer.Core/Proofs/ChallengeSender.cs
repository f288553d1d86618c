using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using IdentityServer.Core.Audit;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Proofs;

/// <summary>
/// Makes challenges and their messages, for every purpose. Known, unknown and disabled addresses cost the same statements and the same rows; what
/// differs is in the message, which only the address's owner reads.
/// </summary>
internal sealed class ChallengeSender(
    ServerDb db,
    Challenges challenges,
    Recipients recipients,
    ProofLimits limits,
    SmsGate gate,
    Secrets secrets,
    Outbox outbox,
    IOptions<SignInOptions> settings,
    TimeProvider time)
{
    // How long more codes can be asked for in one challenge.
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(30);

    private readonly SignInOptions options = settings.Value;

    public async Task<StartOutcome> StartAsync(ChallengePurpose purpose, Address address, Asker asker, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var hash = secrets.HashAddress(address);
        var recipient = await recipients.FindAsync(purpose, address, asker, now, cancellationToken);

        var id = Guid.CreateVersion7(now);
        var issued = Issue(id, recipient, asker, superseded: [], now);
        db.Add(new Challenge
        {
            Id = id,
            Purpose = purpose,
            Channel = address.Channel,
            AddressHash = hash,
            Address = challenges.Seal(address),
            UserId = recipient.UserId,
            ApplicationId = asker.ApplicationId,
            Codes = issued.Codes,
            LinkHash = issued.LinkHash,
            BrowserHash = asker.BrowserHash,
            Request = asker.Request,
            Counted = limits.StartKeys(hash, asker.Source),
            Locale = asker.Locale,
            Sends = 1,
            LastSentAt = now,
            Decoy = recipient.IsDecoy,
            CheckedPassword = asker.CheckedPassword,
            CreatedAt = now,
            ExpiresAt = now + Life,
        });
        var message = Queue(id, recipient, issued, asker);
        AuditLog.Add(db, KindOf(purpose), now, new AuditSubject(recipient.UserId, asker.ApplicationId, Ip: asker.Ip), Facts(recipient));

        // Sealing is done by now: a new data protection key is written through a connection of its own, which would wait for this transaction.
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await limits.TakeStartAsync(db, hash, asker.Source, now, cancellationToken) is { } full)
        {
            db.ChangeTracker.Clear();
            await transaction.RollbackAsync(cancellationToken);
            await transaction.DisposeAsync();
            await NotedLimits.WriteAsync(db, full, new AuditSubject(recipient.UserId, asker.ApplicationId, Ip: asker.Ip), now, cancellationToken);
            return new StartOutcome.TryLater(full.Until);
        }

        await WithholdAsync(message, recipient, asker, now, cancellationToken);
        await CommitAsync(transaction, cancellationToken);
        return new StartOutcome.Started(id);
    }

    public async Task<ResendOutcome> ResendAsync(Challenge challenge, Asker asker, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (!challenge.IsPendingAt(now) || challenge.Sends >= options.MaxSends || challenge.Attempts >= options.MaxAttempts)
            return new ResendOutcome.Gone();
        if (challenge.LastSentAt + options.ResendDelay is var at && at > now)
            return new ResendOutcome.TooSoon(at);

        var address = challenges.ParsedAddressOf(challenge);
        var recipient = await recipients.FindAsync(challenge.Purpose, address, asker, now, cancellationToken);
        var issued = Issue(challenge.Id, recipient, asker, challenge.Codes, now);

        var message = Queue(challenge.Id, recipient, issued, asker);
        AuditLog.Add(db, AuditKind.CodeSentAgain, now, new AuditSubject(recipient.UserId, asker.ApplicationId, Ip: asker.Ip), Facts(recipient));
        var withhold = () => WithholdAsync(message, recipient, asker, now, cancellationToken);
        if (await SaveResendAsync(challenge, recipient, issued, withhold, now, cancellationToken) is { } later)
        {
            db.ChangeTracker.Clear();
            return new ResendOutcome.TooSoon(later);
        }

        return new ResendOutcome.Sent();
    }

    private async Task<DateTimeOffset?> SaveResendAsync(
        Challenge challenge, Recipient recipient, Issued issued, Func<Task> withhold, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);

        // The challenge before the counters, as everywhere: locks taken crosswise would end in a deadlock.
        if (!await ReplaceAsync(challenge, recipient, issued, now, cancellationToken))
            return now + options.ResendDelay;
        if (await limits.TakeResendAsync(db, challenge.AddressHash, now, cancellationToken) is { } full)
            return full.Until;
        await withhold();

        // Before the new message is saved, or it would be withdrawn too.
        await outbox.WithdrawAsync(db, challenge.Id, cancellationToken);
        await CommitAsync(transaction, cancellationToken);
        return null;
    }

    // Attempts stay as they are. NIST SP 800-63B-4 §3.1.3.2: "Generating a new authentication secret SHALL NOT reset the failed authentication count."
    private async Task<bool> ReplaceAsync(Challenge challenge, Recipient recipient, Issued issued, DateTimeOffset now, CancellationToken cancellationToken)
    {
        return await db.Challenges
            .Where(row => row.Id == challenge.Id && row.Status == ChallengeStatus.Pending && row.Sends == challenge.Sends)
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(row => row.Codes, issued.Codes)
                    .SetProperty(row => row.LinkHash, issued.LinkHash)
                    .SetProperty(row => row.UserId, recipient.UserId)
                    .SetProperty(row => row.Decoy, recipient.IsDecoy)
                    .SetProperty(row => row.Sends, challenge.Sends + 1)
                    .SetProperty(row => row.LastSentAt, now),
                cancellationToken) == 1;
    }

    private Issued Issue(Guid challengeId, Recipient recipient, Asker asker, IReadOnlyList<ChallengeCode> superseded, DateTimeOffset now)
    {
        var expiresAt = now + options.CodeLifetime;
        string code;
        byte[] mac;
        if (recipient.Test is { } test)
        {
            // The same code again supersedes nothing.
            superseded = [];
            code = test.Code;
            mac = secrets.CodeMac(challengeId, code);
            expiresAt = test.EndsAt is { } end && end < expiresAt ? end : expiresAt;
        }
        else
        {
            (code, mac) = NewCode(challengeId, superseded);
        }

        // A decoy gets a code like any other, which nobody is told. Superseded codes are compared without costing a try: were a decoy's traces of
        // nothing, who never hits upon a superseded code would know it for a decoy.
        var link = RandomNumberGenerator.GetBytes(32);
        var linkHash = SHA256.HashData(link);

        // By text message only the code is sent: links in them are what people are taught never to open.
        var hasLink = asker.HasLink && recipient.Channel == Channel.Email && recipient.Test is null;
        return new Issued(
            code, expiresAt, [.. superseded, new ChallengeCode(mac, now, expiresAt)], hasLink ? linkHash : null, hasLink ? Base64Url.EncodeToString(link) : null);
    }

    private (string Code, byte[] Mac) NewCode(Guid challengeId, IReadOnlyList<ChallengeCode> superseded)
    {
        while (true)
        {
            var code = OneTimeCode.New(options.CodeLength);
            var mac = secrets.CodeMac(challengeId, code);
            if (!superseded.Any(earlier => CryptographicOperations.FixedTimeEquals(earlier.Mac, mac)))
                return (code, mac);
        }
    }

    private Guid? Queue(Guid challengeId, Recipient recipient, Issued issued, Asker asker)
    {
        if (recipient.Test is not null)
            return null;

        // Browsers compare the last line of a text message with the page's host, which has no port there.
        var origin = new Uri(asker.Origin);
        var model = new Dictionary<string, string>(StringComparer.Ordinal) { ["host"] = recipient.Channel == Channel.Sms ? origin.IdnHost : origin.Authority };
        if (!recipient.IsDecoy)
        {
            model["code"] = issued.Text;
            model["minutes"] = ((int)options.CodeLifetime.TotalMinutes).ToString(CultureInfo.InvariantCulture);
            model["application"] = asker.ApplicationName;
            if (issued.Link is { } link)
                model["link"] = $"{asker.Origin}/sign-in/link?token={link}";
        }

        return outbox.Add(db, new NewMessage(challengeId, recipient.Channel, recipient.Template, recipient.To, model, asker.Locale, issued.ExpiresAt));
    }

    // The person sees the same page, and waits: whoever is paid by the message must not learn why none comes.
    private async Task WithholdAsync(Guid? message, Recipient recipient, Asker asker, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (message is null || recipient.Channel != Channel.Sms || await gate.TakeAsync(db, recipient.To, now, cancellationToken) is not { } reason)
            return;

        db.ChangeTracker.Entries<Message>().Single(entry => entry.Entity.Id == message).State = EntityState.Detached;
        var facts = new Dictionary<string, string>(StringComparer.Ordinal) { ["reason"] = reason };
        AuditLog.Add(db, AuditKind.SmsWithheld, now, new AuditSubject(recipient.UserId, asker.ApplicationId, Ip: asker.Ip), facts);
    }

    private async Task CommitAsync(IDbContextTransaction transaction, CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
        outbox.Wake();
    }

    private static AuditKind KindOf(ChallengePurpose purpose) => purpose == ChallengePurpose.SignIn ? AuditKind.SignInStarted : AuditKind.CodeSent;

    private static Dictionary<string, string> Facts(Recipient recipient)
    {
        var facts = new Dictionary<string, string>(StringComparer.Ordinal) { ["decoy"] = recipient.IsDecoy ? "true" : "false" };
        if (recipient.Test is not null)
            facts["test"] = "true";
        return facts;
    }

    /// <summary>The code and its end, all traces of codes with the new one last, and the link if there is one.</summary>
    private sealed record Issued(string Text, DateTimeOffset ExpiresAt, IReadOnlyList<ChallengeCode> Codes, byte[]? LinkHash, string? Link);
}
