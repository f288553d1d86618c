using System.Globalization;
using System.Text;

namespace IdentityServer.Core.Users.Passwords;

/// <summary>What a new password must be.</summary>
public enum PasswordRule
{
    /// <summary>At least as long as the settings say, counted in characters (Unicode code points).</summary>
    Length,

    /// <summary>At most <see cref="PasswordRules.MaxLength"/> characters.</summary>
    Most,

    /// <summary>A capital letter is in it.</summary>
    Upper,

    /// <summary>A small letter is in it.</summary>
    Lower,

    /// <summary>A digit is in it.</summary>
    Digit,

    /// <summary>A punctuation mark or another sign is in it.</summary>
    Punctuation,

    /// <summary>Nothing invisible is in it but spaces.</summary>
    Visible,

    /// <summary>It is none of those that are tried first.</summary>
    Uncommon,

    /// <summary>It is not made of the person's own name or address.</summary>
    Impersonal,
}

/// <summary>Says what is wrong with a new password. Pure.</summary>
public sealed class PasswordRules(PasswordOptions options)
{
    /// <summary>Characters that a password has at most: enough for a long sentence, too few to keep the server busy with hashing.</summary>
    public const int MaxLength = 128;

    // Shorter names are in many words by chance.
    private const int ShortestName = 3;

    /// <summary>Whether there are passwords at all.</summary>
    public bool Enabled => options.Enabled;

    /// <summary>Characters that a new password has at least.</summary>
    public int MinLength => options.MinLength;

    /// <summary>The rules in force, in the order in which people read them.</summary>
    public IReadOnlyList<PasswordRule> InForce { get; } =
    [
        PasswordRule.Length,
        .. options.RequireUpper ? [PasswordRule.Upper] : Array.Empty<PasswordRule>(),
        .. options.RequireLower ? [PasswordRule.Lower] : Array.Empty<PasswordRule>(),
        .. options.RequireDigit ? [PasswordRule.Digit] : Array.Empty<PasswordRule>(),
        .. options.RequirePunctuation ? [PasswordRule.Punctuation] : Array.Empty<PasswordRule>(),
        PasswordRule.Uncommon,
        PasswordRule.Impersonal,
    ];

    /// <summary>
    /// The one form of a password, however a keyboard composes it: RFC 8265 §4.2 (OpaqueString), "any instances of non-ASCII space MUST be mapped to
    /// SPACE", then NFC; case and width are kept. Null when it is empty, too long or holds what that profile disallows: it is nobody's password.
    /// </summary>
    public static string? Prepare(string? typed) => Normalize(typed) is { Length: > 0 } text && CountOf(text) <= MaxLength && IsVisible(text) ? text : null;

    /// <summary>The rules that it breaks; none: it may be set.</summary>
    /// <param name="typed">As it was typed.</param>
    /// <param name="own">The person's addresses and names.</param>
    public IReadOnlyList<PasswordRule> Unmet(string? typed, IEnumerable<string?> own)
    {
        if (Normalize(typed) is not { } text)
            return [PasswordRule.Visible];

        var unmet = InForce.Where(rule => !Meets(rule, text, own)).ToList();
        if (CountOf(text) > MaxLength)
            unmet.Add(PasswordRule.Most);
        if (!IsVisible(text))
            unmet.Add(PasswordRule.Visible);
        return unmet;
    }

    private bool Meets(PasswordRule rule, string text, IEnumerable<string?> own) => rule switch
    {
        PasswordRule.Length => CountOf(text) >= options.MinLength,
        PasswordRule.Upper => text.EnumerateRunes().Any(Rune.IsUpper),
        PasswordRule.Lower => text.EnumerateRunes().Any(Rune.IsLower),
        PasswordRule.Digit => text.EnumerateRunes().Any(Rune.IsDigit),
        PasswordRule.Punctuation => text.EnumerateRunes().Any(rune => Rune.IsPunctuation(rune) || Rune.IsSymbol(rune)),
        PasswordRule.Uncommon => !CommonPasswords.Holds(text),
        PasswordRule.Impersonal => !own.SelectMany(WordsOf).Any(word => IsMadeOf(text, word)),
        _ => true,
    };

    // "Anna1234!" is the name with a tail; a sentence that mentions Anna is not.
    private bool IsMadeOf(string text, string word) =>
        text.Contains(word, StringComparison.OrdinalIgnoreCase)
        && CountOf(text.Replace(word, "", StringComparison.OrdinalIgnoreCase)) < options.MinLength;

    private static IEnumerable<string> WordsOf(string? own) =>
        (own ?? "").Normalize(NormalizationForm.FormC).Split([' ', '@', '.', '-', '_', '+', '\''], StringSplitOptions.RemoveEmptyEntries)
            .Append((own ?? "").Split('@')[0].TrimStart('+'))
            .Where(word => CountOf(word) >= ShortestName);

    private static string? Normalize(string? typed)
    {
        // Normalising throws on half a surrogate pair.
        if (typed is null || typed.Length > MaxLength * 8 || typed.EnumerateRunes().Any(rune => rune == Rune.ReplacementChar))
            return null;

        var spaced = string.Concat(typed.EnumerateRunes().Select(rune => Rune.GetUnicodeCategory(rune) == UnicodeCategory.SpaceSeparator ? " " : rune.ToString()));
        return spaced.Normalize(NormalizationForm.FormC);
    }

    // RFC 8264 §4.3.3: the FreeformClass disallows controls, unassigned code points, and what is ignored by default except the joiners.
    private static bool IsVisible(string text) => text.EnumerateRunes().All(rune => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Format => rune.Value is 0x200C or 0x200D,
        UnicodeCategory.Control or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned => false,
        UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => false,
        _ => true,
    });

    // NIST SP 800-63B-4 §3.1.1.2: "Each Unicode code point SHALL be counted as a single character when evaluating password length."
    private static int CountOf(string text) => text.EnumerateRunes().Count();
}
