using IdentityServer.Core.Users;

namespace IdentityServer.Core.SignIn;

/// <summary>What a proof bought.</summary>
internal abstract record Completion
{
    private Completion()
    {
    }

    /// <summary>Who it is; <paramref name="Ticket"/> where there is a browser.</summary>
    public sealed record SignedIn(Guid UserId, SessionTicket? Ticket) : Completion;

    /// <summary>Nobody has the address, and no name, or no invitation where one is needed, was given yet.</summary>
    public sealed record NewPerson : Completion;

    /// <summary>The account has a password, and a code alone does not open it: in a browser a new one may be chosen now.</summary>
    public sealed record PasswordNeeded : Completion;

    /// <summary>Nothing: it was spent, or the account is disabled.</summary>
    public sealed record Refused : Completion;
}

/// <summary>Who finishes a challenge.</summary>
/// <param name="Visitor">The browser that gets a session; null at the one-time-code grant.</param>
/// <param name="Name">A new person's checked name; null when it was not asked for yet.</param>
/// <param name="Locale">The language that is stored with an account that has none.</param>
/// <param name="Ip">Where from.</param>
internal sealed record Finisher(Visitor? Visitor, string? Name, string Locale, string? Ip)
{
    /// <summary>Who invited the new person.</summary>
    public Guid? InviterId { get; init; }

    /// <summary>The hash of the password that is chosen in the place of a forgotten one.</summary>
    public string? NewPasswordHash { get; init; }
}
