using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;

namespace IdentityServer.Core.SignIn;

/// <summary>A new person confirms their details, on the page <c>/sign-in/details</c>: only then the account exists.</summary>
public sealed class ConfirmDetails
{
    private readonly Challenges challenges;
    private readonly Completer completer;
    private readonly TimeProvider time;

    internal ConfirmDetails(Challenges challenges, Completer completer, TimeProvider time)
    {
        this.challenges = challenges;
        this.completer = completer;
        this.time = time;
    }

    /// <summary>What the page shows; null when the proof is too old or not this browser's.</summary>
    public async Task<DetailsView?> LookAsync(Guid challengeId, Visitor visitor, CancellationToken cancellationToken)
    {
        var challenge = await challenges.FindAsync(ChallengePurpose.SignIn, challengeId, visitor.BrowserHash, applicationId: null, cancellationToken);
        return challenge is not null && challenge.AwaitsDetailsAt(time.GetUtcNow())
            ? new DetailsView(challenges.AddressOf(challenge), challenge.Channel, challenge.Request)
            : null;
    }

    /// <summary>Makes the account and signs in. If the address got an account meanwhile, signs in to that.</summary>
    public async Task<DetailsOutcome> ConfirmAsync(Guid challengeId, string name, Visitor visitor, CancellationToken cancellationToken)
    {
        var challenge = await challenges.FindAsync(ChallengePurpose.SignIn, challengeId, visitor.BrowserHash, applicationId: null, cancellationToken);
        if (challenge is not { Status: ChallengeStatus.Verified or ChallengeStatus.Completed } || challenge.ExpiresAt <= time.GetUtcNow())
            return new DetailsOutcome.Gone();
        if (PersonName.Read(name) is not { } read)
            return new DetailsOutcome.NameNeeded();

        return await completer.FinishAsync(challenge, new Finisher(visitor, read, visitor.Locale, visitor.Ip), cancellationToken) is Completion.SignedIn(_, { } ticket)
            ? new DetailsOutcome.SignedIn(ticket, challenge.Request)
            : new DetailsOutcome.Gone();
    }
}
