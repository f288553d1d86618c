using IdentityServer.Core.Users;

namespace IdentityServer.Core.SignIn;

/// <summary>Starts a sign-in: an address becomes a challenge and a message.</summary>
public sealed class StartSignIn
{
    /// <summary>Normalises the address, counts the limits, writes challenge and message at once.</summary>
    public Task<StartOutcome> StartAsync(string address, string? parkedRequest, Visitor visitor, CancellationToken cancellationToken) => throw new InvalidOperationException("not yet");

    /// <summary>Another code; the earlier one dies.</summary>
    public Task<ResendOutcome> ResendAsync(Guid challengeId, Visitor visitor, CancellationToken cancellationToken) => throw new InvalidOperationException("not yet");

    /// <summary>What the code page shows; null when the challenge is not this browser's or is finished.</summary>
    public Task<ChallengeView?> LookAsync(Guid challengeId, Visitor visitor, CancellationToken cancellationToken) => throw new InvalidOperationException("not yet");
}

/// <summary>Finishes a sign-in by code: counts, compares, claims.</summary>
public sealed class VerifyCode
{
    /// <summary>Checks what was typed.</summary>
    public Task<VerifyOutcome> VerifyAsync(Guid challengeId, string code, Visitor visitor, CancellationToken cancellationToken) => throw new InvalidOperationException("not yet");
}

/// <summary>Finishes a sign-in by the link.</summary>
public sealed class UseLink
{
    /// <summary>What the page behind the link shows; changes nothing, however often scanners look.</summary>
    public Task<LinkView> LookAsync(string token, Visitor visitor, CancellationToken cancellationToken) => throw new InvalidOperationException("not yet");

    /// <summary>The tap. Gives <see cref="VerifyOutcome.SignedIn"/>, <see cref="VerifyOutcome.DetailsNeeded"/> or <see cref="VerifyOutcome.Gone"/>.</summary>
    public Task<VerifyOutcome> UseAsync(string token, Visitor visitor, CancellationToken cancellationToken) => throw new InvalidOperationException("not yet");
}

/// <summary>A new person confirms their details: only then the account exists.</summary>
public sealed class ConfirmDetails
{
    /// <summary>What the page shows; null when the proof is too old or not this browser's.</summary>
    public Task<DetailsView?> LookAsync(Guid challengeId, Visitor visitor, CancellationToken cancellationToken) => throw new InvalidOperationException("not yet");

    /// <summary>Makes the account and signs in.</summary>
    public Task<DetailsOutcome> ConfirmAsync(Guid challengeId, string name, Visitor visitor, CancellationToken cancellationToken) => throw new InvalidOperationException("not yet");
}
