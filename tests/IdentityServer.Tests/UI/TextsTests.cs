using System.Globalization;
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

    [Theory]
    [InlineData("Texts")]
    [InlineData("Messages")]
    public void Every_language_has_every_text_and_no_other(string file)
    {
        var plain = Keys($"{file}.resx").Keys.Where(key => !IsCounted(key)).ToList();
        var counted = Keys($"{file}.resx").Keys.Where(IsCounted).Select(key => key[..key.LastIndexOf('.')]).Distinct().ToList();
        foreach (var language in Language.Tags)
        {
            var expected = plain.Concat(counted.SelectMany(key => Plural.For(language).Select(category => $"{key}.{category}")));
            Assert.Equal(expected.Order(StringComparer.Ordinal), Keys(FileOf(file, language)).Keys.Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData("Texts")]
    [InlineData("Messages")]
    public void Every_language_has_the_gaps_and_the_markup_of_English(string file)
    {
        var english = Keys($"{file}.resx");
        foreach (var language in Language.Tags)
        {
            foreach (var (key, text) in Keys(FileOf(file, language)))
            {
                if (!IsCounted(key))
                    Assert.True(Shape(english[key]) == Shape(text), $"{language} {key}: {Shape(text)} instead of {Shape(english[key])}");
                else if (Enumerable.Range(0, 200).Count(number => key.EndsWith($".{Plural.Of(language, number)}", StringComparison.Ordinal)) > 1)
                    Assert.True(text.Contains("{0}", StringComparison.Ordinal), $"{language} {key} goes with several numbers and names none");
                Assert.True(text.Trim().Length > 0 && TextsOptions.Gap().Replace(text, "").IndexOfAny(['{', '}']) < 0, $"{language} {key}");
            }
        }
    }

    [Fact]
    public void No_text_was_left_in_English()
    {
        // Words that are the same in both languages.
        string[] same = ["Format.Day", "Code.Label", "Error.Description", "Error.Status", "Error.Code", "Home.Documentation", "Title.Problem", "Account.SeenFrom", "Account.WithAccess.One", "Account.WithAccess.Other", "History.Through", "Span.Minutes.One", "Span.Minutes.Other"];
        foreach (var language in Language.Tags.Skip(1))
            Assert.Empty(Words.BuiltIn.Of(language).Where(text => text.Value == Words.BuiltIn.Of("en").GetValueOrDefault(text.Key) && !same.Contains(text.Key)).Select(text => $"{language} {text.Key}"));
    }

    // unicode.org: CLDR, Language Plural Rules.
    [Theory]
    [InlineData("en", "0 Other", "1 One", "2 Other", "11 Other")]
    [InlineData("fa", "0 One", "1 One", "2 Other")]
    [InlineData("fr", "0 One", "1 One", "2 Other")]
    [InlineData("zh-Hans", "0 Other", "1 Other", "5 Other")]
    [InlineData("ru", "0 Many", "1 One", "2 Few", "4 Few", "5 Many", "11 Many", "12 Many", "21 One", "22 Few", "111 Many")]
    [InlineData("uk", "1 One", "3 Few", "14 Many", "101 One")]
    [InlineData("ar", "0 Zero", "1 One", "2 Two", "3 Few", "10 Few", "11 Many", "99 Many", "100 Other", "102 Other", "103 Few")]
    public void Counted_words_have_the_forms_of_their_language(string language, params string[] expected) =>
        Assert.All(expected, one => Assert.Equal(one.Split(' ')[1], Plural.Of(language, int.Parse(one.Split(' ')[0]))));

    [Theory]
    [InlineData("en", "5 March 2027", "5 minutes")]
    [InlineData("de", "5. März 2027", "5 Minuten")]
    [InlineData("fa", "۱۴ اسفند ۱۴۰۵", "۵ دقیقه")]
    [InlineData("ar", "٥ مارس ٢٠٢٧", "٥ دقائق")]
    [InlineData("ru", "5 марта 2027 г.", "5 минут")]
    [InlineData("zh-Hans", "2027年3月5日", "5 分钟")]
    public void Days_and_spans_are_written_as_the_language_writes_them(string language, string day, string span) => Speaking(language, () =>
    {
        Assert.Equal(day, Spans.Day(new DateTimeOffset(2027, 3, 5, 12, 0, 0, TimeSpan.Zero)));
        Assert.Equal(span.Replace(' ', '\u00A0'), Spans.Wait(TimeSpan.FromMinutes(5)));
    });

    [Fact]
    public void Names_are_isolated_where_directions_meet()
    {
        Speaking("fa", () => Assert.Contains("\u2068Chrome\u2069", Texts.Text("Account.BrowserOnSystem", "Chrome", "Linux"), StringComparison.Ordinal));
        Speaking("en", () => Assert.Equal("Chrome on Linux", Texts.Text("Account.BrowserOnSystem", "Chrome", "Linux")));
    }

    [Theory]
    [InlineData("de", "SignIn.Heading", "Hallo", null)]
    [InlineData("de", "SignIn.TryLater", "Warten Sie {0}.", null)]
    [InlineData("ru", "Code.Wrong.Few", "Ещё {0}.", null)]
    [InlineData("de", "SignIn.Heding", "Hallo", "Texts:de:SignIn.Heding: there is no such text; did you mean \"SignIn.Heading\"?")]
    [InlineData("dee", "SignIn.Heading", "Hallo", "Texts:dee: there is no such language; did you mean \"de\"?")]
    [InlineData("de", "SignIn.TryLater", "Warten Sie.", "Texts:de:SignIn.TryLater: the gaps must be {0}, not none.")]
    [InlineData("de", "SignIn.Heading", "Hallo {0}", "Texts:de:SignIn.Heading: the gaps must be none, not {0}.")]
    [InlineData("de", "SignInCode.Subject", "{code} ({applikation})", "Texts:de:SignInCode.Subject: the gaps must be {application}{code}, not {applikation}{code}.")]
    [InlineData("de", "SignIn.Heading", "Hallo {", "Texts:de:SignIn.Heading: a brace that belongs to no gap; gaps look like {0} or {name}.")]
    [InlineData("de", "SignIn.Heading", " ", "Texts:de:SignIn.Heading: the text is empty; leave the setting out to keep the built-in one.")]
    public void Own_texts_are_checked(string language, string key, string text, string? problem)
    {
        var options = new TextsOptions();
        options.Languages[language] = new() { [key] = text };
        Assert.Equal(problem, options.Problems().SingleOrDefault());
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

    private static void Speaking(string language, Action test)
    {
        var (culture, ui) = (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture);
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(language);
            test();
        }
        finally
        {
            (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (culture, ui);
        }
    }

    private static string FileOf(string file, string language) => language == "en" ? $"{file}.resx" : $"{file}.{language}.resx";

    private static bool IsCounted(string key) => Plural.Categories.Contains(key[(key.LastIndexOf('.') + 1)..]);

    private static string Shape(string text) => TextsOptions.Gaps(text) + string.Concat(Tag().Matches(text).Select(tag => tag.Value).Order(StringComparer.Ordinal));

    [GeneratedRegex(@"""(?<key>(?<first>[A-Z][A-Za-z]*)(\.[A-Za-z0-9_{}]+)+)""")]
    private static partial Regex Literal();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();

    private sealed record Use(string Pattern)
    {
        public bool Covers(string key) => Regex.IsMatch(key, $"^{Regex.Replace(Regex.Escape(Pattern), @"\\\{[^}]*}", "[A-Za-z_]+")}(\\.One|\\.Other)?$");
    }
}
