using System.Net;
using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.Tests;

/// <summary>The main job, end to end: an app asks, a person signs in on the pages, the app leaves with tokens.</summary>
public abstract class AppFlowTests(Server server) : IAsyncDisposable
{
    [Fact]
    public async Task A_new_person_signs_in_and_the_app_gets_standard_tokens()
    {
        var (browser, app) = (server.NewBrowser(), server.Spa());
        var attempt = app.Authorize("openid profile email offline_access notes");

        var page = await server.SignInAsync(browser, "new@example.com", attempt.Url, "New Person");

        Assert.StartsWith("http://localhost:5173/callback", page.Url.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.SeeOther, page.Status);
        Assert.Equal(attempt.State, page.Query("state"));
        Assert.Equal("https://localhost", page.Query("iss"));
        var tokens = await app.RedeemAsync(page.Query("code")!, attempt.Verifier);
        Assert.Equal(200, tokens.Status);
        var idToken = RelyingParty.Payload(tokens.IdToken!);
        Assert.Equal(attempt.Nonce, idToken.GetProperty("nonce").GetString());
        Assert.Equal("otp", idToken.GetProperty("amr")[0].GetString());
        Assert.Equal("http://localhost:5174", RelyingParty.Payload(tokens.AccessToken!).GetProperty("aud").ToString());
        var (status, claims) = await app.UserInfoAsync(tokens.AccessToken!);
        Assert.Equal(200, status);
        Assert.Equal("New Person", claims.GetProperty("name").GetString());
        Assert.Equal("new@example.com", claims.GetProperty("email").GetString());
        Assert.True(claims.GetProperty("email_verified").GetBoolean());
    }

    [Fact]
    public async Task Signed_in_once_means_signed_in_for_every_app()
    {
        var browser = server.NewBrowser();
        await server.SignInAsync(browser, "anna@example.com");

        var app = server.Spa();
        var attempt = app.Authorize();
        var page = await browser.GetAsync(attempt.Url);

        Assert.NotNull(page.Query("code"));
    }

    [Fact]
    public async Task Signing_out_ends_the_session_and_its_refresh_tokens()
    {
        var (browser, app) = (server.NewBrowser(), server.Spa());
        var attempt = app.Authorize("openid offline_access");
        var page = await server.SignInAsync(browser, "anna@example.com", attempt.Url);
        var tokens = await app.RedeemAsync(page.Query("code")!, attempt.Verifier);

        page = await browser.GetAsync($"/connect/endsession?id_token_hint={tokens.IdToken}&post_logout_redirect_uri={Uri.EscapeDataString("http://localhost:5173/")}&state=bye");

        Assert.Equal("http://localhost:5173/?state=bye", page.Url.ToString());
        Assert.Equal("invalid_grant", (await app.RefreshAsync(tokens.RefreshToken!)).Error);
        Assert.Equal("/sign-in", (await browser.GetAsync("/account")).Url.AbsolutePath);
        Assert.Equal("login_required", (await browser.GetAsync(app.Authorize(more: ("prompt", "none")).Url)).Query("error"));
    }

    [Fact]
    public async Task Without_a_hint_the_person_is_asked_before_they_are_signed_out()
    {
        var browser = server.NewBrowser();
        await server.SignInAsync(browser, "anna@example.com");

        var page = await browser.GetAsync("/connect/endsession");
        Assert.Equal("/sign-out", page.Url.AbsolutePath);
        Assert.Equal("/account", (await browser.GetAsync("/account")).Url.AbsolutePath);

        page = await browser.SubmitAsync(page, "Sign out");
        Assert.Equal("/signed-out", page.Url.AbsolutePath);
        Assert.Equal("/sign-in", (await browser.GetAsync("/account")).Url.AbsolutePath);
    }

    [Fact]
    public async Task A_third_party_asks_for_consent_once_for_each_scope()
    {
        var (browser, app) = (server.NewBrowser(), server.WebApp());
        var page = await server.SignInAsync(browser, "anna@example.com", app.Authorize("openid email").Url);
        Assert.Equal("/consent", page.Url.AbsolutePath);
        page = await browser.SubmitAsync(page, "Allow");
        Assert.NotNull(page.Query("code"));

        Assert.NotNull((await browser.GetAsync(app.Authorize("openid").Url)).Query("code"));
        Assert.Equal("/consent", (await browser.GetAsync(app.Authorize("openid phone").Url)).Url.AbsolutePath);
        Assert.Equal("consent_required", (await browser.GetAsync(app.Authorize("openid phone", ("prompt", "none")).Url)).Query("error"));
        Assert.Equal("/consent", (await browser.GetAsync(app.Authorize("openid", ("prompt", "consent")).Url)).Url.AbsolutePath);
    }

    [Fact]
    public async Task Prompt_login_and_max_age_0_ask_for_a_fresh_proof()
    {
        var (browser, app) = (server.NewBrowser(), server.Spa());
        await server.SignInAsync(browser, "anna@example.com");
        server.Clock.Advance(TimeSpan.FromMinutes(2));

        foreach (var (name, value) in new[] { ("prompt", "login"), ("max_age", "0"), ("max_age", "60") })
        {
            var page = await browser.GetAsync(app.Authorize(more: (name, value)).Url);
            Assert.Equal("/sign-in", page.Url.AbsolutePath);
        }

        var signedIn = await server.SignInAsync(browser, "anna@example.com", app.Authorize(more: ("prompt", "login")).Url);
        Assert.NotNull(signedIn.Query("code"));
    }

    [Fact]
    public async Task Sixteen_redemptions_of_one_code_give_one_winner()
    {
        var (browser, app) = (server.NewBrowser(), server.Spa());
        var attempt = app.Authorize("openid offline_access");
        var page = await server.SignInAsync(browser, "anna@example.com", attempt.Url);

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => app.RedeemAsync(page.Query("code")!, attempt.Verifier)));

