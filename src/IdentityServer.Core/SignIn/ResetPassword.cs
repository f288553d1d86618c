using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using IdentityServer.Core.Users.Passwords;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.SignIn;

/// <summary>
/// A new password in the place of a forgotten one, on the page <c>/sign-in/new-password</c>: the code, or the link, was right, and only choosing a password
/// opens the account. All other sessions end.
/// </summary>
public sealed class ResetPassword
{
    private readonly ServerDb db;
    private readonly Challenges challenges;
    private readonly Accounts accounts;
    private readonly Completer completer;
    private readonly PasswordKeeper keeper;
    private readonly PasswordRules rules;
    private readonly TimeProvider time;

    internal ResetPassword(
        ServerDb db, Challenges challenges, Accounts accounts, Completer completer, PasswordKeeper keeper, PasswordRules rules, TimeProvider time)
    {
        this.db = db;
        this.challenges = challenges;
        this.accounts = accounts;
        this.completer = completer;
        this.keeper = keeper;
        this.rules = rules;
        this.time = time;
    }

    /// <summary>What the page shows; null when the proof is too old, not this browser's, or nobody's who has a password.</summary>
    public async Task<NewPasswordView?> LookAsync(Guid challengeId, Visitor visitor, CancellationToken cancellationToken)
    {
        var challenge = await challenges.FindAsync(ChallengePurpose.SignIn, challengeId, visitor.BrowserHash, applicationId: null, cancellationToken);
        return challenge is not null && challenge.AwaitsDetailsAt(time.GetUtcNow()) && await FindAsync(challenge, visitor, cancellationToken) is { PasswordHash: not null }
            ? new NewPasswordView(challenges.AddressOf(challenge), challenge.Channel, challenge.Request)
            : null;
    }

    /// <summary>Sets the password and signs in. The same again from the same browser gives the same session.</summary>
    public async Task<NewPasswordOutcome> ResetAsync(Guid challengeId, string? typed, Visitor visitor, CancellationToken cancellationToken)
    {
        // Verified: the code was right. One that still waits for its code opens nothing here.
        var challenge = await challenges.FindAsync(ChallengePurpose.SignIn, challengeId, visitor.BrowserHash, applicationId: null, cancellationToken);
        if (!rules.Enabled
            || challenge is not { Status: ChallengeStatus.Verified or ChallengeStatus.Completed } || challenge.ExpiresAt <= time.GetUtcNow()
            || await FindAsync(challenge, visitor, cancellationToken) is not { } account)
            return new NewPasswordOutcome.Gone();

        var own = await db.Users.AsNoTracking().Where(user => user.Id == account.Id)
            .Select(user => new[] { user.Email, user.PhoneNumber, user.Name, user.GivenName, user.FamilyName })
            .SingleOrDefaultAsync(cancellationToken);
        if (rules.Unmet(typed, own ?? []) is { Count: > 0 } unmet)
            return new NewPasswordOutcome.Unfit(unmet);

        var finisher = new Finisher(visitor, Name: null, visitor.Locale, visitor.Ip) { NewPasswordHash = keeper.Hash(PasswordRules.Prepare(typed)!) };
        return await completer.FinishAsync(challenge, finisher, cancellationToken) is Completion.SignedIn(_, { } ticket)
            ? new NewPasswordOutcome.SignedIn(ticket, challenge.Request)
            : new NewPasswordOutcome.Gone();
    }

    private Task<KnownUser?> FindAsync(Challenge challenge, Visitor visitor, CancellationToken cancellationToken) =>
        accounts.FindAsync(challenges.ParsedAddressOf(challenge), visitor.SessionKeyHash, time.GetUtcNow(), cancellationToken);
}
