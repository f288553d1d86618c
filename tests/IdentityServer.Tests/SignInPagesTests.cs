using System.Net;
using System.Text.RegularExpressions;
using Xunit;

namespace IdentityServer.Tests;

/// <summary>Sign-in over the pages, and what attackers and scanners get out of it.</summary>
public sealed partial class SignInPagesTests : IAsyncDisposable
{
    private readonly Server server = new();

    // E1
    [Fact]
    public async Task Known_unknown_and_disabled_addresses_are_answered_alike_in_bytes_headers_and_cookies()
    {
        // The same length, so that the pages that repeat the address have the same size.
        string[] addresses = ["anna@example.com", "aaaa@example.com", "disabled@example.com"];
        var answers = new List<string>();
        foreach (var address in addresses)
        {
            var browser = server.NewBrowser();
            var start = await browser.GetAsync("/sign-in");
            var response = await browser.SendAsync(browser.Form(start, "Continue", ("Address", address)));
            var code = await browser.GetAsync(response.Headers.Location!.ToString());
            var wrong = await browser.SubmitAsync(code, "Continue", ("Code", "000000"));
            var resent = await browser.SendAsync(browser.Form(code, "new code"));
            answers.Add(string.Join('\n', [
                Seen(response, await response.Content.ReadAsStringAsync(), address),
                Seen(code.Response, code.Html, address),
                Seen(wrong.Response, wrong.Html, address),
                Seen(resent, await resent.Content.ReadAsStringAsync(), address)]));
        }

        Assert.Equal(answers[0], answers[1]);
        Assert.Equal(answers[0], answers[2]);
    }

    // C14
    [Theory]
    [InlineData(" {0}{1}{2} {3}{4}{5} ")]
    [InlineData("{0}{1}{2}-{3}{4}{5}")]
    public async Task Codes_are_taken_as_people_type_and_paste_them(string format)
    {
        var browser = server.NewBrowser();
        var (page, mail) = await server.AskForCodeAsync(browser, "anna@example.com");
        var typed = string.Format(format, [.. mail.Code!.Select(digit => (object)digit)]);

        var account = await browser.SubmitAsync(page, "Continue", ("Code", typed));

        Assert.Equal("/account", account.Url.AbsolutePath);
    }

    [Theory]
    [InlineData('０')]
    [InlineData('٠')]
    [InlineData('۰')]
    public async Task Codes_in_the_digits_of_other_scripts_are_taken(char zero)
    {
        var browser = server.NewBrowser();
        var (page, mail) = await server.AskForCodeAsync(browser, "anna@example.com");
        var typed = string.Concat(mail.Code!.Select(digit => (char)(zero + (digit - '0'))));

        var account = await browser.SubmitAsync(page, "Continue", ("Code", typed));

        Assert.Equal("/account", account.Url.AbsolutePath);
    }

    // C9
    [Fact]
    public async Task A_code_works_only_in_the_browser_that_asked_for_it()
    {
        var (victim, thief) = (server.NewBrowser(), server.NewBrowser());
        var (_, mail) = await server.AskForCodeAsync(victim, "anna@example.com");
        server.Clock.Advance(TimeSpan.FromMinutes(2));
        var (page, _) = await server.AskForCodeAsync(thief, "anna@example.com");

        var answer = await thief.SubmitAsync(page, "Continue", ("Code", mail.Code!));

        Assert.NotEqual("/account", answer.Url.AbsolutePath);
    }

    // L1
    [Fact]
    public async Task Looking_at_the_link_however_often_uses_nothing_up()
    {
        var browser = server.NewBrowser();
        var (_, mail) = await server.AskForCodeAsync(browser, "anna@example.com");
        var link = new Uri(mail.Link!).PathAndQuery;

        var scanner = server.NewBrowser();
        for (var look = 0; look < 5; look++)
        {
            var seen = await scanner.GetAsync(link);
            Assert.Empty(seen.Document.QuerySelectorAll("main form[method=post]"));
            using var head = await scanner.SendAsync(new HttpRequestMessage(HttpMethod.Head, link));
            Assert.Null(SessionCookie(head));
        }

        var page = await browser.GetAsync(link);
        page = await browser.SubmitAsync(page, "Sign in");
        Assert.Equal("/account", page.Url.AbsolutePath);
    }

