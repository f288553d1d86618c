using System.Net;
using System.Text.Json;
using IdentityServer.Core.Persistence;
using IdentityServer.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Tests.UI;

/// <summary>The account's pages but those of addresses and deletion, which ask for fresh proof.</summary>
public sealed class AccountPagesTests : IAsyncDisposable
{
    private readonly Server server = new(("Users:ben@example.com:Name", "Ben Example"));

    [Theory]
    [InlineData("/account")]
    [InlineData("/account/profile")]
    [InlineData("/account/addresses")]
    [InlineData("/account/addresses/code?challenge=00000000-0000-0000-0000-000000000000")]
    [InlineData("/account/sessions")]
    [InlineData("/account/applications")]
    [InlineData("/account/invitation")]
    [InlineData("/account/history")]
    [InlineData("/account/data")]
    [InlineData("/account/delete")]
    [InlineData("/sign-in/prove?for=account-delete")]
    [InlineData("/sign-in/prove/code?for=account-delete")]
    public async Task Who_is_not_signed_in_is_asked_to(string path) =>
        Assert.Equal("/sign-in", (await server.NewBrowser().GetAsync(path)).Url.AbsolutePath);

    [Fact]
    public async Task The_account_page_leads_to_every_other_one()
    {
        var browser = server.NewBrowser();
        var account = await server.SignInAsync(browser, "anna@example.com");

        Assert.Contains("anna@example.com", account.Text, StringComparison.Ordinal);
        var links = account.Document.QuerySelectorAll("nav.links a").Select(link => link.GetAttribute("href")!).ToList();
        Assert.Equal(8, links.Count);
        foreach (var link in links)
            Assert.Equal((HttpStatusCode.OK, 1), ((await browser.GetAsync(link)).Status, (await browser.GetAsync(link)).Document.QuerySelectorAll("h1").Length));
    }

    [Fact]
    public async Task A_profile_is_saved_and_applications_are_told()
    {
        var (browser, app) = (server.NewBrowser(), server.WebApp());
        var attempt = app.Authorize("openid profile");
        var consent = await server.SignInAsync(browser, "ben@example.com", attempt.Url);
        var page = await browser.SubmitAsync(
            await browser.GetAsync("/account/profile"),
            "Save",
            ("Name", "Benedikt Example"), ("GivenName", "Benedikt"), ("BirthDate", "1990-05-17"), ("ZoneInfo", "Europe/Berlin"), ("Picture", "https://example.com/ben.png"));

        Assert.Equal(("/account/profile", HttpStatusCode.OK), (page.Url.AbsolutePath, page.Status));
        Assert.Contains("saved", page.Document.QuerySelector("[role=status]")!.TextContent, StringComparison.Ordinal);
        Assert.Equal("1990-05-17", page.Document.QuerySelector("#birth_date")!.GetAttribute("value"));
        var allowed = await browser.SubmitAsync(consent, "Allow");
        var (_, claims) = await app.UserInfoAsync((await app.RedeemAsync(allowed.Query("code")!, attempt.Verifier)).AccessToken!);
        Assert.Equal(("Benedikt Example", "Europe/Berlin"), (claims.GetProperty("name").GetString(), claims.GetProperty("zoneinfo").GetString()));
    }

