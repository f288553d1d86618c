using AngleSharp.Dom;
using IdentityServer.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Tests;

/// <summary>Headers, cookies and methods of everything that the server maps: a route that is added is held to them at once.</summary>
public sealed class HeadersTests(HeadersTests.Shared shared) : IClassFixture<HeadersTests.Shared>
{
    private static readonly string[] NoPages = ["/connect", "/dev", "/health", "/api/", "/openapi"];
    private readonly Server server = shared.Server;

    // O16; RFC 9700 §4.16
    [Fact]
    public async Task Every_page_is_guarded_and_has_no_script_or_style_of_its_own()
    {
        foreach (var page in await PagesAsync())
        {
            var policy = Header(page, "Content-Security-Policy") ?? "";
            Assert.True(policy.Contains("default-src 'none'", StringComparison.Ordinal), $"{page.Url}: {policy}");
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Header(page, "X-Content-Type-Options"));
            Assert.Equal("no-referrer", Header(page, "Referrer-Policy"));
            Assert.Contains("no-store", Header(page, "Cache-Control"), StringComparison.Ordinal);

            Assert.Empty(page.Document.QuerySelectorAll("style, script:not([src]), [style], base, object, embed"));
            Assert.DoesNotContain(page.Document.All.SelectMany(element => element.Attributes), attribute => attribute.Name.StartsWith("on", StringComparison.OrdinalIgnoreCase));
            Assert.DoesNotContain("javascript:", page.Html, StringComparison.OrdinalIgnoreCase);
            Assert.All(page.Document.QuerySelectorAll("script[src], link[href], img[src]"), element =>
                Assert.StartsWith("/", element.GetAttribute("src") ?? element.GetAttribute("href"), StringComparison.Ordinal));
            Assert.Null(Header(page, "Server"));
            Assert.Null(Header(page, "X-Powered-By"));
        }
    }

    // NIST SP 800-63B-4 §5.1.1
    [Fact]
    public async Task Every_cookie_is_for_this_host_and_https_only()
    {
        var browser = server.NewBrowser();
        var cookies = new List<string>();
        var start = await browser.GetAsync(server.Spa().Authorize().Url);
        cookies.AddRange(Cookies(start.Response));
        using var code = await browser.SendAsync(browser.Form(start, "Continue", ("Address", "anna@example.com")));
        cookies.AddRange(Cookies(code));
        var page = await browser.GetAsync(code.Headers.Location!.ToString());
        cookies.AddRange(Cookies(page.Response));
        var mail = (await server.MailsAsync("anna@example.com"))[0];
        using var signedIn = await browser.SendAsync(browser.Form(page, "Continue", ("Code", mail.Code!)));
        cookies.AddRange(Cookies(signedIn));

        foreach (var name in new[] { "Session", "Browser", "Form" })
            Assert.Contains(cookies, cookie => cookie.StartsWith($"__Host-IdentityServer.{name}=", StringComparison.Ordinal));
        Assert.All(cookies, cookie =>
        {
            var parts = cookie.Split("; ").Select(part => part.ToUpperInvariant()).ToArray();
            Assert.StartsWith("__HOST-", parts[0], StringComparison.Ordinal);
            foreach (var wanted in new[] { "PATH=/", "SECURE", "HTTPONLY", "SAMESITE=LAX" })
                Assert.Contains(wanted, parts);
            Assert.DoesNotContain(parts, part => part.StartsWith("DOMAIN", StringComparison.Ordinal));
        });
    }

    // RFC 6749 §5.1, RFC 7662 §2.2, RFC 7009
    [Fact]
    public async Task What_holds_or_refuses_tokens_is_not_stored()
    {
        var app = server.WebApp();
        foreach (var path in new[] { "/connect/token", "/connect/introspect", "/connect/revoke", "/connect/userinfo", "/connect/otp" })
        {
            using var response = await app.Client.PostAsync(path, new FormUrlEncodedContent([new("token", "x"), new("client_id", "native")]));
            Assert.InRange((int)response.StatusCode, 200, 499);
            Assert.Contains("no-store", response.Headers.CacheControl?.ToString() ?? $"{path}: {response.StatusCode}", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task No_method_on_any_route_makes_the_server_fail()
    {
        using var client = server.NewClient();
        var wrong = new List<string>();
        foreach (var (path, allowed) in Routes())
        {
            foreach (var method in new[] { "GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "NONSENSE" })
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), path);
                if (method is "POST" or "PUT" or "PATCH")
                    request.Content = new StringContent("{}");
                using var response = await client.SendAsync(request);
                var status = (int)response.StatusCode;
                if (status >= 500 || status is 302 or 307 or 308)
                    wrong.Add($"{method} {path} answers {status}");
                if (allowed is not null && !allowed.Contains(method) && method is not ("HEAD" or "OPTIONS") && status is not (404 or 405))
                    wrong.Add($"{method} {path} answers {status} instead of 405");
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public async Task Bodies_that_are_no_form_make_no_endpoint_fail()
    {
        using var client = server.NewClient();
        foreach (var (path, _) in Routes())
        {
            foreach (var content in new HttpContent[]
            {
                new StringContent("{\"a\":1}", null, "application/json"),
                new StringContent("a=%ZZ&=&&b", null, "application/x-www-form-urlencoded"),
                new StringContent(new string('a', 100_000) + "=1", null, "application/x-www-form-urlencoded"),
                new StringContent(string.Join('&', Enumerable.Range(0, 3_000).Select(i => $"a{i}=1")), null, "application/x-www-form-urlencoded"),
                new StringContent("--x", null, new System.Net.Http.Headers.MediaTypeHeaderValue("multipart/form-data") { Parameters = { new("boundary", "x") } }),
                new StringContent("", null, "application/x-www-form-urlencoded"),
            })
            {
                using var response = await client.PostAsync(path, content);
                Assert.True((int)response.StatusCode < 500, $"POST {path} with {content.Headers.ContentType} answers {(int)response.StatusCode}");
            }
        }
    }

    private async Task<List<Page>> PagesAsync()
    {
        var (stranger, person) = (server.NewBrowser(), server.NewBrowser());
        var app = server.WebApp();
        var pages = new List<Page>();
        foreach (var (path, methods) in Routes().Where(route => route.Methods?.Contains("GET") != false && !route.Path.Contains('.', StringComparison.Ordinal)))
        {
            if (!NoPages.Any(other => path.StartsWith(other, StringComparison.Ordinal)))
                pages.Add(await stranger.GetAsync(path));
        }

        pages.Add(await stranger.GetAsync("/nothing-here"));
        pages.Add(await stranger.GetAsync("/connect/authorize?client_id=nobody"));
        pages.Add(await stranger.GetAsync("/connect/authorize/resume?request=nonsense"));
        var (code, mail) = await server.AskForCodeAsync(person, "pages@example.com", app.Authorize().Url);
        pages.Add(code);
        pages.Add(await person.GetAsync(new Uri(mail.Link!).PathAndQuery));
        pages.Add(await stranger.GetAsync(new Uri(mail.Link!).PathAndQuery));
        pages.Add(await person.SubmitAsync(code, "Continue", ("Code", "0")));
        pages.Add(await person.SubmitAsync(code, "Continue", ("Code", mail.Code!)));
        Assert.Equal("/sign-in/details", pages[^1].Url.AbsolutePath);
        pages.Add(await person.SubmitAsync(pages[^1], "Create", ("Name", "Paula Pages")));
        Assert.Equal("/consent", pages[^1].Url.AbsolutePath);
        foreach (var (path, _) in Routes().Where(route => route.Path.StartsWith("/account", StringComparison.Ordinal)))
            pages.Add(await person.GetAsync(path));
        Assert.Contains(pages, page => page.Url.AbsolutePath == "/account/profile");
        pages.Add(await person.GetAsync(server.Spa().Authorize(more: ("prompt", "select_account")).Url));
        Assert.Equal("/sign-in/choose", pages[^1].Url.AbsolutePath);
        pages.Add(await person.GetAsync("/connect/endsession"));
        Assert.Equal("/sign-out", pages[^1].Url.AbsolutePath);
        pages.Add(await person.SubmitAsync(pages[^1], "Sign out"));
        return pages.Where(page => page.Html.Length > 0).ToList();
    }

    private IEnumerable<(string Path, IReadOnlyList<string>? Methods)> Routes() =>
        server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(endpoint => (
                Path: "/" + endpoint.RoutePattern.RawText!.Trim('/').Replace("{**path}", "a/b", StringComparison.Ordinal).Replace("{id:guid}", "00000000-0000-0000-0000-000000000000", StringComparison.Ordinal),
                Methods: (IReadOnlyList<string>?)endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods))
            .GroupBy(route => route.Path, StringComparer.Ordinal)
            .Select(group => (group.Key, group.All(route => route.Methods is not null) ? (IReadOnlyList<string>?)group.SelectMany(route => route.Methods!).ToList() : null));

    private static string? Header(Page page, string name) =>
        page.Response.Headers.TryGetValues(name, out var values) || page.Response.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : null;

    private static IEnumerable<string> Cookies(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Set-Cookie", out var values) ? values : [];

    public sealed class Shared : IAsyncDisposable
    {
        public Server Server { get; } = new(("Limits:StartsPerNetworkAndHour", "100000"), ("Limits:ApiRequestsPerCallerAndMinute", "100000"), ("Limits:ApiRequestsPerNetworkAndMinute", "100000"), ("Limits:RefusedRequestsPerNetworkAndMinute", "100000"));

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
