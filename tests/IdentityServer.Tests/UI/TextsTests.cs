using System.Text.RegularExpressions;
using System.Xml.Linq;
using IdentityServer.Testing;
using IdentityServer.UI.Languages;
using IdentityServer.UI.Resources;
using Xunit;

namespace IdentityServer.Tests.UI;

/// <summary>Every word that a page asks for is there, in every language, and no other.</summary>
public sealed partial class TextsTests
{
    private static readonly string Project = Path.Combine(Repository.Root, "src", "IdentityServer.UI");

    [Fact]
    public void Every_text_that_a_page_asks_for_exists()
    {
        var keys = Keys("Texts.resx").Keys.ToHashSet(StringComparer.Ordinal);
        var missing = Used().Where(used => !keys.Any(key => used.Covers(key))).Select(used => used.Pattern);
        Assert.Empty(missing);
    }

    [Fact]
    public void No_text_is_left_over()
    {
        var used = Used();
        Assert.DoesNotContain(Keys("Texts.resx").Keys, key => !used.Exists(use => use.Covers(key)));
    }

    [Fact]
    public void Every_language_has_every_text_with_the_same_gaps()
    {
        var english = Keys("Texts.resx");
        foreach (var culture in Language.Supported.Skip(1))
        {
            var other = Keys($"Texts.{culture.Name}.resx");
            Assert.Equal(english.Keys.Order(StringComparer.Ordinal), other.Keys.Order(StringComparer.Ordinal));
            Assert.All(english, text => Assert.Equal(Gaps(text.Value), Gaps(other[text.Key])));
        }
    }

    [Fact]
    public void What_fills_a_gap_is_encoded()
    {
        using var writer = new StringWriter();
        Texts.Html("SignIn.LeadTo", "<script>").WriteTo(writer, System.Text.Encodings.Web.HtmlEncoder.Default);
        Assert.Contains("&lt;script&gt;", writer.ToString(), StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Keys(string file) =>
        XDocument.Load(Path.Combine(Project, "Resources", file)).Root!.Elements("data")
            .ToDictionary(data => data.Attribute("name")!.Value, data => data.Element("value")!.Value, StringComparer.Ordinal);

    // Every literal that begins like a key: "SignIn.Title", $"Scope.{name}.Title".
    private static List<Use> Used()
    {
        var beginnings = Keys("Texts.resx").Keys.Select(key => key.Split('.')[0]).ToHashSet(StringComparer.Ordinal);
        return [.. Directory.GetFiles(Project, "*.cs*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".cs" or ".cshtml")
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .SelectMany(file => Literal().Matches(File.ReadAllText(file)))
            .Where(literal => beginnings.Contains(literal.Groups["first"].Value))
            .Select(literal => new Use(literal.Groups["key"].Value))
            .Distinct()];
    }

    private static string Gaps(string text) => string.Concat(Gap().Matches(text).Select(gap => gap.Value).Distinct().Order(StringComparer.Ordinal));

    [GeneratedRegex(@"""(?<key>(?<first>[A-Z][A-Za-z]*)(\.[A-Za-z0-9_{}]+)+)""")]
    private static partial Regex Literal();

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Gap();

    private sealed record Use(string Pattern)
    {
        public bool Covers(string key) => Regex.IsMatch(key, $"^{Regex.Replace(Regex.Escape(Pattern), @"\\\{[^}]*}", "[A-Za-z_]+")}(\\.One|\\.Other)?$");
    }
}
