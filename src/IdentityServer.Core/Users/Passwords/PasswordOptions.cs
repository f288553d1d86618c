namespace IdentityServer.Core.Users.Passwords;

/// <summary>Passwords as a first step before the code: the section <c>SignIn:Password</c>. See docs/guides/passwords.md.</summary>
public sealed class PasswordOptions
{
    /// <summary>Whether accounts may have a password, which the pages then ask for before a code is sent; false by default.</summary>
    public bool Enabled { get; set; }

    /// <summary>Characters that a new password has at least: 8 to 64, 8 by default.</summary>
    public int MinLength { get; set; } = 8;

    /// <summary>Whether a new password needs a capital letter; true by default.</summary>
    public bool RequireUpper { get; set; } = true;

    /// <summary>Whether a new password needs a small letter; true by default.</summary>
    public bool RequireLower { get; set; } = true;

    /// <summary>Whether a new password needs a digit; true by default.</summary>
    public bool RequireDigit { get; set; } = true;

    /// <summary>Whether a new password needs a punctuation mark or another sign; true by default.</summary>
    public bool RequirePunctuation { get; set; } = true;

    internal static IEnumerable<string> Problems(PasswordOptions options)
    {
        if (options.MinLength is < 8 or > 64)
            yield return "SignIn:Password:MinLength must be 8 to 64: fewer are guessed too easily even with a code after it (NIST SP 800-63B-4, 3.1.1.2), and nobody must be kept from a short sentence.";
    }
}
