using System.Globalization;
using System.Security.Cryptography;
using IdentityServer.Core.Abuse;
using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Proofs;

/// <summary>What a typed code is worth.</summary>
internal abstract record CodeCheck
{
    private CodeCheck()
    {
    }

    public sealed record Right(Challenge Challenge) : CodeCheck;

    public sealed record Wrong(int TriesLeft) : CodeCheck;

    public sealed record Superseded : CodeCheck;

    public sealed record Spent : CodeCheck;

    public sealed record Paused(DateTimeOffset? Until) : CodeCheck;

    public sealed record TryLater(DateTimeOffset At) : CodeCheck;
}

/// <summary>
/// Counts, then compares. Counting is a conditional update that is committed before the comparison, so that no number of parallel requests
/// compares more codes than are allowed; claiming what a right code buys is each slice's own.
/// </summary>
internal sealed class CodeChecker(ServerDb db, Challenges challenges, ProofLimits limits, Secrets secrets, IOptions<SignInOptions> settings, TimeProvider time)
{
    // A browser that fills codes in by itself submits twice, and the first answer is lost: the right code may be repeated after it worked.
    private const int Repeats = 3;

    private readonly SignInOptions options = settings.Value;

    public async Task<CodeCheck> CheckAsync(Challenge challenge, string? typed, Source source, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (!challenge.IsAliveAt(now))
            return new CodeCheck.Spent();

        // Cannot be right, whatever the code is: nothing is learnt from it, so it costs nothing.
        if (OneTimeCode.Read(typed, options.CodeLength) is not { } code)
            return new CodeCheck.Wrong(Math.Max(0, options.MaxAttempts - challenge.Attempts));

        // Dead codes open nothing, so finding out that one is dead costs no try.
        if (challenge.Status == ChallengeStatus.Pending && challenge.Codes.SkipLast(1).Any(earlier => Matches(earlier, challenge.Id, code)))
            return new CodeCheck.Superseded();

        return challenge.Status == ChallengeStatus.Pending
            ? await CheckPendingAsync(challenge, code, source, now, cancellationToken)
            : await CheckRepeatAsync(challenge, code, cancellationToken);
    }

    private async Task<CodeCheck> CheckPendingAsync(Challenge challenge, string code, Source source, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var count = await CountAsync(challenge, source, now, cancellationToken);
        switch (count)
        {
            case Counted.Paused(var until):
                return new CodeCheck.Paused(until);
            case Counted.Full(var full):
                await NotedLimits.WriteAsync(db, full, new AuditSubject(challenge.UserId, challenge.ApplicationId, Ip: source.Ip), now, cancellationToken);
                return new CodeCheck.TryLater(full.Until);
            case Counted.No:
                // Somebody was faster: it is finished, replaced or used up now.
                var current = await challenges.ReloadAsync(challenge, cancellationToken);
                var changed = current is not null && (current.Status != challenge.Status || current.Sends != challenge.Sends);
                return changed ? await CheckAsync(current!, code, source, cancellationToken) : new CodeCheck.Spent();
            case Counted.Yes yes when Matches(challenge.Codes[^1], challenge.Id, code) && !challenge.Decoy:
                await limits.GiveBackTryAsync(db, source, now, cancellationToken);
                return new CodeCheck.Right(challenge);
            case Counted.Yes(var attempts, var failures):
                await WriteWrongAsync(challenge, failures, source.Ip, now, cancellationToken);
                return attempts < options.MaxAttempts ? new CodeCheck.Wrong(options.MaxAttempts - attempts) : new CodeCheck.Spent();
            default:
                throw new InvalidOperationException();
        }
    }

    // All counters in one transaction: a try that the address's budget refuses costs none of the challenge, and the other way round.
    private async Task<Counted> CountAsync(Challenge challenge, Source source, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var counted = await db.Challenges
            .Where(row => row.Id == challenge.Id && row.Status == ChallengeStatus.Pending && row.Sends == challenge.Sends && row.Attempts < options.MaxAttempts)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Attempts, row => row.Attempts + 1), cancellationToken);
        if (counted == 0)
            return new Counted.No();

        switch (await ProofLimits.TakeFailureAsync(db, challenge.AddressHash, now, cancellationToken))
        {
            case Count.Paused(var until):
                return new Counted.Paused(until);
            case Count.Off:
                return new Counted.Paused(null);
            case Count.Taken when await limits.TakeTryAsync(db, source, now, cancellationToken) is { } full:
                return new Counted.Full(full);
            case Count.Taken(var failures):
                var attempts = await db.Challenges.Where(row => row.Id == challenge.Id).Select(row => row.Attempts).SingleAsync(cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                return new Counted.Yes(attempts, failures);
            default:
                throw new InvalidOperationException();
        }
    }

    private async Task<CodeCheck> CheckRepeatAsync(Challenge challenge, string code, CancellationToken cancellationToken)
    {
        var counted = await db.Challenges
            .Where(row => row.Id == challenge.Id && row.Attempts < options.MaxAttempts + Repeats)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Attempts, row => row.Attempts + 1), cancellationToken);
        return counted == 1 && Matches(challenge.Codes[^1], challenge.Id, code) && !challenge.Decoy ? new CodeCheck.Right(challenge) : new CodeCheck.Spent();
    }

    private bool Matches(ChallengeCode known, Guid challengeId, string code) =>
        secrets.CodeMacs(challengeId, code).Aggregate(false, (found, mac) => found | CryptographicOperations.FixedTimeEquals(known.Mac, mac));

    private async Task WriteWrongAsync(Challenge challenge, int failures, string? ip, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var facts = new Dictionary<string, string>(StringComparer.Ordinal) { ["failures"] = failures.ToString(CultureInfo.InvariantCulture) };
        AuditLog.Add(db, AuditKind.WrongCode, now, new AuditSubject(challenge.UserId, challenge.ApplicationId, Ip: ip), facts);
        await db.SaveChangesAsync(cancellationToken);
        db.ChangeTracker.Clear();
    }

    private abstract record Counted
    {
        public sealed record Yes(int Attempts, int Failures) : Counted;

        public sealed record No : Counted;

        public sealed record Paused(DateTimeOffset? Until) : Counted;

        public sealed record Full(Abuse.Full Limits) : Counted;
    }
}
