using AngleSharp.Html.Parser;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.UI.Branding;
using IdentityServer.UI.Messages;
using Microsoft.Extensions.Options;
using Xunit;

namespace IdentityServer.Tests.Messages;

public sealed class MessageRendererTests
{
    private const string Link = "https://id.example.org/sign-in/link?token=abc&x=1";
    private readonly MessageRenderer renderer = new(Options.Create(new BrandOptions { Name = "Harbour & Co" }));

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
    public void Notices_hold_neither_code_nor_link(MessageTemplate template)
    {
        var mail = Render(template);
        Assert.DoesNotContain("012345", mail.Subject + mail.Text + mail.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("/sign-in/link", mail.Text + mail.Html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("en")]
    [InlineData("en-GB")]
    [InlineData("qps-ploc")]
    [InlineData("no such language")]
    [InlineData("")]
    public void Every_text_has_its_words_and_no_placeholder_is_left(string locale)
    {
        foreach (var template in Enum.GetValues<MessageTemplate>())
        {
            var mail = Render(template, locale: locale);
            Assert.DoesNotContain("{", mail.Subject + mail.Text, StringComparison.Ordinal);
            Assert.Equal("en", Parse(mail).DocumentElement.GetAttribute("lang"));
            Assert.DoesNotContain("{", renderer.Render(template, Channel.Sms, locale, Model("Photos")).Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_text_message_ends_with_the_host_that_the_code_is_for()
    {
        var message = renderer.Render(MessageTemplate.SignInCode, Channel.Sms, "en", Model("Photos"));
        Assert.EndsWith("\n\n@id.example.org #012345", message.Text, StringComparison.Ordinal);
        Assert.Null(message.Subject);
        Assert.Null(message.Html);
    }

    private RenderedMessage Render(MessageTemplate template, string application = "Photos", string locale = "en") =>
        renderer.Render(template, Channel.Email, locale, Model(application));

    private static Dictionary<string, string> Model(string application) => new()
    {
        ["code"] = "012345",
        ["link"] = Link,
        ["minutes"] = "5",
        ["application"] = application,
        ["host"] = "id.example.org",
    };

    private static AngleSharp.Html.Dom.IHtmlDocument Parse(RenderedMessage mail) => new HtmlParser().ParseDocument(mail.Html!);
}
