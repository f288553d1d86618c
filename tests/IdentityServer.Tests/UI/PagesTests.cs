using System.Net;
using Xunit;

namespace IdentityServer.Tests.UI;

/// <summary>What holds for every page.</summary>
public sealed class PagesTests : IAsyncDisposable
{
    private readonly Server server = new();

    // RFC 9700 §4.16
    [Theory]
    [InlineData("/", 200)]
    [InlineData("/sign-in", 200)]
    [InlineData("/sign-in/code", 410)]
    [InlineData("/sign-in/code?challenge=nonsense", 410)]
    [InlineData("/sign-in/link?token=nonsense", 410)]
    [InlineData("/sign-in/details", 410)]
    [InlineData("/sign-in/choose", 400)]
    [InlineData("/sign-in?request=nonsense", 400)]
    [InlineData("/consent", 400)]
    [InlineData("/signed-out", 200)]
    [InlineData("/error", 404)]
    [InlineData("/nothing", 404)]
    [InlineData("/connect/authorize?client_id=nobody", 400)]
    public async Task A_page_is_never_framed_stored_or_made_to_run_what_is_not_ours(string path, int status)
    {
        var page = await server.NewBrowser().GetAsync(path);

        Assert.Equal(status, (int)page.Response.StatusCode);
        var policy = Assert.Single(page.Response.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'; style-src 'self'; script-src 'self'; ", policy, StringComparison.Ordinal);
        Assert.EndsWith("; form-action 'self'; base-uri 'none'; frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Equal("no-referrer", Assert.Single(page.Response.Headers.GetValues("Referrer-Policy")));
        Assert.Equal("nosniff", Assert.Single(page.Response.Headers.GetValues("X-Content-Type-Options")));
        Assert.True(page.Response.Headers.CacheControl!.NoStore);
        Assert.Empty(page.Document.QuerySelectorAll("[style], style, script:not([src]), [onclick], [onload], [onsubmit]"));
        Assert.Equal("en", page.Document.DocumentElement.GetAttribute("lang"));
        Assert.Single(page.Document.QuerySelectorAll("h1"));
        Assert.Empty(page.Document.QuerySelectorAll("form[method=post]:not(:has(input[name=form-token]))"));
    }

    [Fact]
    public async Task Pages_bring_files_that_may_be_kept_for_ever()
    {
        var browser = server.NewBrowser();
        var page = await browser.GetAsync("/");
        var files = page.Document.QuerySelectorAll("link[href], script[src]").Select(element => element.GetAttribute("href") ?? element.GetAttribute("src")!).ToList();

        Assert.Equal(4, files.Count);
        foreach (var file in files)
        {
            using var response = await browser.SendAsync(new HttpRequestMessage(HttpMethod.Get, file));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(TimeSpan.FromDays(365), response.Headers.CacheControl!.MaxAge);
        }
    }

    // Browsers apply form-action to the redirects that follow a form.
    [Fact]
    public async Task A_form_that_ends_at_an_application_may_lead_there()
    {
        var page = await server.NewBrowser().GetAsync(server.Spa().Authorize().Url);

        Assert.Contains("; form-action 'self' https: http://localhost:5173;", page.Response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Contains("Sample single-page app", page.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_without_its_token_does_nothing_and_is_shown_anew()
    {
        var browser = server.NewBrowser();
        using var forged = new HttpRequestMessage(HttpMethod.Post, "/sign-in")
        {
            Content = new FormUrlEncodedContent([new("Address", "anna@example.com")]),
        };

        var page = await browser.FollowAsync(forged);

        Assert.Equal("/sign-in", page.Url.AbsolutePath);
        Assert.Contains("try again", page.Document.QuerySelector("[role=alert]")!.TextContent, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(await server.MailsAsync("anna@example.com", 0));
    }

    // RFC 6265bis §4.1.3.2
    [Fact]
    public async Task Over_https_every_cookie_is_bound_to_the_host()
    {
        var response = await server.NewBrowser().SendAsync(new HttpRequestMessage(HttpMethod.Get, "/sign-in"));

        var cookies = response.Headers.GetValues("Set-Cookie").ToList();
        Assert.Equal(2, cookies.Count);
        Assert.All(cookies, cookie =>
        {
            Assert.StartsWith("__Host-", cookie, StringComparison.Ordinal);
            foreach (var attribute in new[] { "secure", "httponly", "path=/", "samesite=lax" })
                Assert.Contains(attribute, cookie, StringComparison.OrdinalIgnoreCase);
        });
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    public async Task The_error_page_is_shown_whatever_the_method(string method)
    {
        var browser = server.NewBrowser();
        using var request = new HttpRequestMessage(new HttpMethod(method), "/nothing") { Content = new FormUrlEncodedContent([new("a", "b")]) };

        var page = await browser.FollowAsync(request);

        Assert.Equal(HttpStatusCode.NotFound, page.Response.StatusCode);
        Assert.Equal("There is nothing here", page.Document.QuerySelector("h1")!.TextContent);
    }

    [Fact]
    public async Task A_protocol_error_is_shown_with_its_code_for_developers()
    {
        var page = await server.NewBrowser().GetAsync("/connect/authorize?client_id=nobody");

        Assert.Contains("invalid_client", page.Document.QuerySelector(".developers")!.TextContent, StringComparison.Ordinal);
        Assert.NotEmpty(page.Document.QuerySelector(".developers dl > div:last-child code")!.TextContent);
    }

    [Fact]
    public async Task A_mistake_is_said_in_the_title_and_beside_the_field()
    {
        var browser = server.NewBrowser();
        var (page, _) = await server.AskForCodeAsync(browser, "anna@example.com");
        page = await browser.SubmitAsync(page, "Continue", ("Code", "not digits"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, page.Response.StatusCode);
        Assert.StartsWith("Problem:", page.Document.Title, StringComparison.Ordinal);
        var input = page.Document.QuerySelector("input[aria-invalid=true]")!;
        Assert.All(input.GetAttribute("aria-describedby")!.Split(' '), id => Assert.NotNull(page.Document.GetElementById(id)));
        Assert.Equal("one-time-code", input.GetAttribute("autocomplete"));
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
