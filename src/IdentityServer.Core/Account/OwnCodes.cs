using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Account;

/// <summary>Codes for somebody who is signed in: bound to the person and to a secret that only the asker holds.</summary>
internal sealed class OwnCodes(ChallengeSender sender, Challenges challenges, CodeChecker checker, Askers askers, IOptions<SignInOptions> settings, TimeProvider time)
{
    /// <summary>Sends one.</summary>
    public async Task<SendOutcome> SendAsync(ChallengePurpose purpose, Address address, Requester requester, CancellationToken cancellationToken)
    {
        var secret = requester.BrowserSecret ?? ChallengeHandle.NewSecret();
        return await sender.StartAsync(purpose, address, await askers.OfAsync(requester, secret, cancellationToken), cancellationToken) switch
        {
            StartOutcome.Started(var id) => Sent(new ChallengeHandle(id, secret), requester),
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
            ResendOutcome.Sent => Sent(found.Handle, requester),
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
    /// <summary>What waits for its code; null when it is over, not this person's or not this browser's.</summary>
    public async Task<OwnCodeView?> LookAsync(ChallengePurpose purpose, string? handle, Requester requester, CancellationToken cancellationToken) =>
        await FindAsync(handle, requester, cancellationToken) is { } found && found.Challenge.Purpose == purpose && found.Challenge.IsPendingAt(time.GetUtcNow())
            ? new OwnCodeView(
                found.Challenge.Channel,
                challenges.AddressOf(found.Challenge),
                settings.Value.CodeLength,
                found.Challenge.LastSentAt + settings.Value.ResendDelay,
                found.Challenge.Codes[^1].ExpiresAt)
            : null;

    private async Task<(Challenge Challenge, ChallengeHandle Handle)?> FindAsync(string? text, Requester requester, CancellationToken cancellationToken)
    {
        if (Read(text, requester) is not { } handle)
            return null;

        foreach (var purpose in new[] { ChallengePurpose.NewAddress, ChallengePurpose.Confirmation })
        {
            if (await challenges.FindAsync(purpose, handle.Id, handle.BrowserHash, applicationId: null, cancellationToken) is { } challenge)
                return challenge.UserId is { } id && id == requester.UserId ? (challenge, handle) : null;
        }

        return null;
    }

    // A browser's secret is in its cookie: it is never in the address of a page.
    private static ChallengeHandle? Read(string? text, Requester requester) => requester.BrowserSecret is not { } secret ? ChallengeHandle.Read(text)
        : Guid.TryParseExact(text, "D", out var id) ? new ChallengeHandle(id, secret)
        : null;

    private SendOutcome.Sent Sent(ChallengeHandle handle, Requester requester) =>
        new(CodeOnItsWay.Of(requester.BrowserSecret is null ? handle.ToString() : handle.Id.ToString("D"), settings.Value));
}
