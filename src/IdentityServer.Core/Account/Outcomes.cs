namespace IdentityServer.Core.Account;

/// <summary>What registering, or asking for an activation code, came to.</summary>
public abstract record RegisterOutcome
{
    private RegisterOutcome()
    {
    }

    /// <summary>A message is on its way; whether the address is free, taken or disabled cannot be told from this.</summary>
    public sealed record Accepted(CodeOnItsWay Code) : RegisterOutcome;

    /// <summary>Fields are wrong; depends on what was typed alone.</summary>
    public sealed record Invalid(IReadOnlyDictionary<string, string[]> Problems) : RegisterOutcome;

    /// <summary>New people cannot register here.</summary>
    public sealed record Closed : RegisterOutcome;

    /// <summary>Too many for this address or from this network, alike for all addresses.</summary>
    public sealed record TryLater(DateTimeOffset At) : RegisterOutcome;
}

/// <summary>What asking for a code came to.</summary>
public abstract record SendOutcome
{
    private SendOutcome()
    {
    }

    /// <summary>On its way.</summary>
    public sealed record Sent(CodeOnItsWay Code) : SendOutcome;

    /// <summary>What was typed, or the account, does not allow it; <paramref name="Problem"/> says why.</summary>
    public sealed record Unusable(string Problem) : SendOutcome
    {
        /// <summary>It is the account's already, and proved.</summary>
        public bool IsOwn { get; init; }

        /// <summary>It is the number of a phone that is sent no text messages.</summary>
        public bool GetsNoMessages { get; init; }
    }

    /// <summary>Too many.</summary>
    public sealed record TryLater(DateTimeOffset At) : SendOutcome;
}

/// <summary>What a code that confirms something came to.</summary>
public abstract record ConfirmOutcome
{
    private ConfirmOutcome()
    {
    }

    /// <summary>Done.</summary>
    public sealed record Confirmed : ConfirmOutcome;

    /// <summary>Not the code.</summary>
    public sealed record Wrong(int TriesLeft) : ConfirmOutcome;

    /// <summary>A newer code was sent; cost no try.</summary>
    public sealed record Superseded : ConfirmOutcome;

    /// <summary>Finished, used up, too old, not this person's, or the address became somebody's meanwhile: start again.</summary>
    public sealed record Gone : ConfirmOutcome;

    /// <summary>Too many wrong codes.</summary>
    /// <param name="At">When codes work again; null: after the person signed in otherwise.</param>
    public sealed record TryLater(DateTimeOffset? At) : ConfirmOutcome;
}

/// <summary>What naming who invited one came to.</summary>
public abstract record InvitationOutcome
{
    private InvitationOutcome()
    {
    }

    /// <summary>Done.</summary>
    public sealed record Used : InvitationOutcome;

    /// <summary>The code is nobody's or the person's own, or they named somebody before.</summary>
    public sealed record Refused : InvitationOutcome;

    /// <summary>Too many wrong codes from there.</summary>
    public sealed record TryLater(DateTimeOffset At) : InvitationOutcome;
}

/// <summary>What removing an address came to.</summary>
public enum RemoveOutcome
{
    /// <summary>Done, or there was none.</summary>
    Removed,

    /// <summary>It is the last proved one that messages can reach: without it nobody could sign in.</summary>
    LastOne,
}
