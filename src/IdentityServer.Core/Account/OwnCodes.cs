using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Account;

/// <summary>Codes for somebody who is signed in: bound to the person and to a secret that only the asker holds.</summary>
internal sealed class OwnCodes(ChallengeSender sender, Challenges challenges, CodeChecker checker, Askers askers, IOptions<SignInOptions> settings)
{
    /// <summary>Sends one.</summary>
    public async Task<SendOutcome> SendAsync(ChallengePurpose purpose, Address address, Requester requester, CancellationToken cancellationToken)
    {
        var secret = ChallengeHandle.NewSecret();
        return await sender.StartAsync(purpose, address, await askers.OfAsync(requester, secret, cancellationToken), cancellationToken) switch
        {
            StartOutcome.Started(var id) => Sent(new ChallengeHandle(id, secret)),
            StartOutcome.TryLater(var at) => new SendOutcome.TryLater(at),
            _ => throw new InvalidOperationException(),
        };
    }

    /// <summary>Sends another one of the same challenge; the earlier one is dead. Null when the challenge is over or not this person's.</summary>
    public async Task<SendOutcome?> ResendAsync(string? handle, Requester requester, CancellationToken cancellationToken)
    {
        if (await FindAsync(handle, requester, cancellationToken) is not { } found)
            return null;

        var asker = await askers.OfAsync(requester, found.Handle.Secret, cancellationToken);
        return await sender.ResendAsync(found.Challenge, asker, cancellationToken) switch
        {
            ResendOutcome.Sent => Sent(found.Handle),
            ResendOutcome.TooSoon(var at) => new SendOutcome.TryLater(at),
            _ => null,
        };
    }

    /// <summary>Checks one. Whoever is handed the challenge claims it.</summary>
    public async Task<(Challenge? Right, ConfirmOutcome? Refusal)> CheckAsync(
        ChallengePurpose purpose, string? handle, string? code, Requester requester, CancellationToken cancellationToken)
    {
        if (await FindAsync(handle, requester, cancellationToken) is not { } found || found.Challenge.Purpose != purpose || found.Challenge.Status != ChallengeStatus.Pending)
            return (null, new ConfirmOutcome.Gone());

        return await checker.CheckAsync(found.Challenge, code, await askers.SourceAsync(requester, cancellationToken), cancellationToken) switch
        {
            CodeCheck.Right { Challenge: { Status: ChallengeStatus.Pending } right } => (right, null),
            CodeCheck.Wrong(var left) => (null, new ConfirmOutcome.Wrong(left)),
            CodeCheck.Superseded => (null, new ConfirmOutcome.Superseded()),
            CodeCheck.Paused(var until) => (null, new ConfirmOutcome.TryLater(until)),
            CodeCheck.TryLater(var at) => (null, new ConfirmOutcome.TryLater(at)),
            _ => (null, new ConfirmOutcome.Gone()),
        };
    }


    private async Task<(Challenge Challenge, ChallengeHandle Handle)?> FindAsync(string? text, Requester requester, CancellationToken cancellationToken)
    {
        if (ChallengeHandle.Read(text) is not { } handle)
            return null;

        foreach (var purpose in new[] { ChallengePurpose.NewAddress, ChallengePurpose.Confirmation })
        {
            if (await challenges.FindAsync(purpose, handle.Id, handle.BrowserHash, applicationId: null, cancellationToken) is { } challenge)
                return challenge.UserId is { } id && id == requester.UserId ? (challenge, handle) : null;
        }

        return null;
    }

    private SendOutcome.Sent Sent(ChallengeHandle handle) => new(CodeOnItsWay.Of(handle.ToString(), settings.Value));
}
