using System.Globalization;
using IdentityServer.Protocol;

namespace IdentityServer.UI.Languages;

/// <summary>The languages that the pages and messages speak.</summary>
public static class Language
{
    /// <summary>Each has its texts in <c>Resources</c>; the first is spoken when no wish can be met.</summary>
    public static readonly IReadOnlyList<CultureInfo> Supported =
        [.. new[] { "en", "ar", "zh-Hans", "de", "es", "fa", "fr", "pt", "ru", "sw", "tr", "uk" }.Select(CultureInfo.GetCultureInfo)];

    /// <summary>Their tags (BCP 47).</summary>
    public static readonly IReadOnlyList<string> Tags = [.. Supported.Select(culture => culture.Name)];

    /// <summary>The first wish that can be met, see <see cref="LanguageTags"/>; else the first language that is offered.</summary>
    /// <param name="wishes">Language tags (RFC 5646), best first; nonsense is passed over.</param>
    /// <param name="offered">Some of <see cref="Tags"/>; null offers all.</param>
    public static CultureInfo Choose(IEnumerable<string> wishes, IReadOnlyCollection<string>? offered = null) =>
        Named(LanguageTags.Choose(wishes, offered ?? Tags) ?? (offered ?? Tags).First());

    /// <summary>The language with this tag.</summary>
    public static CultureInfo Named(string tag) => Supported.First(culture => culture.Name.Equals(tag, StringComparison.OrdinalIgnoreCase));

    /// <summary><c>rtl</c> or <c>ltr</c>, for the attribute <c>dir</c>.</summary>
    public static string Direction(CultureInfo culture) => culture.TextInfo.IsRightToLeft ? "rtl" : "ltr";
}
