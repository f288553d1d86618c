using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;

namespace IdentityServer.Core.SignIn;

/// <summary>Finishes a sign-in by code, on the page <c>/sign-in/code</c>: counts, compares, claims.</summary>
public sealed class VerifyCode
{
    private readonly Challenges challenges;
    private readonly CodeChecker checker;
    private readonly Completer completer;

    internal VerifyCode(Challenges challenges, CodeChecker checker, Completer completer)
    {
        this.challenges = challenges;
        this.checker = checker;
        this.completer = completer;
    }

    /// <summary>Checks what was typed.</summary>
    public async Task<VerifyOutcome> VerifyAsync(Guid challengeId, string code, Visitor visitor, CancellationToken cancellationToken)
    {
        // Login CSRF: a code page that an attacker opened in the victim's browser is nobody's challenge there.
        if (await challenges.FindAsync(ChallengePurpose.SignIn, challengeId, visitor.BrowserHash, applicationId: null, cancellationToken) is not { } challenge)
            return new VerifyOutcome.Gone();

        return await checker.CheckAsync(challenge, code, new Source(visitor.Ip, Application: null), cancellationToken) switch
        {
            CodeCheck.Right(var current) => await FinishAsync(completer, current, visitor, cancellationToken) ?? new VerifyOutcome.Spent(),
            CodeCheck.Wrong(var left) => new VerifyOutcome.Wrong(left),
            CodeCheck.Superseded => new VerifyOutcome.Superseded(),
            CodeCheck.Paused(var until) => new VerifyOutcome.Paused(until),
            CodeCheck.TryLater(var at) => new VerifyOutcome.TryLater(at),
            _ => new VerifyOutcome.Spent(),
        };
    }

    internal static async Task<VerifyOutcome?> FinishAsync(Completer completer, Challenge challenge, Visitor visitor, CancellationToken cancellationToken) =>
        await completer.FinishAsync(challenge, new Finisher(visitor, Name: null, visitor.Locale, visitor.Ip), cancellationToken) switch
        {
            Completion.SignedIn(_, { } ticket) => new VerifyOutcome.SignedIn(ticket, challenge.Request),
            Completion.NewPerson => new VerifyOutcome.DetailsNeeded(challenge.Id),
            Completion.PasswordNeeded => new VerifyOutcome.PasswordNeeded(challenge.Id),
            _ => null,
        };
}
