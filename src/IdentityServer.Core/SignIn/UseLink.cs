using System.Buffers.Text;
using System.Security.Cryptography;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;

namespace IdentityServer.Core.SignIn;

/// <summary>
/// Finishes a sign-in by the link, on the page <c>/sign-in/link</c>. Mail scanners open links and press buttons: looking changes nothing, and a tap
/// counts only in the browser that asked. The link works while codes pause: 256 bits are not guessed.
/// </summary>
public sealed class UseLink
{
    private const int TokenBytes = 32;

    private readonly Challenges challenges;
    private readonly Completer completer;
    private readonly TimeProvider time;

    internal UseLink(Challenges challenges, Completer completer, TimeProvider time)
    {
        this.challenges = challenges;
        this.completer = completer;
        this.time = time;
    }

    /// <summary>What the page behind the link shows; changes nothing, however often scanners look.</summary>
    public async Task<LinkView> LookAsync(string token, Visitor visitor, CancellationToken cancellationToken)
    {
        if (await FindAsync(token, cancellationToken) is not { Status: ChallengeStatus.Pending } challenge)
            return new LinkView.Gone();

        return IsOf(challenge, visitor) ? new LinkView.Ready(challenges.AddressOf(challenge), challenge.Request) : new LinkView.OtherBrowser();
    }

    /// <summary>The tap. Gives <see cref="VerifyOutcome.SignedIn"/>, <see cref="VerifyOutcome.DetailsNeeded"/>, <see cref="VerifyOutcome.PasswordNeeded"/> or <see cref="VerifyOutcome.Gone"/>.</summary>
    public async Task<VerifyOutcome> UseAsync(string token, Visitor visitor, CancellationToken cancellationToken)
    {
        if (await FindAsync(token, cancellationToken) is not { } challenge || !IsOf(challenge, visitor))
            return new VerifyOutcome.Gone();

        return await VerifyCode.FinishAsync(completer, challenge, visitor, cancellationToken) ?? new VerifyOutcome.Gone();
    }

    private async Task<Challenge?> FindAsync(string token, CancellationToken cancellationToken)
    {
        if (token is not { Length: 43 } || !Base64Url.IsValid(token, out var length) || length != TokenBytes)
            return null;

        var challenge = await challenges.FindByLinkAsync(SHA256.HashData(Base64Url.DecodeFromChars(token)), cancellationToken);
        return challenge is { Decoy: false } && challenge.IsAliveAt(time.GetUtcNow()) ? challenge : null;
    }

    // A link that an attacker asked for must not sign the victim in to the attacker's account, nor a forwarded one anybody at all.
    private static bool IsOf(Challenge challenge, Visitor visitor) =>
        challenge.ApplicationId is null && CryptographicOperations.FixedTimeEquals(challenge.BrowserHash, visitor.BrowserHash);
}
