namespace IdentityServer.Core.Proofs;

/// <summary>What asking for a first code came to.</summary>
public abstract record StartOutcome
{
    private StartOutcome()
    {
    }

    /// <summary>A challenge waits; whether the address is known, disabled or new cannot be told from this.</summary>
    public sealed record Started(Guid ChallengeId) : StartOutcome;

    /// <summary>What was typed is no address that can be written to.</summary>
    public sealed record NotAnAddress : StartOutcome;

    /// <summary>A phone number of a kind that is sent no text messages.</summary>
    public sealed record NoMessages : StartOutcome;

    /// <summary>A phone number, where text messages are not set up.</summary>
    public sealed record OnlyEmail : StartOutcome;

    /// <summary>Too many for this address or from this network; alike for known and unknown addresses.</summary>
    public sealed record TryLater(DateTimeOffset At) : StartOutcome;
}

/// <summary>What asking for another code came to.</summary>
public abstract record ResendOutcome
{
    private ResendOutcome()
    {
    }

    /// <summary>A new code is on its way; the earlier one is dead.</summary>
    public sealed record Sent : ResendOutcome;

    /// <summary>Not yet.</summary>
    public sealed record TooSoon(DateTimeOffset At) : ResendOutcome;

    /// <summary>The challenge is finished, too old, or not this browser's: start again.</summary>
    public sealed record Gone : ResendOutcome;
}
