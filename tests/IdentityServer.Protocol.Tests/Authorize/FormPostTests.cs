using System.Net;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using IdentityServer.Protocol.Authorize;
using Xunit;

namespace IdentityServer.Protocol.Tests.Authorize;

/// <summary>OAuth 2.0 Form Post Response Mode §2.</summary>
public sealed class FormPostTests : BrowserTests
{
    [Fact]
    public async Task The_page_posts_code_state_and_iss_to_the_redirect_uri()
    {
        SignIn();
        var answer = await AuthorizeAsync(("response_mode", "form_post"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("text/html; charset=utf-8", answer.Headers["Content-Type"]);
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
        var (form, fields) = Read(answer.Body);
        Assert.Equal("post", form.Method);
        Assert.Equal(Callback, form.GetAttribute("action"));
        Assert.Equal("code state iss", string.Join(' ', fields.Keys));
        Assert.Equal(State, fields["state"]);
        Assert.Equal(ProtocolHost.Origin, fields["iss"]);
        Assert.NotNull(form.QuerySelector("button"));
    }

    [Fact]
    public async Task An_error_is_posted_too()
    {
        var (form, fields) = Read((await AuthorizeAsync(("response_mode", "form_post"), ("prompt", "none"))).Body);
        Assert.Equal(Callback, form.GetAttribute("action"));
        Assert.Equal("login_required", fields["error"]);
        Assert.Equal(State, fields["state"]);
        Assert.Equal(ProtocolHost.Origin, fields["iss"]);
    }

    [Theory]
    [InlineData("\"><script>alert(1)</script>")]
    [InlineData("' onfocus='alert(1)' autofocus='")]
    [InlineData("</form><form action=https://evil.example>")]
    [InlineData("&quot;&#34;&amp;")]
    [InlineData("<!--")]
    [InlineData("\u2028\u00e9\u2603\ud83d\ude00")]
    [InlineData("`{{constructor}}${7*7}")]
    public async Task A_hostile_state_is_only_a_value(string state)
    {
        SignIn();
        var answer = await AuthorizeAsync(("response_mode", "form_post"), ("state", state));
        var document = await new HtmlParser().ParseDocumentAsync(answer.Body);

        Assert.Equal(state, Read(answer.Body).Fields["state"]);
        Assert.Single(document.Forms);
        var script = Assert.Single(document.Scripts);
        Assert.Equal("/connect/form_post.js", script.GetAttribute("src"));
        Assert.Empty(script.TextContent);
        Assert.Equal(4, document.QuerySelectorAll("form *").Length);
        Assert.DoesNotContain(document.All, element => element.Attributes.Any(attribute => attribute.Name.StartsWith("on", StringComparison.OrdinalIgnoreCase)));
    }

    // O16.
    [Theory]
    [InlineData("spa", Callback, "https://app.example")]
    [InlineData("native", "http://127.0.0.1:5123/cb", "http://127.0.0.1:5123")]
    [InlineData("native", "http://[::1]:5123/cb", "http:")]
    [InlineData("native", "com.example.app:/cb", "com.example.app:")]
    public async Task The_page_may_post_only_there_runs_only_our_script_and_is_never_framed(string clientId, string uri, string source)
    {
        SignIn();
        var answer = await AuthorizeAsync(("client_id", clientId), ("redirect_uri", uri), ("response_mode", "form_post"));
        Assert.Equal(
            $"default-src 'none'; script-src 'self'; base-uri 'none'; form-action {source}; frame-ancestors 'none'",
            answer.Headers["Content-Security-Policy"]);
    }

    [Fact]
    public async Task The_script_is_served()
    {
        var answer = await GetAsync("/connect/form_post.js");
        Assert.Equal("text/javascript; charset=utf-8", answer.Headers["Content-Type"]);
        Assert.Equal("document.forms[0].submit();\n", answer.Body);
    }

    [Fact]
    public void The_place_is_encoded_too()
    {
        var page = FormPostPage.Render("/a\"b", "https://app.example/?a=1&b=\"2\"", []);
        var document = new HtmlParser().ParseDocument(page);
        Assert.Equal("https://app.example/?a=1&b=\"2\"", document.Forms[0].GetAttribute("action"));
        Assert.Equal("/a\"b", document.Scripts[0].GetAttribute("src"));
    }

    private static (IHtmlFormElement Form, Dictionary<string, string> Fields) Read(string page)
    {
        var form = (IHtmlFormElement)new HtmlParser().ParseDocument(page).Forms[0];
        return (form, form.QuerySelectorAll("input").OfType<IHtmlInputElement>().ToDictionary(input => input.Name!, input => input.GetAttribute("value")!, StringComparer.Ordinal));
    }
}
