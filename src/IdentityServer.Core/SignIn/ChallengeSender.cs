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

namespace IdentityServer.Core.SignIn;

/// <summary>
/// Makes challenges and their messages, for the pages and for the one-time-code grant. Known, unknown and disabled addresses cost the same
/// statements and the same rows; what differs is in the message, which only the address's owner reads.
/// </summary>
internal sealed class ChallengeSender(
    ServerDb db, Challenges challenges, Accounts accounts, AddressLimits limits, Secrets secrets, Outbox outbox, IOptions<SignInOptions> settings, TimeProvider time)
{
    // How long more codes can be asked for in one challenge.
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(30);

    private readonly SignInOptions options = settings.Value;

    public async Task<StartOutcome> StartAsync(Address address, Asker asker, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var hash = secrets.HashAddress(address);
        var recipient = await RecipientAsync(address, cancellationToken);

        var id = Guid.CreateVersion7(now);
        var issued = Issue(id, recipient, asker, superseded: [], now);
        db.Add(new Challenge
        {
            Id = id,
            Purpose = ChallengePurpose.SignIn,
            Channel = address.Channel,
            AddressHash = hash,
            Address = challenges.Seal(address),
            UserId = recipient.UserId,
            ApplicationId = asker.ApplicationId,
            Codes = [issued.Code],
            LinkHash = issued.LinkHash,
            BrowserHash = asker.BrowserHash,
            Request = asker.Request,
            Locale = asker.Locale,
            Sends = 1,
            LastSentAt = now,
            Decoy = recipient.IsDecoy,
            CreatedAt = now,
            ExpiresAt = now + Life,
        });
        Queue(id, address, recipient, issued, asker);
        AuditLog.Add(db, AuditKind.SignInStarted, now, new AuditSubject(recipient.UserId, asker.ApplicationId, Ip: asker.Ip), Facts(recipient));

        // Sealing is done by now: a new data protection key is written through a connection of its own, which would wait for this transaction.
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await limits.TakeStartAsync(db, hash, asker.Ip, now, cancellationToken) is { } at)
        {
            db.ChangeTracker.Clear();
            return new StartOutcome.TryLater(at);
        }

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
        var recipient = await RecipientAsync(address, cancellationToken);
        var issued = Issue(challenge.Id, recipient, asker, challenge.Codes, now);

        Queue(challenge.Id, address, recipient, issued, asker);
        AuditLog.Add(db, AuditKind.CodeSentAgain, now, new AuditSubject(recipient.UserId, asker.ApplicationId, Ip: asker.Ip), Facts(recipient));
        if (await SaveResendAsync(challenge, recipient, issued, now, cancellationToken) is { } later)
        {
            db.ChangeTracker.Clear();
            return new ResendOutcome.TooSoon(later);
        }

        return new ResendOutcome.Sent();
    }

    private async Task<DateTimeOffset?> SaveResendAsync(
        Challenge challenge, Recipient recipient, Issued issued, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);

        // The challenge before the counters, as everywhere: locks taken crosswise would end in a deadlock.
        if (!await ReplaceAsync(challenge, recipient, issued, now, cancellationToken))
            return now + options.ResendDelay;
        if (await limits.TakeResendAsync(db, challenge.AddressHash, now, cancellationToken) is { } later)
            return later;

        // Before the new message is saved, or it would be withdrawn too.
        await outbox.WithdrawAsync(db, challenge.Id, cancellationToken);
        await CommitAsync(transaction, cancellationToken);
        return null;
    }

    // Attempts stay as they are. NIST SP 800-63B-4 §3.1.3.2: "Generating a new authentication secret SHALL NOT reset the failed authentication count."
    private async Task<bool> ReplaceAsync(Challenge challenge, Recipient recipient, Issued issued, DateTimeOffset now, CancellationToken cancellationToken)
    {
        IReadOnlyList<ChallengeCode> codes = [.. challenge.Codes, issued.Code];
        return await db.Challenges
            .Where(row => row.Id == challenge.Id && row.Status == ChallengeStatus.Pending && row.Sends == challenge.Sends)
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(row => row.Codes, codes)
                    .SetProperty(row => row.LinkHash, issued.LinkHash)
                    .SetProperty(row => row.UserId, recipient.UserId)
                    .SetProperty(row => row.Decoy, recipient.IsDecoy)
                    .SetProperty(row => row.Sends, challenge.Sends + 1)
                    .SetProperty(row => row.LastSentAt, now),
                cancellationToken) == 1;
    }

    private async Task<Recipient> RecipientAsync(Address address, CancellationToken cancellationToken) =>
        await accounts.FindAsync(address, cancellationToken) switch
        {
            // To the address as its owner proved it: a look-alike that folds to the same key must not read the owner's code.
            { IsDisabled: false } account => new Recipient(account.Id, account.Email, MessageTemplate.SignInCode),
            { } account => new Recipient(account.Id, account.Email, MessageTemplate.AccountDisabled),
            null when options.SignUp => new Recipient(null, address.Value, MessageTemplate.SignInCode),
            null => new Recipient(null, address.Value, MessageTemplate.NoAccount),
        };

    private Issued Issue(Guid challengeId, Recipient recipient, Asker asker, IReadOnlyList<ChallengeCode> superseded, DateTimeOffset now)
    {
        string code;
        byte[] mac;
        do
        {
            code = OneTimeCode.New(options.CodeLength);
            mac = secrets.CodeMac(challengeId, code);
        }
        while (superseded.Any(earlier => CryptographicOperations.FixedTimeEquals(earlier.Mac, mac)));

        // A decoy gets a code like any other, which nobody is told. Superseded codes are compared without costing a try: were a decoy's traces of
        // nothing, who never hits upon a superseded code would know it for a decoy.
        var link = RandomNumberGenerator.GetBytes(32);
        var linkHash = SHA256.HashData(link);
        return new Issued(code, Base64Url.EncodeToString(link), new ChallengeCode(mac, now, now + options.CodeLifetime), asker.HasLink ? linkHash : null);
    }

    private void Queue(Guid challengeId, Address address, Recipient recipient, Issued issued, Asker asker)
    {
        var model = new Dictionary<string, string>(StringComparer.Ordinal) { ["host"] = new Uri(asker.Origin).Authority };
        if (!recipient.IsDecoy)
        {
            model["code"] = issued.Text;
            model["minutes"] = ((int)options.CodeLifetime.TotalMinutes).ToString(CultureInfo.InvariantCulture);
            model["application"] = asker.ApplicationName;
            if (asker.HasLink)
                model["link"] = $"{asker.Origin}/sign-in/link?token={issued.Link}";
        }

        outbox.Add(db, new NewMessage(challengeId, address.Channel, recipient.Template, recipient.To, model, asker.Locale, issued.Code.ExpiresAt));
    }

    private async Task CommitAsync(IDbContextTransaction transaction, CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
        outbox.Wake();
    }

    private static Dictionary<string, string> Facts(Recipient recipient) =>
        new(StringComparer.Ordinal) { ["decoy"] = recipient.IsDecoy ? "true" : "false" };

    private sealed record Recipient(Guid? UserId, string To, MessageTemplate Template)
    {
        public bool IsDecoy => Template != MessageTemplate.SignInCode;
    }

    private sealed record Issued(string Text, string Link, ChallengeCode Code, byte[]? LinkHash);
}
