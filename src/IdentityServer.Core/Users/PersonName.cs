using System.Globalization;
using System.Text;

namespace IdentityServer.Core.Users;

/// <summary>A person's name as they write it.</summary>
internal static class PersonName
{
    private const int MaxLength = 100;

    /// <summary>The name, trimmed and composed; null when it is empty, longer than 100 characters, or holds control or text-direction characters.</summary>
    public static string? Read(string? typed) =>
        ReadText(typed, MaxLength) is { } name && name.EnumerateRunes().Any(Rune.IsLetterOrDigit) ? name : null;

    /// <summary>The full name of who gave its parts only; null when there are none.</summary>
    public static string? Of(string? given, string? family) =>
        given is null || family is null ? given ?? family : given.Length + family.Length < MaxLength ? $"{given} {family}" : given;

    /// <summary>The same for other short texts, which need no letter.</summary>
    public static string? ReadText(string? typed, int maxLength)
    {
        if (typed?.Trim() is not { Length: > 0 } text || text.Length > maxLength || !text.EnumerateRunes().All(IsPrintable))
            return null;

        var composed = text.Normalize(NormalizationForm.FormC);
        return composed.Length <= maxLength ? composed : null;
    }

    // Format characters reorder or hide text on pages of others, except the joiners, which some scripts spell names with.
    private static bool IsPrintable(Rune rune) => rune.Value != 0xFFFD && Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Format => rune.Value is 0x200C or 0x200D,
        UnicodeCategory.Control or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned => false,
        UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => false,
        _ => true,
    };
}
