using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using IdentityServer.Core.Users.Passwords;

namespace IdentityServer.Core.SignIn;

/// <summary>What is known of a challenge by the browser that began it; for the code page.</summary>
/// <param name="Address">As it was typed, normalised: the person sees where the message went.</param>
/// <param name="Channel">How the message travels; by text message it holds a code but no link.</param>
/// <param name="ParkedRequest">The authorization request that waits for this sign-in.</param>
/// <param name="CodeLength">Digits of the code.</param>
/// <param name="ResendAt">When another code may be asked for.</param>
/// <param name="ExpiresAt">When the newest code ends.</param>
public sealed record ChallengeView(
    string Address, Channel Channel, string? ParkedRequest, int CodeLength, DateTimeOffset ResendAt, DateTimeOffset ExpiresAt);

/// <summary>What a code, or a tap on the link in the same browser, came to.</summary>
public abstract record VerifyOutcome
{
    private VerifyOutcome()
    {
    }

    /// <summary>Signed in. The same right answer from the same browser gives this again, with the same session.</summary>
    public sealed record SignedIn(SessionTicket Ticket, string? ParkedRequest) : VerifyOutcome;

    /// <summary>The address is proved and nobody has it: a new person confirms their details.</summary>
    public sealed record DetailsNeeded(Guid ChallengeId) : VerifyOutcome;

    /// <summary>The address is proved, and the account has a password that was not asked for: the person chooses a new one.</summary>
    public sealed record PasswordNeeded(Guid ChallengeId) : VerifyOutcome;

    /// <summary>Not the code.</summary>
    public sealed record Wrong(int TriesLeft) : VerifyOutcome;

    /// <summary>A code that a newer one replaced; cost no try.</summary>
    public sealed record Superseded : VerifyOutcome;

    /// <summary>No try is left in this challenge, or its time is over: start again.</summary>
    public sealed record Spent : VerifyOutcome;

    /// <summary>Too many wrong codes for this address: codes pause, the link in the message still works.</summary>
    /// <param name="Until">When codes work again; null: only after the link was used.</param>
    public sealed record Paused(DateTimeOffset? Until) : VerifyOutcome;

    /// <summary>Too many wrong codes from this network; cost no try.</summary>
    public sealed record TryLater(DateTimeOffset At) : VerifyOutcome;

    /// <summary>No such challenge in this browser.</summary>
    public sealed record Gone : VerifyOutcome;
}

/// <summary>What the page behind a link shows; looking changes nothing.</summary>
public abstract record LinkView
{
    private LinkView()
    {
    }

    /// <summary>This browser asked: one tap signs in.</summary>
    public sealed record Ready(string Address, string? ParkedRequest) : LinkView;

    /// <summary>Another browser asked: the code is to be typed there.</summary>
    public sealed record OtherBrowser : LinkView;

    /// <summary>Used, replaced by a newer message, too old, or never made.</summary>
    public sealed record Gone : LinkView;
}

/// <summary>What a new person sees of their own proof.</summary>
public sealed record DetailsView(string Address, Channel Channel, string? ParkedRequest)
{
    /// <summary>Whether the form asks for the code of an invitation.</summary>
    public bool NeedsInvitation { get; init; }
}

/// <summary>What confirming details came to.</summary>
public abstract record DetailsOutcome
{
    private DetailsOutcome()
    {
    }

    /// <summary>The account exists and the browser is signed in.</summary>
    public sealed record SignedIn(SessionTicket Ticket, string? ParkedRequest) : DetailsOutcome;

    /// <summary>The name is empty, longer than 100 characters, or holds control characters.</summary>
    public sealed record NameNeeded : DetailsOutcome;

    /// <summary>New people need an invitation here, and the code is missing or nobody's.</summary>
    public sealed record InvitationNeeded : DetailsOutcome;

    /// <summary>The proof is too old or not this browser's: start again.</summary>
    public sealed record Gone : DetailsOutcome;
}

/// <summary>Whom the password page asks.</summary>
public sealed record PasswordView(string Address, Channel Channel);

/// <summary>What a password came to.</summary>
public abstract record PasswordOutcome
{
    private PasswordOutcome()
    {
    }

    /// <summary>It was right, or none is needed now: a code was asked for, which may be refused like any other.</summary>
    public sealed record Passed(StartOutcome Start) : PasswordOutcome;

    /// <summary>Not the password, no such account, or an account without one: which of them is not told.</summary>
    public sealed record Wrong : PasswordOutcome;

    /// <summary>Too many wrong passwords for this address, alike for known and unknown ones; a code still helps.</summary>
    /// <param name="Until">When passwords work again; null: only after the person signed in by a code.</param>
    public sealed record Paused(DateTimeOffset? Until) : PasswordOutcome;

    /// <summary>Too many wrong passwords from this network.</summary>
    public sealed record TryLater(DateTimeOffset At) : PasswordOutcome;

    /// <summary>The page is too old, or another browser's: start again.</summary>
    public sealed record Gone : PasswordOutcome;
}

/// <summary>Who chooses a new password.</summary>
public sealed record NewPasswordView(string Address, Channel Channel, string? ParkedRequest);

/// <summary>What choosing a new password came to.</summary>
public abstract record NewPasswordOutcome
{
    private NewPasswordOutcome()
    {
    }

    /// <summary>Set, and the browser is signed in.</summary>
    public sealed record SignedIn(SessionTicket Ticket, string? ParkedRequest) : NewPasswordOutcome;

    /// <summary>It breaks these rules; nothing was changed.</summary>
    public sealed record Unfit(IReadOnlyList<PasswordRule> Unmet) : NewPasswordOutcome;

    /// <summary>The proof is too old or not this browser's: start again.</summary>
    public sealed record Gone : NewPasswordOutcome;
}