    [Theory]
    [InlineData("Name", "", "name")]
    [InlineData("Name", "a\u202eb", "name")]
    [InlineData("BirthDate", "2990-01-01", "birth_date")]
    [InlineData("BirthDate", "yesterday", "birth_date")]
    [InlineData("Picture", "http://example.com/ben.png", "picture")]
    [InlineData("Picture", "javascript:alert(1)", "picture")]
    [InlineData("ZoneInfo", "Middle/Earth", "zone_info")]
    [InlineData("Locale", "tlh", "locale")]
    public async Task What_a_profile_cannot_hold_is_said_beside_the_field_and_changes_nothing(string field, string typed, string id)
    {
        var browser = server.NewBrowser();
        await server.SignInAsync(browser, "anna@example.com");
        var form = await browser.GetAsync("/account/profile");

        var page = await browser.SubmitAsync(form, "Save", ("Gender", "changed"), (field, typed));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, page.Status);
        Assert.Equal("true", page.Document.GetElementById(id)!.GetAttribute("aria-invalid"));
        Assert.NotNull(page.Document.GetElementById($"{id}-error"));
        Assert.StartsWith("Problem:", page.Document.Title, StringComparison.Ordinal);
        Assert.Null((await browser.GetAsync("/account/profile")).Document.GetElementById("gender")!.GetAttribute("value"));
    }

    [Fact]
    public async Task A_profile_that_changed_meanwhile_is_shown_anew_and_not_overwritten()
    {
        var browser = server.NewBrowser();
        await server.SignInAsync(browser, "anna@example.com");
        var (first, second) = (await browser.GetAsync("/account/profile"), await browser.GetAsync("/account/profile"));
        await browser.SubmitAsync(first, "Save", ("GivenName", "First"));

        var page = await browser.SubmitAsync(second, "Save", ("GivenName", "Second"));

        Assert.Equal((HttpStatusCode.Conflict, "First"), (page.Status, page.Document.GetElementById("given_name")!.GetAttribute("value")));
    }

    [Fact]
    public async Task The_language_of_the_profile_is_the_language_of_the_pages()
    {
        var browser = server.NewBrowser();
        await server.SignInAsync(browser, "anna@example.com");

        var page = await browser.SubmitAsync(await browser.GetAsync("/account/profile"), "Save", ("Locale", "ar"));

        Assert.Equal(("ar", "rtl"), (page.Document.DocumentElement.GetAttribute("lang"), page.Document.DocumentElement.GetAttribute("dir")));
    }

    [Fact]
    public async Task One_session_or_all_others_are_ended_and_nobody_elses()
    {
        var (here, there, elsewhere, stranger) = (server.NewBrowser(), server.NewBrowser(), server.NewBrowser(), server.NewBrowser());
        there.Headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";
        foreach (var browser in new[] { here, there, elsewhere })
        {
            await server.SignInAsync(browser, "anna@example.com");
            server.Clock.Advance(TimeSpan.FromMinutes(2));
        }

        await server.SignInAsync(stranger, "ben@example.com");
        var theirs = await SessionOfAsync("ben@example.com");
        var page = await here.GetAsync("/account/sessions");
        Assert.Equal(3, page.Document.QuerySelectorAll(".rows li").Length);
        Assert.Contains("Firefox on Linux", page.Text, StringComparison.Ordinal);

        await here.SubmitAsync(page, "End", ("session", theirs.ToString("D")));
        Assert.Equal("/account", (await stranger.GetAsync("/account")).Url.AbsolutePath);

        page = await here.SubmitAsync(page, "End");
        Assert.Equal(2, page.Document.QuerySelectorAll(".rows li").Length);
        page = await here.SubmitAsync(page, "everywhere else");
        Assert.Single(page.Document.QuerySelectorAll(".rows li"));
        Assert.Equal(("/account", "/sign-in", "/sign-in"), (
            (await here.GetAsync("/account")).Url.AbsolutePath, (await there.GetAsync("/account")).Url.AbsolutePath, (await elsewhere.GetAsync("/account")).Url.AbsolutePath));
        Assert.Equal("/account", (await stranger.GetAsync("/account")).Url.AbsolutePath);
    }

    [Fact]
    public async Task Access_of_an_application_is_shown_in_words_and_taken_away()
    {
        var (browser, app) = (server.NewBrowser(), server.WebApp());
        var attempt = app.Authorize("openid profile offline_access");
        var allowed = await browser.SubmitAsync(await server.SignInAsync(browser, "anna@example.com", attempt.Url), "Allow");
        var tokens = await app.RedeemAsync(allowed.Query("code")!, attempt.Verifier);
        var other = server.NewBrowser();
        await server.SignInAsync(other, "ben@example.com");

        // Another person's hand on the same application takes nothing from this one.
        var page = await browser.GetAsync("/account/applications");
        Assert.Contains("See your profile", page.Text, StringComparison.Ordinal);
        Assert.Empty((await other.GetAsync("/account/applications")).Document.QuerySelectorAll("section"));
        var forged = browser.Form(page, "Take access away");
        forged.Content = new FormUrlEncodedContent([new("application", "webapp"), new("form-token", await TokenAsync(other, "/account/data"))]);
        Assert.Equal(HttpStatusCode.SeeOther, (await other.SendAsync(forged)).StatusCode);
        Assert.Single((await browser.GetAsync("/account/applications")).Document.QuerySelectorAll("section"));

        page = await browser.SubmitAsync(page, "Take access away");

        Assert.Empty(page.Document.QuerySelectorAll("section"));
        Assert.Equal(400, (await app.RefreshAsync(tokens.RefreshToken!)).Status);
    }

    [Fact]
    public async Task Who_invited_whom_is_named_once_and_never_oneself()
    {
        var (anna, ben) = (server.NewBrowser(), server.NewBrowser());
        await server.SignInAsync(anna, "anna@example.com");
        await server.SignInAsync(ben, "ben@example.com");
        var (annas, bens) = (await CodeAsync(anna), await CodeAsync(ben));

        foreach (var wrong in new[] { annas, "", "AAAAAA", "<script>" })
        {
            var refused = await anna.SubmitAsync(await anna.GetAsync("/account/invitation"), "Save", ("Code", wrong));
            Assert.Equal((HttpStatusCode.UnprocessableEntity, "true"), (refused.Status, refused.Document.GetElementById("code")!.GetAttribute("aria-invalid")));
        }

        var form = await anna.GetAsync("/account/invitation");
        var page = await anna.SubmitAsync(form, "Save", ("Code", bens.ToLowerInvariant()));
        Assert.Contains($"You were invited with the code {bens}", page.Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await anna.SubmitAsync(form, "Save", ("Code", bens))).Status);

        var invited = await ben.GetAsync("/account/invitation");
        Assert.Contains("a•••@e•••.com", invited.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("anna@example.com", invited.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task History_is_told_in_words_part_by_part()
    {
        var browser = server.NewBrowser();
        await server.SignInAsync(browser, "anna@example.com");
        server.Clock.Advance(TimeSpan.FromMinutes(1));
        for (var change = 0; change < 22; change++)
            await browser.SubmitAsync(await browser.GetAsync("/account/profile"), "Save", ("GivenName", $"Anna{change}"));

        var page = await browser.GetAsync("/account/history");
        Assert.Equal(20, page.Document.QuerySelectorAll(".rows li").Length);
        Assert.Contains("Profile changed", page.Text, StringComparison.Ordinal);
        page = await browser.GetAsync(page.Document.QuerySelector("a[rel=next]")!.GetAttribute("href")!);
        Assert.Contains("Signed in", page.Text, StringComparison.Ordinal);
        Assert.Null(page.Document.QuerySelector("a[rel=next]"));
        Assert.Equal("/account/history", page.Document.QuerySelector("a[rel=prev]")!.GetAttribute("href"));
        foreach (var part in new[] { "0", "-5", "2147483647", "99999999999", "x" })
            Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync($"/account/history?part={part}")).Status);
    }

    [Fact]
    public async Task All_data_is_downloaded_as_a_file_that_is_not_stored()
    {
        var browser = server.NewBrowser();
        await server.SignInAsync(browser, "anna@example.com");

        using var response = await browser.SendAsync(browser.Form(await browser.GetAsync("/account/data"), "Download"));

        Assert.Equal(("application/json", "attachment", "account.json"), (
            response.Content.Headers.ContentType!.MediaType, response.Content.Headers.ContentDisposition!.DispositionType, response.Content.Headers.ContentDisposition.FileName));
        Assert.True(response.Headers.CacheControl!.NoStore);
        var data = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal("anna@example.com", data.GetProperty("profile").GetProperty("email").GetString());
        Assert.Equal(1, data.GetProperty("sessions").GetArrayLength());
        Assert.Contains(data.GetProperty("history").EnumerateArray(), entry => entry.GetProperty("kind").GetString() == "SignedIn");
        Assert.DoesNotContain("ben@example.com", data.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/account/profile", "Name=Mallory")]
    [InlineData("/account/addresses?handler=Start", "Channel=Email&Address=mallory%40example.com")]
    [InlineData("/account/addresses?handler=Remove", "Channel=Email")]
    [InlineData("/account/sessions?handler=EndOthers", "")]
    [InlineData("/account/applications?handler=Revoke", "application=webapp")]
    [InlineData("/account/invitation", "Code=AAAAAA")]
    [InlineData("/account/data", "")]
    [InlineData("/account/delete", "")]
    [InlineData("/sign-in/prove?for=account-delete", "Channel=Email")]
    public async Task A_form_that_another_site_sends_does_nothing(string path, string body)
    {
        var browser = server.NewBrowser();
        await server.SignInAsync(browser, "anna@example.com");
        using var forged = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, null, "application/x-www-form-urlencoded") };

        using var response = await browser.SendAsync(forged);

        Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
        Assert.Contains("expired=1", response.Headers.Location!.ToString(), StringComparison.Ordinal);
        Assert.Equal("/account", (await browser.GetAsync("/account")).Url.AbsolutePath);
        Assert.Single(await server.MailsAsync("anna@example.com"));
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private static async Task<string> CodeAsync(Browser browser) =>
        (await browser.GetAsync("/account/invitation")).Document.QuerySelector(".ticket code")!.TextContent;

    private static async Task<string> TokenAsync(Browser browser, string path) =>
        (await browser.GetAsync(path)).Document.QuerySelector("main input[name=form-token]")!.GetAttribute("value")!;

    private async Task<Guid> SessionOfAsync(string email)
    {
        await using var scope = server.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ServerDb>();
        return await db.Sessions.Where(row => db.Users.Any(user => user.Id == row.UserId && user.Email == email)).Select(row => row.Id).SingleAsync();
    }
}
