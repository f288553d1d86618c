using System.Text.RegularExpressions;
using IdentityServer.Core;
using IdentityServer.UI.Languages;

namespace IdentityServer.UI.Resources;

/// <summary>A deployment's own texts: the section <c>Texts</c>, e.g. <c>Texts:de:SignIn.Heading</c>.</summary>
public sealed partial class TextsOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Texts";

    /// <summary>Language (BCP 47), key, text.</summary>
    public Dictionary<string, Dictionary<string, string>> Languages { get; } = new(StringComparer.Ordinal);

    /// <summary>What is wrong: languages and keys that there are not, gaps that are not those of the text that is replaced. One line each.</summary>
    public IEnumerable<string> Problems()
    {
        foreach (var (tag, texts) in Languages)
        {
            if (!Language.Tags.Contains(tag, StringComparer.Ordinal))
            {
                yield return $"{Section}:{tag}: there is no such language; {NearestName.Advice(tag, Language.Tags)}";
                continue;
            }

            var known = Words.BuiltIn.Of(tag);
            foreach (var (key, text) in texts)
            {
                if (!known.TryGetValue(key, out var original))
                    yield return $"{Section}:{tag}:{key}: there is no such text; {NearestName.Advice(key, known.Keys)}";
                else if (Difference(original, text) is { } difference)
                    yield return $"{Section}:{tag}:{key}: {difference}";
            }
        }
    }

    /// <summary>The gaps of a text, each once, in order of their names: "{0}{1}".</summary>
    internal static string Gaps(string text) =>
        string.Concat(Gap().Matches(text).Select(gap => gap.Value).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    private static string? Difference(string original, string text)
    {
        var (expected, found) = (Gaps(original), Gaps(text));
        return string.IsNullOrWhiteSpace(text) ? "the text is empty; leave the setting out to keep the built-in one."
            : Gap().Replace(text, "").AsSpan().IndexOfAny('{', '}') >= 0 ? "a brace that belongs to no gap; gaps look like {0} or {name}."
            : expected == found ? null
            : $"the gaps must be {(expected.Length == 0 ? "none" : expected)}, not {(found.Length == 0 ? "none" : found)}.";
    }

    [GeneratedRegex(@"\{\w+\}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    internal static partial Regex Gap();
}
