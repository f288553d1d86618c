using System.Net;
using IdentityServer.Testing;
using Xunit;
using static IdentityServer.Tests.SignInPagesTests;

namespace IdentityServer.Tests;

/// <summary>Passwords over the pages, where they are switched on.</summary>
public sealed class PasswordPagesTests : IAsyncDisposable
{
    private const string Anna = "anna@example.com";
    private const string Password = "Vogel-beisst-3x";

    private readonly Server server = new(("SignIn:Password:Enabled", "true"), ("Limits:StartsPerAddressAndMinute", "100"));

    [Fact]
    public async Task A_password_and_a_code_sign_in_and_the_id_token_names_both()
    {
        await SetPasswordAsync(server.NewBrowser(), Anna);
        var (browser, app) = (server.NewBrowser(), server.Spa());
        var attempt = app.Authorize();
        var page = await AskAsync(browser, Anna, attempt.Url);
        Assert.Equal("/sign-in/password", page.Url.AbsolutePath);
        Assert.Equal(("current-password", "password"), (page.Document.QuerySelector("#password")!.GetAttribute("autocomplete"), page.Document.QuerySelector("#password")!.GetAttribute("type")));
        Assert.Equal(Anna, page.Document.QuerySelector("input[autocomplete=username]")!.GetAttribute("value"));

        page = await FinishAsync(browser, page, Anna, "Continue", ("Password", Password));

        var tokens = await app.RedeemAsync(page.Query("code")!, attempt.Verifier);
        Assert.Equal("[\"pwd\",\"otp\"]", RelyingParty.Payload(tokens.IdToken!).GetProperty("amr").GetRawText());
    }

    // E1, E3
    [Fact]
    public async Task Unknown_addresses_and_accounts_with_and_without_a_password_are_answered_alike()
    {
        await SetPasswordAsync(server.NewBrowser(), Anna);
        var bela = server.NewBrowser();
        var details = await FinishAsync(bela, await AskAsync(bela, "bela@example.com"), "bela@example.com", "Send me a code");
        await bela.SubmitAsync(details, "Create", ("Name", "Bela"));

        // The same length, so that the pages that repeat the address have the same size.
        var answers = new List<string>();
        foreach (var address in new[] { Anna, "aaaa@example.com", "bela@example.com" })
        {
            var browser = server.NewBrowser();
            var start = await browser.GetAsync("/sign-in");
            var asked = await browser.SendAsync(browser.Form(start, "Continue", ("Address", address)));
            var page = await browser.GetAsync(asked.Headers.Location!.ToString());
            var wrong = await browser.SubmitAsync(page, "Continue", ("Password", "Not-it-at-all-5"));
            Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.Status);
            var skipped = await browser.SendAsync(browser.Form(wrong, "Send me a code"));
            answers.Add(string.Join('\n', [
                Seen(asked, "", address), Seen(page.Response, page.Html, address), Seen(wrong.Response, wrong.Html, address), Seen(skipped, "", address)]));
        }

