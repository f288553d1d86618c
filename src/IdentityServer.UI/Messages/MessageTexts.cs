using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;

namespace IdentityServer.UI.Messages;

/// <summary>
/// The texts of messages: <c>Resources/Messages.resx</c> and, for other languages, <c>Messages.xx.resx</c> beside it.
/// Placeholders are names in braces, so that a translator may use them in any order.
/// </summary>
internal sealed partial class MessageTexts
{
    private static readonly ResourceManager Resources = new("IdentityServer.UI.Resources.Messages", typeof(MessageTexts).Assembly);
    private readonly CultureInfo culture;
    private readonly IReadOnlyDictionary<string, string> values;

    public MessageTexts(string locale, IReadOnlyDictionary<string, string> values)
    {
        culture = Find(locale);
        this.values = values;
    }

    /// <summary>The text with its values filled in.</summary>
    /// <exception cref="MissingManifestResourceException">There is no such text.</exception>
    public string this[string key]
    {
        get
        {
            var text = Resources.GetString(key, culture) ?? throw new MissingManifestResourceException($"Messages.resx has no {key}.");
            // In one pass: a value that holds braces is never looked into.
            return Placeholder().Replace(text, match => values.GetValueOrDefault(match.Groups["name"].Value, match.Value));
        }
    }

    private static CultureInfo Find(string locale)
    {
        try
        {
            return CultureInfo.GetCultureInfo(locale, predefinedOnly: true);
        }
        catch (CultureNotFoundException)
        {
            return CultureInfo.InvariantCulture;
        }
    }

    [GeneratedRegex(@"\{(?<name>\w+)\}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Placeholder();
}
