using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users.Passwords;
using IdentityServer.UI.Resources;

namespace IdentityServer.UI.Pages;

/// <summary>The field for a password, with the rules of a new one. Shown by <c>Shared/_Password</c>.</summary>
/// <param name="Label">What is asked for.</param>
/// <param name="IsNew">A password that is being chosen, not the one that is known.</param>
public sealed record PasswordField(string Label, bool IsNew)
{
    /// <summary>What is wrong.</summary>
    public string? Mistake { get; init; }

    /// <summary>The rules that were broken.</summary>
    public IReadOnlyList<PasswordRule> Unmet { get; init; } = [];

    /// <summary>The elements that are read out with the field.</summary>
    public string? DescribedBy => (Mistake is null, IsNew) switch
    {
        (true, false) => null,
        (false, false) => "password-error",
        (true, true) => "password-rules",
        _ => "password-error password-rules",
    };

    /// <summary>The rules that are listed: those in force, and those that are only spoken of when they were broken.</summary>
    public IEnumerable<PasswordRule> Listed(PasswordRules rules) => rules.InForce.Union(Unmet);

    /// <summary>What stands below the field when a new password was refused.</summary>
    public static string MistakeOf(string? typed) => Texts.Text(string.IsNullOrEmpty(typed) ? "Password.Missing" : "NewPassword.Unfit");

    /// <summary>A rule in words.</summary>
    public static string Words(PasswordRule rule, PasswordRules rules) => rule switch
    {
        PasswordRule.Length => Texts.Text("PasswordRule.Length", rules.MinLength),
        PasswordRule.Most => Texts.Text("PasswordRule.Most", PasswordRules.MaxLength),
        PasswordRule.Upper => Texts.Text("PasswordRule.Upper"),
        PasswordRule.Lower => Texts.Text("PasswordRule.Lower"),
        PasswordRule.Digit => Texts.Text("PasswordRule.Digit"),
        PasswordRule.Punctuation => Texts.Text("PasswordRule.Punctuation"),
        PasswordRule.Visible => Texts.Text("PasswordRule.Visible"),
        PasswordRule.Uncommon => Texts.Text("PasswordRule.Uncommon"),
        _ => Texts.Text("PasswordRule.Impersonal"),
    };
}

/// <summary>Whose password it is, for the person and for their password manager. Shown by <c>Shared/_Owner</c>.</summary>
public sealed record PasswordOwner(string Address, Channel Channel);