        Assert.All(answers, answer => Assert.Equal(answers[0], answer));
    }

    [Fact]
    public async Task A_forgotten_password_is_replaced_after_a_code_and_other_browsers_are_signed_out()
    {
        var old = server.NewBrowser();
        await SetPasswordAsync(old, Anna);
        var (browser, app) = (server.NewBrowser(), server.Spa());
        var attempt = app.Authorize();
        var page = await AskAsync(browser, Anna, attempt.Url);
        page = await FinishAsync(browser, page, Anna, "Send me a code");
        Assert.Equal("/sign-in/new-password", page.Url.AbsolutePath);
        Assert.Equal("/sign-in", (await browser.GetAsync("/account")).Url.AbsolutePath);

        page = await browser.SubmitAsync(page, "Save", ("Password", "anna"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, page.Status);
        Assert.Equal(6, page.Document.QuerySelectorAll("#password-rules .unmet").Length);
        Assert.Contains("password-rules", page.Document.QuerySelector("#password")!.GetAttribute("aria-describedby"), StringComparison.Ordinal);
        page = await browser.SubmitAsync(page, "Save", ("Password", "Fisch-singt-4y!"));

        var tokens = await app.RedeemAsync(page.Query("code")!, attempt.Verifier);
        Assert.Equal("[\"otp\"]", RelyingParty.Payload(tokens.IdToken!).GetProperty("amr").GetRawText());
        Assert.Equal("/sign-in", (await old.GetAsync("/account")).Url.AbsolutePath);
    }

    [Fact]
    public async Task A_new_person_needs_no_password()
    {
        var browser = server.NewBrowser();
        var page = await AskAsync(browser, "new@example.com");
        page = await FinishAsync(browser, page, "new@example.com", "Send me a code");
        Assert.Equal("/sign-in/details", page.Url.AbsolutePath);
        Assert.Equal("/account", (await browser.SubmitAsync(page, "Create", ("Name", "Nina New"))).Url.AbsolutePath);
    }

    [Fact]
    public async Task A_link_alone_leads_to_a_new_password_too()
    {
        await SetPasswordAsync(server.NewBrowser(), Anna);
        var browser = server.NewBrowser();
        var page = await AskAsync(browser, Anna);
        var known = (await server.MailsAsync(Anna, 2)).Length;
        await browser.SubmitAsync(page, "Send me a code");
        var mail = (await server.MailsAsync(Anna, known + 1))[0];

        page = await browser.SubmitAsync(await browser.GetAsync(new Uri(mail.Link!).PathAndQuery), "Sign in");

        Assert.Equal("/sign-in/new-password", page.Url.AbsolutePath);
        Assert.Equal("/sign-in", (await browser.GetAsync("/account")).Url.AbsolutePath);
    }

    // RFC 9700 §2.4
    [Fact]
    public async Task The_one_time_code_grant_sends_who_has_a_password_to_the_pages_and_there_is_no_password_grant()
    {
        await SetPasswordAsync(server.NewBrowser(), Anna);
        var app = server.Native();
        var known = (await server.MailsAsync(Anna, 2)).Length;
        var challenge = (await app.PostAsync("/connect/otp", ("address", Anna), ("scope", "openid"))).Value("challenge")!;
        var code = (await server.MailsAsync(Anna, known + 1))[0].Code!;
        Task<TokenAnswer> RedeemAsync(string otp) => app.TokenAsync(("grant_type", OneTimeCodeGrantTests.Grant), ("challenge", challenge), ("otp", otp));

        Assert.Equal("invalid_grant", (await RedeemAsync(code == "111111" ? "222222" : "111111")).Error);
        Assert.Equal("interaction_required", (await RedeemAsync(code)).Error);
        Assert.Equal("invalid_grant", (await RedeemAsync(code)).Error);
        Assert.Equal("unsupported_grant_type", (await app.TokenAsync(("grant_type", "password"), ("username", Anna), ("password", Password))).Error);
    }

    [Fact]
    public async Task The_account_page_sets_changes_and_removes_a_password_on_fresh_proof_alone()
    {
        var browser = server.NewBrowser();
        await SetPasswordAsync(browser, Anna);
        Assert.NotEmpty((await browser.GetAsync("/account")).Document.QuerySelectorAll("a[href='/account/password']"));
        var page = await browser.GetAsync("/account/password");
        Assert.Equal("new-password", page.Document.QuerySelector("#password")!.GetAttribute("autocomplete"));
        page = await browser.SubmitAsync(page, "Save", ("Password", "Fisch-singt-4y!"));
        Assert.Contains("changed", page.Text, StringComparison.Ordinal);

        server.Clock.Advance(TimeSpan.FromMinutes(6));
        var stale = await browser.SendAsync(browser.Form(page, "Remove"));
        Assert.Equal(HttpStatusCode.SeeOther, stale.StatusCode);
        Assert.StartsWith("/sign-in/prove", stale.Headers.Location!.ToString(), StringComparison.Ordinal);

        var again = server.NewBrowser();
        var asked = await AskAsync(again, Anna);
        await FinishAsync(again, asked, Anna, "Continue", ("Password", "Fisch-singt-4y!"));
        page = await again.SubmitAsync(await again.GetAsync("/account/password"), "Remove");
        Assert.Contains("removed", page.Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, page.Status);
    }

    // OWASP ASVS 5.0, 6.3.7
    [Fact]
    public async Task The_owner_is_told_of_a_new_a_changed_a_forgotten_and_a_removed_password()
    {
        const string Changed = "Your account at IdentityServer has a new password";
        var browser = server.NewBrowser();
        await SetPasswordAsync(browser, Anna);
        var told = await NoticeAsync(Anna, 1, Changed);
        Assert.Contains("localhost", told.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, told.Text + told.Html, StringComparison.Ordinal);

        await browser.SubmitAsync(await browser.GetAsync("/account/password"), "Save", ("Password", "anna"));
        var page = await browser.SubmitAsync(await browser.GetAsync("/account/password"), "Save", ("Password", "Fisch-singt-4y!"));
        await NoticeAsync(Anna, 2, Changed);
        await browser.SubmitAsync(page, "Remove");
        await NoticeAsync(Anna, 3, "The password of your account at IdentityServer was removed");

        await browser.SubmitAsync(await browser.GetAsync("/account/password"), "Save", ("Password", Password));
        await NoticeAsync(Anna, 4, Changed);
        var other = server.NewBrowser();
        page = await FinishAsync(other, await AskAsync(other, Anna), Anna, "Send me a code");
        await other.SubmitAsync(page, "Save", ("Password", "Vogel-singt-5z!"));
        await NoticeAsync(Anna, 6, Changed);
        Assert.Contains("Password changed", (await other.GetAsync("/account/history")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_many_wrong_passwords_pause_and_say_for_how_long()
    {
        var browser = server.NewBrowser();
        var page = await AskAsync(browser, "nobody@example.com");
        for (var tries = 0; tries < 10; tries++)
            page = await browser.SubmitAsync(page, "Continue", ("Password", $"Not-it-at-all-{tries}"));
        page = await browser.SubmitAsync(page, "Continue", ("Password", Password));

        Assert.Equal(HttpStatusCode.TooManyRequests, page.Status);
        Assert.InRange(page.Response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 30);
    }

    [Theory]
    [InlineData("/sign-in/password")]
    [InlineData("/sign-in/new-password")]
    [InlineData("/account/password")]
    public async Task Switched_off_nothing_of_it_exists(string path)
    {
        await using var plain = new Server();
        var browser = plain.NewBrowser();
        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync(path)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await browser.SendAsync(new HttpRequestMessage(HttpMethod.Post, path))).StatusCode);
        var account = await plain.SignInAsync(browser, Anna);
        Assert.Equal("/account", account.Url.AbsolutePath);
        Assert.Empty(account.Document.QuerySelectorAll("a[href*=password]"));
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private static async Task<Page> AskAsync(Browser browser, string address, string start = "/sign-in") =>
        await browser.SubmitAsync(await browser.GetAsync(start), "Continue", ("Address", address));

    /// <summary>Presses the button that has a code sent, and types the code.</summary>
    private async Task<Page> FinishAsync(Browser browser, Page page, string address, string button, params (string Name, string Value)[] fields)
    {
        var known = (await CodesAsync(address, 0)).Count;
        page = await browser.SubmitAsync(page, button, fields);
        Assert.Equal("/sign-in/code", page.Url.AbsolutePath);
        server.Clock.Advance(TimeSpan.FromSeconds(5));
        return await browser.SubmitAsync(page, "Continue", ("Code", (await CodesAsync(address, known + 1))[0]));
    }

    /// <summary>The codes that were sent, newest first: notices about the password come in between.</summary>
    private async Task<List<string>> CodesAsync(string address, int atLeast)
    {
        for (var mails = atLeast; ; mails++)
        {
            List<string> codes = [.. (await server.MailsAsync(address, mails)).Select(mail => mail.Code).OfType<string>()];
            if (codes.Count >= atLeast)
                return codes;
        }
    }

    /// <summary>The newest mails, once the newest of all has this subject.</summary>
    private async Task<Mail> NoticeAsync(string address, int known, string subject)
    {
        var mails = await server.MailsAsync(address, known + 1);
        var notice = Assert.Single(mails[..^known], mail => mail.Subject == subject);
        Assert.Null(notice.Code);
        Assert.Null(notice.Link);
        return notice;
    }

    private async Task SetPasswordAsync(Browser browser, string address)
    {
        await FinishAsync(browser, await AskAsync(browser, address), address, "Send me a code");
        var page = await browser.SubmitAsync(await browser.GetAsync("/account/password"), "Save", ("Password", Password));
        Assert.Contains("Your password is set.", page.Text, StringComparison.Ordinal);
        server.Clock.Advance(TimeSpan.FromMinutes(1));
    }
}
