using System.Net;
using Xunit;

namespace IdentityServer.Tests.Hosting;

/// <summary>Limits as the outside meets them.</summary>
public sealed class RequestLimitTests
{
    [Fact]
    public async Task Refused_requests_of_applications_end_in_429_with_Retry_After_and_pages_go_on()
    {
        await using var server = new Server(("Limits:RefusedRequestsPerNetworkAndMinute", "30"));
        using var client = server.NewClient();
        var statuses = new List<HttpStatusCode>();
        foreach (var path in new[] { "/connect/token", "/connect/introspect", "/connect/otp" }.SelectMany(path => Enumerable.Repeat(path, 11)))
        {
            using var form = new FormUrlEncodedContent([new("client_id", "nobody"), new("client_secret", "wrong")]);
            using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), form, TestContext.Current.CancellationToken);
            statuses.Add(answer.StatusCode);
            if (answer.StatusCode == HttpStatusCode.TooManyRequests)
            {
                Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
                Assert.Contains("too_many_requests", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
            }
        }

        Assert.Equal(Enumerable.Repeat(HttpStatusCode.Unauthorized, 30).Concat(Enumerable.Repeat(HttpStatusCode.TooManyRequests, 3)), statuses);
        using var page = await client.GetAsync(new Uri("/sign-in", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        server.Clock.Advance(TimeSpan.FromMinutes(1));
        using var again = await client.PostAsync(new Uri("/connect/token", UriKind.Relative), new FormUrlEncodedContent([]), TestContext.Current.CancellationToken);
        Assert.NotEqual(HttpStatusCode.TooManyRequests, again.StatusCode);
    }

    // E4: known, unknown, the same bytes; the page says when to come back.
    [Fact]
    public async Task The_page_of_a_limited_visitor_is_the_same_for_known_and_unknown_addresses()
    {
        await using var server = new Server();
        await server.SignInAsync(server.NewBrowser(), "known@mail.example");
        server.Clock.Advance(TimeSpan.FromMinutes(2));
        var pages = new List<string>();
        foreach (var address in new[] { "known@mail.example", "new@mail.example" })
        {
            var browser = server.NewBrowser();
            await browser.SubmitAsync(await browser.GetAsync("/sign-in"), "Continue", ("Address", address));
            var page = await browser.SubmitAsync(await browser.GetAsync("/sign-in"), "Continue", ("Address", address));
            Assert.Equal(HttpStatusCode.TooManyRequests, page.Status);
            pages.Add(Without(page.Html, address));
        }

        Assert.Contains("Please try again in", pages[0], StringComparison.Ordinal);
        Assert.Equal(pages[0], pages[1]);
    }

    [Fact]
    public async Task The_health_check_tells_when_the_budget_for_text_messages_is_spent()
    {
        await using var server = new Server(
            ("Delivery:Sms:Budget:Day", "0.05"));
        using var client = server.NewClient();
        Assert.Equal("Healthy", await client.GetStringAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken));

        await server.CountAsync("sms-spent-day", 500);

        Assert.Equal("Degraded", await client.GetStringAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken));
    }

    // The address and what changes with every page: the form's token.
    private static string Without(string html, string address) => System.Text.RegularExpressions.Regex.Replace(
        html.Replace(address, "", StringComparison.Ordinal), "value=\"CfDJ[^\"]+\"", "", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1));
}
