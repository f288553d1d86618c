using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.SignIn;

/// <summary>A new person confirms their details, on the page <c>/sign-in/details</c>: only then the account exists.</summary>
public sealed class ConfirmDetails
{
    private readonly Challenges challenges;
    private readonly Completer completer;
    private readonly Inviters inviters;
    private readonly SignInOptions options;
    private readonly TimeProvider time;

    internal ConfirmDetails(Challenges challenges, Completer completer, Inviters inviters, IOptions<SignInOptions> options, TimeProvider time)
    {
        this.inviters = inviters;
        this.options = options.Value;
        this.challenges = challenges;
        this.completer = completer;
        this.time = time;
    }

    /// <summary>What the page shows; null when the proof is too old or not this browser's.</summary>
    public async Task<DetailsView?> LookAsync(Guid challengeId, Visitor visitor, CancellationToken cancellationToken)
    {
        var challenge = await challenges.FindAsync(ChallengePurpose.SignIn, challengeId, visitor.BrowserHash, applicationId: null, cancellationToken);
        return challenge is not null && challenge.AwaitsDetailsAt(time.GetUtcNow())
            ? new DetailsView(challenges.AddressOf(challenge), challenge.Channel, challenge.Request) { NeedsInvitation = options.InviteOnly }
            : null;
    }

    /// <summary>Makes the account and signs in. If the address got an account meanwhile, signs in to that.</summary>
    /// <param name="challengeId">What was proved.</param>
    /// <param name="name">The new person's.</param>
    /// <param name="invitation">The code of who invited them, where one is needed.</param>
    /// <param name="visitor">The browser that proved it.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<DetailsOutcome> ConfirmAsync(Guid challengeId, string name, string? invitation, Visitor visitor, CancellationToken cancellationToken)
    {
        var challenge = await challenges.FindAsync(ChallengePurpose.SignIn, challengeId, visitor.BrowserHash, applicationId: null, cancellationToken);
        if (challenge is not { Status: ChallengeStatus.Verified or ChallengeStatus.Completed } || challenge.ExpiresAt <= time.GetUtcNow())
            return new DetailsOutcome.Gone();
        if (PersonName.Read(name) is not { } read)
            return new DetailsOutcome.NameNeeded();

        var (inviter, _) = await inviters.FindAsync(invitation, new Source(visitor.Ip, Application: null), cancellationToken);
        var finisher = new Finisher(visitor, read, visitor.Locale, visitor.Ip) { InviterId = inviter };
        return await completer.FinishAsync(challenge, finisher, cancellationToken) switch
        {
            Completion.SignedIn(_, { } ticket) => new DetailsOutcome.SignedIn(ticket, challenge.Request),
            Completion.NewPerson => new DetailsOutcome.InvitationNeeded(),
            _ => new DetailsOutcome.Gone(),
        };
    }
}
