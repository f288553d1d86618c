using System.Globalization;
using IdentityServer.UI.Resources;

namespace IdentityServer.UI.Messages;

/// <summary>The texts of one message. Placeholders are names in braces, so that a translator may use them in any order.</summary>
internal sealed class MessageTexts(Words words, CultureInfo culture, IReadOnlyDictionary<string, string> values)
{
    /// <summary>The text with its values filled in.</summary>
    /// <exception cref="System.Resources.MissingManifestResourceException">There is no such text.</exception>
    public string this[string key] =>
        // In one pass: a value that holds braces is never looked into.
        TextsOptions.Gap().Replace(words.Text(culture, key), match => values.GetValueOrDefault(match.Value[1..^1], match.Value));
}
