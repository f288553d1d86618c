using System.Globalization;

namespace IdentityServer.UI.Languages;

/// <summary>The languages that the pages speak.</summary>
public static class Language
{
    /// <summary>Each has its texts in <c>Resources</c>; the first is spoken when no wish can be met.</summary>
    public static readonly IReadOnlyList<CultureInfo> Supported = [CultureInfo.GetCultureInfo("en")];

    /// <summary>The first wish that can be met: exactly, or by the language it belongs to (<c>en-GB</c> by <c>en</c>).</summary>
    /// <param name="wishes">Language tags (RFC 5646), best first; nonsense is passed over.</param>
    public static CultureInfo Choose(IEnumerable<string> wishes)
    {
        foreach (var wish in wishes)
        {
            for (var tag = wish; tag.Length > 0; tag = tag[..Math.Max(tag.LastIndexOf('-'), 0)])
            {
                if (Supported.FirstOrDefault(culture => culture.Name.Equals(tag, StringComparison.OrdinalIgnoreCase)) is { } found)
                    return found;
            }
        }

        return Supported[0];
    }
}
