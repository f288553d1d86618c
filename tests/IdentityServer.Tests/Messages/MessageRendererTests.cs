using AngleSharp.Html.Parser;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.UI.Branding;
using IdentityServer.UI.Languages;
using IdentityServer.UI.Messages;
using IdentityServer.UI.Resources;
using Microsoft.Extensions.Options;
using Xunit;

namespace IdentityServer.Tests.Messages;

public sealed class MessageRendererTests
{
    private const string Link = "https://id.example.org/sign-in/link?token=abc&x=1";
    private readonly MessageRenderer renderer = new(Options.Create(new BrandOptions { Name = "Harbour & Co" }), Words.BuiltIn);

    [Fact]
    public void The_code_stands_at_the_start_of_subject_and_preview()
    {
        var mail = Render(MessageTemplate.SignInCode);
        Assert.Equal("012345 is your code for Photos", mail.Subject);
        Assert.StartsWith("012345", Parse(mail).Body!.FirstElementChild!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void The_code_is_copied_without_spaces_and_the_link_is_there_twice()
    {
        var mail = Render(MessageTemplate.SignInCode);
        var page = Parse(mail);
        Assert.Equal("012345", page.QuerySelector(".code")!.TextContent.Trim());
        Assert.Equal(Link, page.QuerySelector("a")!.GetAttribute("href"));
        Assert.Contains(page.QuerySelectorAll("span"), span => span.TextContent == Link);
        Assert.Contains("\n\n012345\n\n", mail.Text, StringComparison.Ordinal);
        Assert.Contains($"\n\n{Link}\n\n", mail.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_cannot_bring_markup_or_placeholders_of_their_own()
    {
        var mail = Render(MessageTemplate.SignInCode, application: "<img src=x onerror=alert(1)>{link}");
        var page = Parse(mail);
        Assert.Empty(page.QuerySelectorAll("img"));
        Assert.Equal("Sign in to <img src=x onerror=alert(1)>{link}", page.QuerySelector("h1")!.TextContent);
    }

    // WCAG 2.2 1.4.3
    [Theory]
    [InlineData("#3b4fd8", "#ffffff")]
    [InlineData("#ffe08a", "#000000")]
    public void The_button_is_readable_on_the_brands_colour(string colour, string text)
    {
        var branded = new MessageRenderer(Options.Create(new BrandOptions { PrimaryColor = colour }), Words.BuiltIn);
        var button = Parse(branded.Render(MessageTemplate.SignInCode, Channel.Email, "en", Model("Photos"))).QuerySelector("a")!.GetAttribute("style")!;
        Assert.Contains($"background:{colour};color:{text};", button, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_fetched_when_the_mail_is_read()
    {
        foreach (var template in Enum.GetValues<MessageTemplate>())
        {
            var page = Parse(Render(template));
            Assert.Empty(page.QuerySelectorAll("img, script, link, iframe, [background], [onload]"));
            Assert.DoesNotContain("url(", page.DocumentElement.OuterHtml, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public void Without_an_application_the_brand_is_named()
    {
        Assert.Equal("012345 is your code for Harbour & Co", Render(MessageTemplate.SignInCode, application: "").Subject);
    }

    [Theory]
    [InlineData(MessageTemplate.AccountDisabled)]
    [InlineData(MessageTemplate.NoAccount)]
    [InlineData(MessageTemplate.AddressTaken)]
    [InlineData(MessageTemplate.AddressAdded)]
    [InlineData(MessageTemplate.PasswordChanged)]
    [InlineData(MessageTemplate.PasswordRemoved)]
    public void Notices_hold_neither_code_nor_link(MessageTemplate template)
    {
        var mail = Render(template);
        Assert.DoesNotContain("012345", mail.Subject + mail.Text + mail.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("/sign-in/link", mail.Text + mail.Html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("en", "en", "ltr")]
    [InlineData("en-GB", "en", "ltr")]
    [InlineData("qps-ploc", "en", "ltr")]
    [InlineData("no such language", "en", "ltr")]
    [InlineData("", "en", "ltr")]
    [InlineData("de-AT", "de", "ltr")]
    [InlineData("zh-CN", "zh-Hans", "ltr")]
    [InlineData("fa-IR", "fa", "rtl")]
    [InlineData("ar", "ar", "rtl")]
    public void A_message_speaks_the_nearest_language_in_its_direction(string locale, string language, string direction)
    {
        foreach (var template in Enum.GetValues<MessageTemplate>())
        {
            var root = Parse(Render(template, locale: locale)).DocumentElement;
            Assert.Equal(language, root.GetAttribute("lang"));
            Assert.Equal(direction, root.GetAttribute("dir"));
        }
    }

    [Fact]
    public void In_every_language_no_placeholder_is_left_and_the_code_is_in_ASCII_digits()
    {
        foreach (var language in Language.Tags)
        {
            foreach (var template in Enum.GetValues<MessageTemplate>())
            {
                var mail = Render(template, locale: language);
                Assert.DoesNotContain("{", mail.Subject + mail.Text, StringComparison.Ordinal);
                Assert.DoesNotContain("{", renderer.Render(template, Channel.Sms, language, Model("Photos")).Text, StringComparison.Ordinal);
            }

            foreach (var template in new[] { MessageTemplate.SignInCode, MessageTemplate.ActivationCode, MessageTemplate.ConfirmationCode })
            {
                var sms = renderer.Render(template, Channel.Sms, language, Model("Photos")).Text;
                Assert.EndsWith("\n\n@id.example.org #012345", sms, StringComparison.Ordinal);
                Assert.StartsWith("012345", sms, StringComparison.Ordinal);
                Assert.StartsWith("012345", Render(template, locale: language).Subject, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Latin_names_are_isolated_in_languages_from_the_right_and_minutes_have_their_digits()
    {
        var mail = Render(MessageTemplate.SignInCode, locale: "fa");
        Assert.Contains("\u2068Photos\u2069", mail.Subject, StringComparison.Ordinal);
        Assert.Contains("\u06f5", Parse(mail).QuerySelector("p.quiet")!.TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain("\u2068", Render(MessageTemplate.SignInCode).Subject, StringComparison.Ordinal);
        Assert.Contains("\u2068\u0639\u06a9\u0633\u2069", Render(MessageTemplate.SignInCode, "\u0639\u06a9\u0633").Subject, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_text_of_a_message_is_said_somewhere()
    {
        var keys = Words.BuiltIn.Of("en").Keys.Where(key => key == "Footer" || Enum.GetNames<MessageTemplate>().Contains(key.Split('.')[0])).ToList();
        var marked = new MessageRenderer(
            Options.Create(new BrandOptions()), new Words(new Dictionary<string, Dictionary<string, string>> { ["en"] = keys.ToDictionary(key => key, key => $"<{key}>") }));
        var said = string.Concat(Enum.GetValues<MessageTemplate>().SelectMany(template => new[] { Channel.Email, Channel.Sms }
            .Select(channel => marked.Render(template, channel, "en", Model("Photos"))))
            .Select(message => message.Subject + message.Text + System.Net.WebUtility.HtmlDecode(message.Html ?? "")));

        Assert.DoesNotContain(keys, key => !said.Contains($"<{key}>", StringComparison.Ordinal));
    }

    [Fact]
    public void A_text_message_ends_with_the_host_that_the_code_is_for()
    {
        var message = renderer.Render(MessageTemplate.SignInCode, Channel.Sms, "en", Model("Photos"));
        Assert.EndsWith("\n\n@id.example.org #012345", message.Text, StringComparison.Ordinal);
        Assert.Null(message.Subject);
        Assert.Null(message.Html);
    }

    [Theory]
    [InlineData(MessageTemplate.ActivationCode)]
    [InlineData(MessageTemplate.ConfirmationCode)]
    public void Codes_that_do_not_sign_in_come_without_a_link(MessageTemplate template)
    {
        var mail = Render(template);
        Assert.Equal("012345", Parse(mail).QuerySelector(".code")!.TextContent.Trim());
        Assert.Empty(Parse(mail).QuerySelectorAll("a"));
    }

    [Fact]
    public void Who_lost_an_address_reads_by_which_one_how_to_undo_it_and_until_when()
    {
        var mail = Render(MessageTemplate.AddressChanged);
        Assert.Contains("n•••@e•••.org", mail.Text, StringComparison.Ordinal);
        Assert.Contains("7 days", mail.Text, StringComparison.Ordinal);
        Assert.Equal(Link, Parse(mail).QuerySelector("a")!.GetAttribute("href"));
        Assert.DoesNotContain("012345", mail.Subject + mail.Text + mail.Html, StringComparison.Ordinal);
        Assert.Contains(Link, renderer.Render(MessageTemplate.AddressChanged, Channel.Sms, "en", Model("Photos")).Text, StringComparison.Ordinal);
    }

    private RenderedMessage Render(MessageTemplate template, string application = "Photos", string locale = "en") =>
        renderer.Render(template, Channel.Email, locale, Model(application));

    private static Dictionary<string, string> Model(string application) => new()
    {
        ["code"] = "012345",
        ["link"] = Link,
        ["minutes"] = "5",
        ["days"] = "7",
        ["address"] = "n•••@e•••.org",
        ["application"] = application,
        ["host"] = "id.example.org",
    };

    private static AngleSharp.Html.Dom.IHtmlDocument Parse(RenderedMessage mail) => new HtmlParser().ParseDocument(mail.Html!);
}
