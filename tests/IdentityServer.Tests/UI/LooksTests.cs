using IdentityServer.UI.Branding;
using IdentityServer.UI.Languages;
using IdentityServer.UI.Pages;
using IdentityServer.UI.Pages.Account;
using IdentityServer.UI.Security;
using Xunit;

namespace IdentityServer.Tests.UI;

/// <summary>The pure parts of the pages.</summary>
public sealed class LooksTests
{
    private static readonly Rgb DarkCard = Rgb.Parse("#15181f");

    // WCAG 2.2 1.4.3
    [Theory]
    [InlineData("#3b4fd8")]
    [InlineData("#ffee00")]
    [InlineData("#ffffff")]
    [InlineData("#000000")]
    [InlineData("#777777")]
    [InlineData("#00ff88")]
    public void Whatever_colour_is_configured_text_is_readable_on_it_and_in_it(string colour)
    {
        var rules = new Brand(Microsoft.Extensions.Options.Options.Create(new BrandOptions { PrimaryColor = colour })).Stylesheet
            .Split('\n').Where(line => line.Contains("--", StringComparison.Ordinal)).SelectMany(line => line.Split(['{', '}', ';']))
            .Where(rule => rule.Contains(':', StringComparison.Ordinal) && rule.Contains("--", StringComparison.Ordinal))
            .Select(rule => rule.Split(':')).Select(rule => (Name: rule[0].Trim(), Colour: Rgb.Parse(rule[1].Trim()))).ToList();
        Rgb Of(string name) => rules.First(rule => rule.Name == name).Colour;

        Assert.True(Of("--on-brand").ContrastTo(Of("--brand")) >= 4.5);
        Assert.True(Of("--on-brand-hover").ContrastTo(Of("--brand-hover")) >= 4.5);
        Assert.True(Of("--accent").ContrastTo(Rgb.White) >= 4.5);
        Assert.True(rules.Last(rule => rule.Name == "--accent").Colour.ContrastTo(DarkCard) >= 4.5);
    }

    // The contrast ratios that WCAG's own examples give.
    [Fact]
    public void Contrast_is_computed_as_WCAG_says()
    {
        Assert.Equal(21, Rgb.Black.ContrastTo(Rgb.White), 2);
        Assert.Equal(4.48, Rgb.Parse("#777777").ContrastTo(Rgb.White), 2);
    }

    [Theory]
    [InlineData("https://app.example/callback", "'self' https:")]
    [InlineData("http://localhost:5173/callback", "'self' https: http://localhost:5173")]
    [InlineData("com.example.app:/callback", "'self' https: com.example.app:")]
    public void A_form_may_lead_to_the_application_that_waits(string redirectUri, string expected) =>
        Assert.Equal(expected, FormTarget.For(redirectUri));

    [Theory]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36", "Chrome on Linux")]
    [InlineData("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0", "Edge on Windows")]
    [InlineData("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Mac")]
    [InlineData("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1", "Safari on iPhone")]
    [InlineData("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36", "Samsung Internet on Android")]
    [InlineData("curl/8.5.0", "An unknown browser")]
    [InlineData(null, "An unknown browser")]
    public void Browsers_are_named_as_people_name_them(string? userAgent, string expected) =>
        Assert.Equal(expected, Browsers.Describe(userAgent));

    [Theory]
    [InlineData("en-GB")]
    [InlineData("xx", "en")]
    [InlineData("-", "*", "")]
    public void A_wish_that_cannot_be_met_leaves_English(params string[] wishes) =>
        Assert.Equal("en", Language.Choose(wishes).Name);

    // RFC 9700 §4.11: no open redirector.
    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example/")]
    [InlineData(@"/\evil.example/")]
    [InlineData("")]
    public void Pages_go_on_to_local_paths_only(string path) =>
        Assert.Throws<ArgumentException>(() => new SeeOther(path));
}
