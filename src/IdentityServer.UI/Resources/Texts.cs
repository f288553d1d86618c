using System.Globalization;
using Microsoft.AspNetCore.Html;

namespace IdentityServer.UI.Resources;

/// <summary>The words of the pages in the language of the request.</summary>
public static class Texts
{
    private static readonly AsyncLocal<Words?> Ambient = new();

    /// <summary>This deployment's words, which go with the request as its culture does; the built-in ones where there is no request.</summary>
    public static Words Words
    {
        get => Ambient.Value ?? Words.BuiltIn;
        set => Ambient.Value = value;
    }

    /// <summary>The text named <paramref name="key"/>.</summary>
    /// <exception cref="System.Resources.MissingManifestResourceException">There is none.</exception>
    public static string Text(string key) => Words.Text(Culture, key);

    /// <summary>The text named <paramref name="key"/> with its gaps filled: numbers in the language's digits, names isolated.</summary>
    public static string Text(string key, params object?[] values) => Fill(Text(key), values);

    /// <summary>The text named <paramref name="key"/>, which may hold markup; what fills its gaps is encoded. The markup isolates names.</summary>
    public static IHtmlContent Html(string key, params object?[] values) =>
        new HtmlFormattableString(Culture, Text(key), [.. values.Select(value => value is int number ? Numerals.Write(number, Culture) : value)]);

    /// <summary>The form of the text named <paramref name="key"/> that goes with the number, and the number in its gap.</summary>
    public static string Count(string key, int number) => Fill(Tie(Words.Text(Culture, key, number)), number);

    /// <summary>A name beside other words, where no element can keep them apart.</summary>
    public static string Isolate(string name) => Bidi.Isolate(name, Culture);

    private static CultureInfo Culture => Languages.Language.Choose([CultureInfo.CurrentUICulture.Name]);

    // A number and its noun stay in one line, whichever comes first.
    private static string Tie(string text) =>
        text.Contains("{0} ", StringComparison.Ordinal) ? text.Replace("{0} ", "{0}\u00A0", StringComparison.Ordinal) : text.Replace(" {0}", "\u00A0{0}", StringComparison.Ordinal);

    private static string Fill(string text, params object?[] values) => string.Format(CultureInfo.InvariantCulture, text, [.. values.Select(value => value switch
    {
        int number => Numerals.Write(number, Culture),
        string name => Isolate(name),
        _ => value,
    })]);
}
