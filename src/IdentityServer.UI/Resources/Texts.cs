using System.Globalization;
using System.Resources;
using Microsoft.AspNetCore.Html;

namespace IdentityServer.UI.Resources;

/// <summary>The words of the pages in the language of the request, from <c>Texts.resx</c>.</summary>
public static class Texts
{
    private static readonly ResourceManager Resources = new(typeof(Texts));

    /// <summary>The text named <paramref name="key"/>.</summary>
    /// <exception cref="MissingManifestResourceException">There is none.</exception>
    public static string Text(string key) =>
        Resources.GetString(key, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException($"Texts.resx has no {key}.");

    /// <summary>The text named <paramref name="key"/> with its gaps filled.</summary>
    public static string Text(string key, params object?[] values) => string.Format(CultureInfo.CurrentCulture, Text(key), values);

    /// <summary>The text named <paramref name="key"/>, which may hold markup; what fills its gaps is encoded.</summary>
    public static IHtmlContent Html(string key, params object?[] values) => new HtmlFormattableString(CultureInfo.CurrentCulture, Text(key), values);

    /// <summary>The text named <paramref name="key"/> with <c>.One</c> or <c>.Other</c> after it, and the number in its gap.</summary>
    public static string Count(string key, int number) => Text(key + (number == 1 ? ".One" : ".Other"), number);
}
