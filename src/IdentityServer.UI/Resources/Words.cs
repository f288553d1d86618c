using System.Collections.Frozen;
using System.Globalization;
using System.Resources;
using IdentityServer.UI.Languages;

namespace IdentityServer.UI.Resources;

/// <summary>
/// All texts of a deployment: <c>Texts.{language}.resx</c> (pages; gaps are numbered) and <c>Messages.{language}.resx</c> (messages; gaps are named),
/// English without a language in its name, and over them what the section <c>Texts</c> says.
/// </summary>
public sealed class Words
{
    private readonly FrozenDictionary<string, FrozenDictionary<string, string>> languages;

    /// <summary>The built-in texts with some of them replaced.</summary>
    /// <param name="overrides">Language, key, text: checked before, see <see cref="TextsOptions.Problems"/>.</param>
    public Words(IReadOnlyDictionary<string, Dictionary<string, string>> overrides) => languages = Language.Tags.ToFrozenDictionary(
        tag => tag,
        tag =>
        {
            var texts = new Dictionary<string, string>(BuiltIn.languages[tag], StringComparer.Ordinal);
            foreach (var (key, text) in overrides.GetValueOrDefault(tag) ?? [])
                texts[key] = text;
            return texts.ToFrozenDictionary(StringComparer.Ordinal);
        },
        StringComparer.Ordinal);

    private Words() => languages = Language.Tags.ToFrozenDictionary(
        tag => tag,
        tag => Read("Texts", tag).Concat(Read("Messages", tag)).ToFrozenDictionary(StringComparer.Ordinal),
        StringComparer.Ordinal);

    /// <summary>What is built in.</summary>
    public static Words BuiltIn { get; } = new();

    /// <summary>The text named <paramref name="key"/> in a language.</summary>
    /// <exception cref="MissingManifestResourceException">There is none: a mistake in a page, which the tests find.</exception>
    public string Text(CultureInfo culture, string key) =>
        languages[culture.Name].GetValueOrDefault(key) ?? throw new MissingManifestResourceException($"The language {culture.Name} has no text {key}.");

    /// <summary>The form of the text named <paramref name="key"/> that goes with a number.</summary>
    public string Text(CultureInfo culture, string key, int number) => Text(culture, $"{key}.{Plural.Of(culture.Name, number)}");

    /// <summary>All texts of a language.</summary>
    public IReadOnlyDictionary<string, string> Of(string tag) => languages[tag];

    private static IEnumerable<KeyValuePair<string, string>> Read(string file, string tag)
    {
        var name = $"IdentityServer.UI.Resources.{file}{(tag == "en" ? "" : $".{tag}")}.resources";
        using var stream = typeof(Words).Assembly.GetManifestResourceStream(name) ?? throw new MissingManifestResourceException(name);
        using var reader = new ResourceReader(stream);
        foreach (System.Collections.DictionaryEntry entry in reader)
            yield return new((string)entry.Key, (string)entry.Value!);
    }
}
