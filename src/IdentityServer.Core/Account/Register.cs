using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Account;

/// <summary>What a person says of themselves when they register.</summary>
public sealed record NewAccount
{
    /// <summary>Gets the code, when it is given.</summary>
    public string? Email { get; init; }

    /// <summary>Gets the code, when no e-mail address is given.</summary>
    public string? Phone { get; init; }

    /// <summary>The code of who invited them.</summary>
    public string? Invitation { get; init; }

    /// <summary>Names and the like.</summary>
    public ProfileChanges Profile { get; init; } = new();
}

/// <summary>
/// <c>POST /api/v1/users</c> and <c>/users/code</c>: makes an account that is nobody's yet, and sends the code that makes it its owner's
/// (<see cref="Activate"/>). Free, taken and disabled addresses are answered alike and cost the same; what differs is in the message, which only the
/// address's owner reads. Which account is made or renewed: <see cref="RegistrationPlan"/>.
/// </summary>
public sealed class Register
{
    private const int Rounds = 3;

    private readonly ServerDb db;
    private readonly RegistrationPlan plan;
    private readonly ChallengeSender sender;
    private readonly Challenges challenges;
    private readonly AddressFields addresses;
    private readonly Askers askers;
    private readonly Inviters inviters;
    private readonly ProfileEditing profiles;
    private readonly Secrets secrets;
    private readonly SignInOptions options;
    private readonly TimeProvider time;

    internal Register(
        ServerDb db,
        RegistrationPlan plan,
        ChallengeSender sender,
        Challenges challenges,
        AddressFields addresses,
        Askers askers,
        Inviters inviters,
        ProfileEditing profiles,
        Secrets secrets,
        IOptions<SignInOptions> options,
        TimeProvider time)
    {
        this.db = db;
        this.plan = plan;
        this.sender = sender;
        this.challenges = challenges;
        this.addresses = addresses;
        this.askers = askers;
        this.inviters = inviters;
        this.profiles = profiles;
        this.secrets = secrets;
        this.options = options.Value;
        this.time = time;
    }

    /// <summary>Makes or renews an inactive account, and sends its code.</summary>
    public async Task<RegisterOutcome> RegisterAsync(NewAccount account, Requester requester, CancellationToken cancellationToken)
    {
        if (!options.SignUp)
            return new RegisterOutcome.Closed();

        var problems = new Dictionary<string, string[]>(profiles.Problems(account.Profile), StringComparer.Ordinal);
        var (email, phone) = addresses.Read(account.Email, account.Phone, problems);
        if (options.InviteOnly && string.IsNullOrWhiteSpace(account.Invitation))
            problems["invitation"] = ["New people need an invitation here: give the code of somebody who has an account."];
        var (inviter, tryAt) = await inviters.FindAsync(account.Invitation, await askers.SourceAsync(requester, cancellationToken), cancellationToken);
        if (tryAt is { } at)
            return new RegisterOutcome.TryLater(at);
        if (inviter is null && !string.IsNullOrWhiteSpace(account.Invitation))
            problems["invitation"] = ["This is nobody's code."];
        if (problems.Count > 0)
            return new RegisterOutcome.Invalid(problems);

        for (var round = 1; ; round++)
        {
            try
            {
                return await RegisterOnceAsync((email ?? phone)!, email is null ? null : phone, account.Profile, inviter, requester, cancellationToken);
            }
            catch (DbUpdateException)
            {
                // The unique indexes, or another's stamp: the same address was registered at the same moment. Now there is an account to renew.
                db.ChangeTracker.Clear();
                if (round == Rounds)
                    return new RegisterOutcome.TryLater(time.GetUtcNow() + options.ResendDelay);
            }
        }
    }

    /// <summary>Another code for an account that was registered: the earlier one is dead. For every other address alike, with another message.</summary>
    public async Task<RegisterOutcome> SendCodeAsync(string? typed, Requester requester, CancellationToken cancellationToken)
    {
        var problems = new Dictionary<string, string[]>(StringComparer.Ordinal);
        if (addresses.Read("address", typed, channel: null, problems) is not { } address)
            return new RegisterOutcome.Invalid(problems);

        var now = time.GetUtcNow();
        var asker = await askers.OfAsync(requester with { UserId = await plan.UnclaimedAsync(address, now, cancellationToken) }, ChallengeHandle.NewSecret(), cancellationToken);
        if (await challenges.FindNewestAsync(ChallengePurpose.Registration, address, secrets.HashAddress(address), now, cancellationToken) is { } pending)
        {
            switch (await sender.ResendAsync(pending, asker with { Locale = pending.Locale }, cancellationToken))
            {
                case ResendOutcome.Sent:
                    return Accepted();
                case ResendOutcome.TooSoon(var at):
                    return new RegisterOutcome.TryLater(at);
            }
        }

        return Of(await sender.StartAsync(ChallengePurpose.Registration, address, asker, cancellationToken));
    }

    private async Task<RegisterOutcome> RegisterOnceAsync(
        Address primary, Address? other, ProfileChanges profile, Guid? inviter, Requester requester, CancellationToken cancellationToken)
    {
        var id = await plan.AddAsync(primary, other, user => Fill(user, profile, inviter, requester), requester.Ip, time.GetUtcNow(), cancellationToken);
        var asker = await askers.OfAsync(requester with { UserId = id }, ChallengeHandle.NewSecret(), cancellationToken);

        // Saves the account too: both or neither.
        return Of(await sender.StartAsync(ChallengePurpose.Registration, primary, asker, cancellationToken));
    }

    // All of it: what somebody else said of the address's owner before must not stay.
    private static void Fill(User user, ProfileChanges profile, Guid? inviter, Requester requester)
    {
        (user.Name, user.GivenName, user.FamilyName, user.BirthDate, user.Gender, user.ZoneInfo, user.PictureUrl) = (null, null, null, null, null, null, null);
        (user.Locale, user.InvitedById) = (requester.Locale, inviter);
        profile.ApplyTo(user);
    }

    private RegisterOutcome Of(StartOutcome started) => started switch
    {
        StartOutcome.Started => Accepted(),
        StartOutcome.TryLater(var at) => new RegisterOutcome.TryLater(at),
        _ => throw new InvalidOperationException(),
    };

    private RegisterOutcome.Accepted Accepted() => new(CodeOnItsWay.Of(challenge: null, options));
}
