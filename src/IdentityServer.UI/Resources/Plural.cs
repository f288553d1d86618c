namespace IdentityServer.UI.Resources;

/// <summary>
/// The form of a counted noun, by the Unicode CLDR's plural rules for whole numbers below a million: what is counted here never reaches those that
/// have another form, and is never broken (so Russian and Ukrainian need no <c>Other</c>).
/// </summary>
internal static class Plural
{
    /// <summary>All names; each is the end of a text's key, after a dot.</summary>
    public static readonly IReadOnlyList<string> Categories = ["Zero", "One", "Two", "Few", "Many", "Other"];

    /// <summary>The form for <paramref name="number"/>, one of <see cref="Categories"/>.</summary>
    /// <param name="language">One of <see cref="Languages.Language.Tags"/>.</param>
    /// <param name="number">Not negative.</param>
    public static string Of(string language, int number) => language switch
    {
        "zh-Hans" => "Other",
        "fa" or "fr" or "pt" => number is 0 or 1 ? "One" : "Other",
        "ru" or "uk" => Slavic(number % 10, number % 100),
        "ar" => Arabic(number, number % 100),
        _ => number == 1 ? "One" : "Other",
    };

    /// <summary>The forms that a language has.</summary>
    public static IReadOnlySet<string> For(string language) =>
        Enumerable.Range(0, 200).Select(number => Of(language, number)).ToHashSet(StringComparer.Ordinal);

    private static string Slavic(int last, int lastTwo) =>
        lastTwo is >= 11 and <= 14 ? "Many"
        : last == 1 ? "One"
        : last is >= 2 and <= 4 ? "Few"
        : "Many";

    private static string Arabic(int number, int lastTwo) => (number, lastTwo) switch
    {
        (0, _) => "Zero",
        (1, _) => "One",
        (2, _) => "Two",
        (_, >= 3 and <= 10) => "Few",
        (_, >= 11) => "Many",
        _ => "Other",
    };
}