        Assert.Single(answers, answer => answer.Status == 200);
        Assert.All(answers.Where(answer => answer.Status != 200), answer => Assert.Equal("invalid_grant", answer.Error));
    }

    // FAPI 2.0 Security Profile 5.3.2.1: a retry with the previous refresh token succeeds.
    [Fact]
    public async Task A_hundred_refreshes_with_lost_answers_and_two_tabs_end_nothing_and_a_token_two_behind_does()
    {
        var (browser, app) = (server.NewBrowser(), server.Spa());
        var attempt = app.Authorize("openid offline_access");
        var page = await server.SignInAsync(browser, "anna@example.com", attempt.Url);
        var first = (await app.RedeemAsync(page.Query("code")!, attempt.Verifier)).RefreshToken!;

        var current = first;
        for (var round = 0; round < 100; round++)
        {
            // Two tabs at once; every third answer is lost and asked for again.
            var answers = await Task.WhenAll(app.RefreshAsync(current), app.RefreshAsync(current));
            Assert.All(answers, answer => Assert.Equal(200, answer.Status));
            Assert.Equal(answers[0].RefreshToken, answers[1].RefreshToken);
            if (round % 3 == 0)
                Assert.Equal(answers[0].RefreshToken, (await app.RefreshAsync(current)).RefreshToken);
            current = answers[0].RefreshToken!;
        }

        Assert.Equal("invalid_grant", (await app.RefreshAsync(first)).Error);
        Assert.Equal("invalid_grant", (await app.RefreshAsync(current)).Error);
    }

    [Fact]
    public async Task An_application_acts_for_itself()
    {
        var answer = await server.Worker().TokenAsync(("grant_type", "client_credentials"), ("scope", "notes"));

        Assert.Equal(200, answer.Status);
        Assert.Equal("worker", RelyingParty.Payload(answer.AccessToken!).GetProperty("sub").GetString());
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}

public sealed class AppFlowOnSqliteTests() : AppFlowTests(new Server());

public sealed class AppFlowOnPostgresTests() : AppFlowTests(Server.OnPostgres());
