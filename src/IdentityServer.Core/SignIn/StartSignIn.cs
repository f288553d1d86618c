using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Authorize;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.SignIn;

/// <summary>
/// Starts a sign-in on the pages <c>/sign-in</c> and <c>/sign-in/code</c>: an address becomes a challenge and a message. Proving the address is
/// <see cref="VerifyCode"/>'s and <see cref="UseLink"/>'s.
/// </summary>
public sealed class StartSignIn
{
    private readonly Challenges challenges;
    private readonly ChallengeSender sender;
    private readonly AddressReader addresses;
    private readonly DeliveryChannels channels;
    private readonly ParkedRequests parkedRequests;
    private readonly IRegistry registry;
    private readonly SignInOptions options;
    private readonly TimeProvider time;

    internal StartSignIn(
        Challenges challenges,
        ChallengeSender sender,
        AddressReader addresses,
        DeliveryChannels channels,
        ParkedRequests parkedRequests,
        IRegistry registry,
        IOptions<SignInOptions> options,
        TimeProvider time)
    {
        this.challenges = challenges;
        this.sender = sender;
        this.addresses = addresses;
        this.channels = channels;
        this.parkedRequests = parkedRequests;
        this.registry = registry;
        this.options = options.Value;
        this.time = time;
    }

    /// <summary>Whether the form asks for an e-mail address or a phone number; for an e-mail address alone when false.</summary>
    public bool TakesPhoneNumbers => channels.CanReach(Channel.Sms);

    /// <summary>Normalises the address, counts the limits, writes challenge and message at once.</summary>
    public Task<StartOutcome> StartAsync(string address, string? parkedRequest, Visitor visitor, CancellationToken cancellationToken) =>
        StartAsync(address, parkedRequest, visitor, checkedPassword: null, cancellationToken);

    /// <summary>The same after the password was right; see <see cref="Challenge.CheckedPassword"/>.</summary>
    internal async Task<StartOutcome> StartAsync(
        string address, string? parkedRequest, Visitor visitor, byte[]? checkedPassword, CancellationToken cancellationToken)
    {
        var (parsed, refusal) = addresses.Read(address);
        if (parsed is null)
            return refusal!;

        var asker = await AskerAsync(visitor, parkedRequest, cancellationToken) with { CheckedPassword = checkedPassword };
        return await sender.StartAsync(ChallengePurpose.SignIn, parsed, asker, cancellationToken);
    }

    /// <summary>Another code; the earlier one dies.</summary>
    public async Task<ResendOutcome> ResendAsync(Guid challengeId, Visitor visitor, CancellationToken cancellationToken)
    {
        if (await challenges.FindAsync(ChallengePurpose.SignIn, challengeId, visitor.BrowserHash, applicationId: null, cancellationToken) is not { } challenge)
            return new ResendOutcome.Gone();

        return await sender.ResendAsync(challenge, await AskerAsync(visitor, challenge.Request, cancellationToken), cancellationToken);
    }

    /// <summary>What the code page shows; null when the challenge is not this browser's or is finished.</summary>
    public async Task<ChallengeView?> LookAsync(Guid challengeId, Visitor visitor, CancellationToken cancellationToken)
    {
        var challenge = await challenges.FindAsync(ChallengePurpose.SignIn, challengeId, visitor.BrowserHash, applicationId: null, cancellationToken);
        if (challenge is null || !challenge.IsPendingAt(time.GetUtcNow()))
            return null;

        return new ChallengeView(
            challenges.AddressOf(challenge), challenge.Channel, challenge.Request, options.CodeLength, challenge.LastSentAt + options.ResendDelay, challenge.Codes[^1].ExpiresAt);
    }

    private async Task<Asker> AskerAsync(Visitor visitor, string? parkedRequest, CancellationToken cancellationToken)
    {
        // What cannot be opened any more would only be carried along to fail at the end.
        var request = parkedRequests.Open(parkedRequest);
        var application = request is null ? null : await registry.FindApplicationAsync(request.ClientId, cancellationToken);
        return new Asker(visitor.BrowserHash, visitor.Ip, visitor.Locale, visitor.Origin, application?.DisplayName ?? "")
        {
            Request = request is null ? null : parkedRequest,
            Source = new Source(visitor.Ip, request?.ClientId),
            HasLink = true,
            SessionKeyHash = visitor.SessionKeyHash,
        };
    }
}
