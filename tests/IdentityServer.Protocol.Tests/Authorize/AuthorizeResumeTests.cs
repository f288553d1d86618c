using System.Net;
using IdentityServer.Protocol.Authorize;
using IdentityServer.Protocol.Tokens;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Protocol.Tests.Authorize;

/// <summary>A request waits while a person is asked, and goes on as it was.</summary>
public sealed class AuthorizeResumeTests : BrowserTests
{
    [Fact]
    public async Task A_stranger_is_asked_to_sign_in_and_nothing_is_written()
    {
        var parked = AssertAsked(Interaction.SignIn, await AuthorizeAsync(
            ("nonce", "n"), ("login_hint", "ann@example.com"), ("ui_locales", "de-CH fr <x>"), ("max_age", "60"), ("prompt", "login consent")));

        var request = Open(parked);
        Assert.Equal("ann@example.com", request.LoginHint);
        Assert.Equal(["de-CH", "fr"], request.UiLocales);
        Assert.Equal(60, request.MaxAge);
        Assert.Equal(["login", "consent"], request.Prompts);
        Assert.Equal(State, request.State);
        Assert.Equal(Host.Clock.Now, request.ReceivedAt);
        Assert.Equal(0, Host.Ledger.Writes);
    }

    [Fact]
    public async Task After_signing_in_the_parked_request_is_resumed_with_its_state_nonce_and_challenge()
    {
        var parked = AssertAsked(Interaction.SignIn, await AuthorizeAsync(("nonce", "n"), ("prompt", "login"), ("max_age", "0")));
        Host.Clock.Advance(TimeSpan.FromMinutes(1));
        SignIn();
        var answer = await GetAsync(ParkedRequests.ResumePath(parked));

        Assert.NotNull(answer.Parameter("code"));
        Assert.Equal(State, answer.Parameter("state"));
        var payload = TokenPayload.Parse(Assert.Single(Host.Ledger.Tokens).Payload);
        Assert.Equal("n", payload.Nonce);
        Assert.Equal(Pkce.Challenge(Verifier), payload.CodeChallenge);
    }

    [Fact]
    public async Task Resuming_without_having_done_what_was_asked_asks_again()
    {
        SignIn();
        var parked = AssertAsked(Interaction.SignIn, await AuthorizeAsync(("prompt", "login")));
        AssertAsked(Interaction.SignIn, await GetAsync(ParkedRequests.ResumePath(parked)));
        Assert.Equal(0, Host.Ledger.Writes);
    }

    [Fact]
    public async Task Consent_is_asked_and_a_no_is_access_denied_RFC6749_4_1_2_1()
    {
        SignIn();
        var parked = AssertAsked(Interaction.Consent, await AuthorizeAsync(("client_id", "web")));
        var denied = Host.Services.GetRequiredService<ParkedRequests>().Deny(Open(parked));
        AssertRedirected("access_denied", await GetAsync(ParkedRequests.ResumePath(denied)));
    }

    [Fact]
    public async Task A_POST_is_answered_by_the_GET_that_brings_the_cookie_OpenIdConnectCore_3_1_2_1()
    {
        var resume = await PostAsync("/connect/authorize", Request());
        Assert.Equal(HttpStatusCode.SeeOther, resume.Status);
        Assert.Equal("/connect/authorize/resume", resume.Place);
        Assert.Equal(0, Host.Ledger.Writes);

        SignIn();
        Assert.NotNull((await GetAsync(resume.Location!)).Parameter("code"));
    }

    [Fact]
    public async Task Resuming_tolerates_POST()
    {
        SignIn();
        var parked = AssertAsked(Interaction.SelectAccount, await AuthorizeAsync(("prompt", "select_account")));
        Host.Clock.Advance(TimeSpan.FromSeconds(1));
        SignIn();
        var answer = await PostAsync("/connect/authorize/resume", [new("request", parked)]);
        Assert.NotNull(answer.Parameter("code"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?request=nonsense")]
    [InlineData("?request=a&request=b")]
    public async Task Resuming_nothing_of_ours_is_shown(string query) =>
        AssertShown("invalid_request", await GetAsync("/connect/authorize/resume" + query));

    [Fact]
    public async Task An_old_parked_request_is_shown_as_too_old()
    {
        var parked = AssertAsked(Interaction.SignIn, await AuthorizeAsync());
        Host.Clock.Advance(TimeSpan.FromHours(1));
        AssertShown("invalid_request", await GetAsync(ParkedRequests.ResumePath(parked)));
    }

    [Fact]
    public async Task A_redirect_URI_that_was_taken_away_meanwhile_gets_nothing()
    {
        var parked = AssertAsked(Interaction.SignIn, await AuthorizeAsync());
        SignIn();
        Host.Registry.Put(Spa with { RedirectUris = ["https://app.example/other"] });
        AssertShown("invalid_request", await GetAsync(ParkedRequests.ResumePath(parked)));
    }

    [Fact]
    public async Task A_scope_that_was_taken_away_meanwhile_is_not_granted()
    {
        var parked = AssertAsked(Interaction.SignIn, await AuthorizeAsync());
        SignIn();
        Host.Registry.Put(Spa with { Scopes = ["openid"] });
        AssertRedirected("invalid_scope", await GetAsync(ParkedRequests.ResumePath(parked)));
    }

    [Fact]
    public async Task The_largest_allowed_request_fits_a_URL_when_parked()
    {
        var answer = await AuthorizeAsync(("state", new string('s', 2_048)), ("nonce", new string('n', 512)), ("login_hint", new string('l', 512)), ("ui_locales", string.Concat(Enumerable.Repeat("de ", 170))));
        AssertAsked(Interaction.SignIn, answer);
        Assert.InRange(answer.Location!.Length, 1, 8_000);
    }
}
