using System.Net;
using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.Tests.UI;

/// <summary>What asks for fresh proof: who gives it, who cannot, and what it opens.</summary>
public sealed class FreshProofTests : IAsyncDisposable
{
    private readonly Server server = new(("Users:ben@example.com:Name", "Ben Example"), ("SignIn:DefaultRegion", "GB"), ("Limits:StartsPerAddressAndMinute", "100"));

    [Fact]
    public async Task Old_proof_is_renewed_by_a_code_and_the_person_goes_on()
    {
        var browser = await SignedInAsync("anna@example.com", TimeSpan.FromMinutes(6));
        var addresses = await browser.GetAsync("/account/addresses");
        Assert.Empty(addresses.Document.QuerySelectorAll("main form"));
        var page = await browser.GetAsync(addresses.Document.QuerySelector(".panel a")!.GetAttribute("href")!);
        Assert.Equal("/sign-in/prove", page.Url.AbsolutePath);
        Assert.Contains("a•••@e•••.com", page.Text, StringComparison.Ordinal);
        var before = browser.Cookies.Single(cookie => cookie.Name.EndsWith("Session", StringComparison.Ordinal)).Value;

        var (code, mail) = await AskAsync(browser, page, "anna@example.com");
        Assert.DoesNotContain("anna@example.com", code.Html, StringComparison.Ordinal);
        var wrong = await browser.SubmitAsync(code, "Continue", ("Code", mail.Code == "000000" ? "000001" : "000000"));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "/sign-in/prove/code"), (wrong.Status, wrong.Url.AbsolutePath));
        Assert.Equal("/sign-in/prove", (await browser.GetAsync("/sign-in/prove?for=account-delete")).Url.AbsolutePath);
        page = await browser.SubmitAsync(wrong, "Continue", ("Code", mail.Code!));

        Assert.Equal(("/account/addresses", true), (page.Url.AbsolutePath, page.Document.QuerySelectorAll("main form").Length > 0));
        Assert.Equal("/account/delete", (await browser.GetAsync("/sign-in/prove?for=account-delete")).Url.AbsolutePath);
        Assert.NotEqual(before, browser.Cookies.Single(cookie => cookie.Name.EndsWith("Session", StringComparison.Ordinal)).Value);
        Assert.Equal(HttpStatusCode.Gone, (await browser.SubmitAsync(wrong, "Continue", ("Code", mail.Code!))).Status);
    }

    [Fact]
    public async Task A_new_code_kills_the_earlier_one()
    {
        var browser = await SignedInAsync("anna@example.com", TimeSpan.FromMinutes(6));
        var (page, first) = await AskAsync(browser, await browser.GetAsync("/sign-in/prove?for=account-delete"), "anna@example.com");
        var soon = await browser.SubmitAsync(page, "new code");
        Assert.Equal(HttpStatusCode.TooManyRequests, soon.Status);

        server.Clock.Advance(TimeSpan.FromMinutes(1));
        page = await browser.SubmitAsync(soon, "new code");
        Assert.Contains("A new code is on its way", page.Text, StringComparison.Ordinal);
        page = await browser.SubmitAsync(page, "Continue", ("Code", first.Code!));
        Assert.Contains("newer", page.Text, StringComparison.Ordinal);
        var second = (await server.MailsAsync("anna@example.com", 3))[0];
        Assert.Equal("/account/delete", (await browser.SubmitAsync(page, "Continue", ("Code", second.Code!))).Url.AbsolutePath);
    }

    [Fact]
    public async Task Another_persons_or_another_browsers_challenge_renews_nothing()
    {
        var (anna, thief) = (await SignedInAsync("anna@example.com", TimeSpan.Zero), await SignedInAsync("anna@example.com", TimeSpan.Zero));
        var ben = await SignedInAsync("ben@example.com", TimeSpan.FromMinutes(6));
        var (page, mail) = await AskAsync(anna, await anna.GetAsync("/sign-in/prove?for=account-delete"), "anna@example.com");

        foreach (var other in new[] { thief, ben })
        {
            Assert.Equal(HttpStatusCode.Gone, (await other.GetAsync(page.Url.PathAndQuery)).Status);
            var form = anna.Form(page, "Continue", ("Code", mail.Code!));
            form.Content = new FormUrlEncodedContent([new("Code", mail.Code!), new("form-token", await TokenAsync(other))]);
            Assert.Equal(HttpStatusCode.Gone, (await other.SendAsync(form)).StatusCode);
            Assert.Equal("/sign-in/prove", (await other.GetAsync("/sign-in/prove?for=account-delete")).Url.AbsolutePath);
        }

        Assert.Equal("/account/delete", (await anna.SubmitAsync(page, "Continue", ("Code", mail.Code!))).Url.AbsolutePath);
    }

    // RFC 9700 §4.11
    [Theory]
    [InlineData("")]
    [InlineData("?for=")]
    [InlineData("?for=https://evil.example")]
    [InlineData("?for=//evil.example")]
    [InlineData("?for=/account/delete")]
    public async Task A_place_that_is_not_on_the_list_is_none(string query)
    {
        var browser = await SignedInAsync("anna@example.com", TimeSpan.FromMinutes(6));

        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync($"/sign-in/prove{query}")).Status);
    }

    [Fact]
    public async Task The_admin_site_takes_proof_of_an_hour()
    {
        var browser = await SignedInAsync("anna@example.com", TimeSpan.FromMinutes(59) - TimeSpan.FromSeconds(10));
        Assert.Equal("/admin", (await browser.GetAsync("/sign-in/prove?for=admin")).Url.AbsolutePath);
        server.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("/sign-in/prove", (await browser.GetAsync("/sign-in/prove?for=admin")).Url.AbsolutePath);
    }

    [Fact]
    public async Task An_old_proof_changes_no_address_and_deletes_nothing()
    {
        var browser = await SignedInAsync("anna@example.com", TimeSpan.Zero);
        await browser.GetAsync("/account/addresses");
        var token = await TokenAsync(browser);
        server.Clock.Advance(TimeSpan.FromMinutes(5));

        foreach (var (path, place) in new[]
        {
            ("/account/addresses?handler=Start&Channel=Email", "account-addresses"), ("/account/addresses?handler=Remove&Channel=Email", "account-addresses"), ("/account/delete", "account-delete"),
        })
        {
            using var form = new HttpRequestMessage(HttpMethod.Post, path)
            {
                Content = new FormUrlEncodedContent([new("form-token", token), new("Channel", "Email"), new("Address", "mallory@example.com")]),
            };
            using var response = await browser.SendAsync(form);
            Assert.Equal((HttpStatusCode.SeeOther, $"/sign-in/prove?for={place}"), (response.StatusCode, response.Headers.Location!.ToString()));
        }

        Assert.Empty(await server.MailsAsync("mallory@example.com", 0));
        Assert.Contains("anna@example.com", (await browser.GetAsync("/account")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_is_changed_by_a_code_and_the_old_one_is_told()
    {
        var browser = await SignedInAsync("anna@example.com", TimeSpan.Zero);
        var page = await browser.GetAsync("/account/addresses");
        page = await StartAsync(browser, page, "Email", "anna.new@example.com");
        Assert.Equal("/account/addresses/code", page.Url.AbsolutePath);
        var mail = (await server.MailsAsync("anna.new@example.com"))[0];

        page = await browser.SubmitAsync(page, "Continue", ("Code", mail.Code!));

        Assert.Equal("/account/addresses", page.Url.AbsolutePath);
        Assert.Contains("undo the change for seven days", page.Document.QuerySelector("[role=status]")!.TextContent, StringComparison.Ordinal);
        Assert.Contains("anna.new@example.com", page.Text, StringComparison.Ordinal);
        Assert.Contains("/account/undo?token=", (await server.MailsAsync("anna@example.com", 2))[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_number_is_added_and_removed_again_but_never_the_last_address()
    {
        var browser = await SignedInAsync("anna@example.com", TimeSpan.Zero);
        var page = await browser.GetAsync("/account/addresses");
        Assert.Empty(page.Document.QuerySelectorAll("form[action*=Remove]"));
        using var last = new HttpRequestMessage(HttpMethod.Post, "/account/addresses?handler=Remove")
        {
            Content = new FormUrlEncodedContent([new("form-token", await TokenAsync(browser)), new("Channel", "Email")]),
        };
        Assert.Equal(HttpStatusCode.Conflict, (await browser.SendAsync(last)).StatusCode);

        page = await StartAsync(browser, page, "Sms", "07400 123 456");
        page = await browser.SubmitAsync(page, "Continue", ("Code", (await server.MailsAsync("+447400123456"))[0].Code!));
        Assert.Contains("+44 7400 123456", page.Text, StringComparison.Ordinal);
        Assert.Equal(2, page.Document.QuerySelectorAll("form[action*=Remove]").Length);

        using var remove = new HttpRequestMessage(HttpMethod.Post, "/account/addresses?handler=Remove")
        {
            Content = new FormUrlEncodedContent([new("form-token", await TokenAsync(browser)), new("Channel", "Sms")]),
        };
        page = await browser.FollowAsync(remove);
        Assert.DoesNotContain("7400", page.Text, StringComparison.Ordinal);
        Assert.Contains("removed", page.Document.QuerySelector("[role=status]")!.TextContent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Email", "no address", "not an e-mail address")]
    [InlineData("Email", "anna@example.com", "your address already")]
    [InlineData("Email", "+447400123456", "not an e-mail address")]
    [InlineData("Sms", "12", "not a phone number")]
    [InlineData("Sms", "020 7946 0958", "cannot receive text messages")]
    [InlineData("Sms", "x@example.com", "not a phone number")]
    public async Task What_is_no_new_address_is_said_beside_the_field(string channel, string typed, string said)
    {
        var browser = await SignedInAsync("anna@example.com", TimeSpan.Zero);

        var page = await StartAsync(browser, await browser.GetAsync("/account/addresses"), channel, typed);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, page.Status);
        Assert.Contains(said, page.Document.QuerySelector(".field-error")!.TextContent, StringComparison.Ordinal);
        Assert.Equal(typed, page.Document.QuerySelector("input[aria-invalid=true]")!.GetAttribute("value"));
    }

    [Fact]
    public async Task Anothers_address_is_answered_alike_and_its_owner_is_told()
    {
        var browser = await SignedInAsync("anna@example.com", TimeSpan.Zero);
        await SignedInAsync("ben@example.com", TimeSpan.Zero);

        var page = await StartAsync(browser, await browser.GetAsync("/account/addresses"), "Email", "ben@example.com");

        Assert.Equal((HttpStatusCode.OK, "/account/addresses/code"), (page.Status, page.Url.AbsolutePath));
        Assert.Null((await server.MailsAsync("ben@example.com", 2))[0].Code);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await browser.SubmitAsync(page, "Continue", ("Code", "123456"))).Status);
    }

    [Fact]
    public async Task An_account_is_deleted_with_fresh_proof_and_is_gone()
    {
        var browser = await SignedInAsync("carla@example.com", TimeSpan.FromMinutes(6));
        var page = await browser.GetAsync("/account/delete");
        Assert.Empty(page.Document.QuerySelectorAll("main form"));
        page = await browser.GetAsync(page.Document.QuerySelector(".panel a")!.GetAttribute("href")!);
        var (code, mail) = await AskAsync(browser, page, "carla@example.com");
        page = await browser.SubmitAsync(code, "Continue", ("Code", mail.Code!));
        Assert.Equal("/account/delete", page.Url.AbsolutePath);

        page = await browser.SubmitAsync(page, "Delete account");

        Assert.Equal(("/account/deleted", "Your account is deleted"), (page.Url.AbsolutePath, page.Document.QuerySelector("h1")!.TextContent));
        Assert.Equal("/sign-in", (await browser.GetAsync("/account")).Url.AbsolutePath);
        var (form, again) = await server.AskForCodeAsync(server.NewBrowser(), "carla@example.com");
        Assert.NotNull(again.Code);
        Assert.Equal("/sign-in/code", form.Url.AbsolutePath);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task<Browser> SignedInAsync(string address, TimeSpan ago)
    {
        var browser = server.NewBrowser();
        await server.SignInAsync(browser, address);

        // Messages to one address are limited by the minute, too.
        server.Clock.Advance(ago);
        return browser;
    }

    private async Task<(Page Page, Mail Mail)> AskAsync(Browser browser, Page page, string address)
    {
        if (page.Url.AbsolutePath != "/sign-in/prove")
        {
            server.Clock.Advance(TimeSpan.FromMinutes(6));
            page = await browser.GetAsync("/sign-in/prove?for=account-delete");
        }

        var known = (await server.MailsAsync(address, 0)).Length;
        var code = await browser.SubmitAsync(page, "Send a code");
        return (code, (await server.MailsAsync(address, known + 1))[0]);
    }

    private static Task<Page> StartAsync(Browser browser, Page page, string channel, string typed)
    {
        var form = page.Document.QuerySelector($"details form:has(input[value={channel}])")!;
        return browser.FollowAsync(new HttpRequestMessage(HttpMethod.Post, new Uri(page.Url, form.GetAttribute("action")!))
        {
            Content = new FormUrlEncodedContent([new("form-token", form.QuerySelector("input[name=form-token]")!.GetAttribute("value")!), new("Channel", channel), new("Address", typed)]),
        });
    }

    private static async Task<string> TokenAsync(Browser browser) =>
        (await browser.GetAsync("/account/data")).Document.QuerySelector("main input[name=form-token]")!.GetAttribute("value")!;
}