    // L6
    [Fact]
    public async Task The_link_goes_on_with_the_request_that_waits()
    {
        var (browser, app) = (server.NewBrowser(), server.Spa());
        var attempt = app.Authorize();
        var (_, mail) = await server.AskForCodeAsync(browser, "anna@example.com", attempt.Url);

        var page = await browser.SubmitAsync(await browser.GetAsync(new Uri(mail.Link!).PathAndQuery), "Sign in");

        Assert.Equal(attempt.State, page.Query("state"));
        Assert.Equal(200, (await app.RedeemAsync(page.Query("code")!, attempt.Verifier)).Status);
    }

    [Fact]
    public async Task A_resend_kills_the_earlier_code_and_says_so_without_costing_a_try()
    {
        var browser = server.NewBrowser();
        var (page, first) = await server.AskForCodeAsync(browser, "anna@example.com");
        server.Clock.Advance(TimeSpan.FromMinutes(1));
        page = await browser.SubmitAsync(page, "new code");
        var second = (await server.MailsAsync("anna@example.com", 2))[0];
        Assert.NotEqual(first.Link, second.Link);

        for (var round = 0; round < 7; round++)
        {
            page = await browser.SubmitAsync(page, "Continue", ("Code", first.Code!));
            Assert.Contains("newer", page.Text, StringComparison.OrdinalIgnoreCase);
        }

        page = await browser.SubmitAsync(page, "Continue", ("Code", second.Code!));
        Assert.Equal("/account", page.Url.AbsolutePath);
    }

    [Fact]
    public async Task A_code_ends_after_five_minutes()
    {
        var browser = server.NewBrowser();
        var (page, mail) = await server.AskForCodeAsync(browser, "anna@example.com");
        server.Clock.Advance(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(1));

        page = await browser.SubmitAsync(page, "Continue", ("Code", mail.Code!));

        Assert.NotEqual("/account", page.Url.AbsolutePath);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no address")]
    [InlineData("two@@example.com")]
    [InlineData("a@b\u200b.example")]
    public async Task What_is_no_address_is_said_to_be_none(string typed)
    {
        var browser = server.NewBrowser();
        var page = await browser.SubmitAsync(await browser.GetAsync("/sign-in"), "Continue", ("Address", typed));

        Assert.Equal("/sign-in", page.Url.AbsolutePath);
        Assert.NotNull(page.Document.QuerySelector("[aria-invalid=true]"));
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    internal static string? SessionCookie(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Set-Cookie", out var values)
            ? values.FirstOrDefault(value => value.StartsWith("__Host-IdentityServer.Session=", StringComparison.Ordinal))?.Split(';')[0]
            : null;

    // What an observer sees, with what is random in every answer masked, not removed: its length counts.
    internal static string Seen(HttpResponseMessage response, string body, string address)
    {
        var headers = response.Headers.Concat(response.Content.Headers).OrderBy(header => header.Key, StringComparer.Ordinal)
            .Select(header => $"{header.Key}: {string.Join(" | ", header.Value)}");
        var text = $"{(int)response.StatusCode}\n{string.Join('\n', headers)}\n{body}";
        text = text.Replace(address, "{address}", StringComparison.Ordinal).Replace(WebUtility.UrlEncode(address), "{address}", StringComparison.Ordinal);
        text = Guid().Replace(text, "{id}");
        return Sealed().Replace(text, match => $"{{{match.Length}}}");
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Guid();

    [GeneratedRegex("CfDJ8[A-Za-z0-9_-]+|(?<=Browser=)[A-Za-z0-9_-]{40,}")]
    private static partial Regex Sealed();
}
