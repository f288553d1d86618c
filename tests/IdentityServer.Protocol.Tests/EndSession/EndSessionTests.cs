using System.Net;
using IdentityServer.Protocol.EndSession;
using IdentityServer.Protocol.Jose;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Protocol.Tests.EndSession;

/// <summary>OpenID Connect RP-Initiated Logout 1.0.</summary>
public sealed class EndSessionTests : BrowserTests
{
    private const string Home = "https://app.example/";

    [Fact]
    public async Task The_session_that_the_hint_names_ends_at_once_and_the_browser_goes_back_with_state_2()
    {
        var session = SignIn();
        var hint = await IdTokenAsync(session);
        Host.Clock.Advance(TimeSpan.FromDays(30));
        var answer = await EndAsync(("id_token_hint", hint), ("post_logout_redirect_uri", Home), ("state", "a b&c"));

        Assert.Equal(HttpStatusCode.SeeOther, answer.Status);
        Assert.Equal(Home + "?state=a%20b%26c", answer.Location);
        Assert.Empty(Host.Sessions.Live);
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
    }

    [Fact]
    public async Task Without_a_place_to_go_the_signed_out_page_follows()
    {
        var answer = await EndAsync(("id_token_hint", await IdTokenAsync(SignIn())));
        Assert.Equal("/page/SignedOut", answer.Location);
        Assert.Empty(Host.Sessions.Live);
    }

    [Fact]
    public async Task A_query_of_the_post_logout_uri_is_kept()
    {
        var hint = await IdTokenAsync(SignIn());
        Assert.Equal("https://app.example/bye?a=1&state=s", (await EndAsync(("id_token_hint", hint), ("post_logout_redirect_uri", "https://app.example/bye?a=1"), ("state", "s"))).Location);
    }

    [Fact]
    public async Task Without_a_hint_the_person_is_asked_2()
    {
        var session = SignIn();
        var parked = AssertAsked(Interaction.SignOut, await EndAsync(("client_id", "spa"), ("post_logout_redirect_uri", Home), ("state", "s"), ("ui_locales", "de")));
        Assert.True(Host.Sessions.Live.ContainsKey(session.Id));

        var request = Host.Services.GetRequiredService<ParkedSignOuts>().Open(parked)!;
        Assert.Equal("spa", request.ClientId);
        Assert.Equal(["de"], request.UiLocales);

        // Coming back without having signed out asks again; the page ends the session.
        AssertAsked(Interaction.SignOut, await GetAsync(ParkedSignOuts.ResumePath(parked)));
        Host.Sessions.Live.Clear();
        Assert.Equal(Home + "?state=s", (await GetAsync(ParkedSignOuts.ResumePath(parked))).Location);
    }

    [Fact]
    public async Task Nothing_at_all_asks_too()
    {
        SignIn();
        AssertAsked(Interaction.SignOut, await EndAsync());
    }

    [Fact]
    public async Task A_hint_of_another_session_asks_2()
    {
        var hint = await IdTokenAsync(SignIn());
        var session = SignIn();
        AssertAsked(Interaction.SignOut, await EndAsync(("id_token_hint", hint), ("post_logout_redirect_uri", Home)));
        Assert.True(Host.Sessions.Live.ContainsKey(session.Id));
    }

    [Fact]
    public async Task A_hint_that_cannot_be_checked_asks()
    {
        SignIn();
        AssertAsked(Interaction.SignOut, await EndAsync(("id_token_hint", "a.b.c"), ("client_id", "spa"), ("post_logout_redirect_uri", Home)));
    }

    [Fact]
    public async Task An_access_token_is_no_hint_RFC8725_3_11()
    {
        var token = await IdTokenAsync(SignIn(), typ: "at+jwt");
        AssertAsked(Interaction.SignOut, await EndAsync(("id_token_hint", token)));
    }

    [Fact]
    public async Task Who_is_signed_out_already_just_goes_back()
    {
        var session = SignIn();
        var hint = await IdTokenAsync(session);
        Host.Sessions.Live.Clear();
        Assert.Equal(Home, (await EndAsync(("id_token_hint", hint), ("post_logout_redirect_uri", Home))).Location);
        Assert.Equal(Home, (await EndAsync(("client_id", "spa"), ("post_logout_redirect_uri", Home))).Location);
    }

    [Fact]
    public async Task A_POST_is_answered_by_the_GET_that_brings_the_cookie_2()
    {
        var session = SignIn();
        var form = new Dictionary<string, string>(StringComparer.Ordinal) { ["id_token_hint"] = await IdTokenAsync(session), ["post_logout_redirect_uri"] = Home };
        var resume = await PostAsync("/connect/endsession", form);
        Assert.Equal(HttpStatusCode.SeeOther, resume.Status);
        Assert.Equal("/connect/endsession/resume", resume.Place);
        Assert.True(Host.Sessions.Live.ContainsKey(session.Id));

        Assert.Equal(Home, (await GetAsync(resume.Location!)).Location);
        Assert.Empty(Host.Sessions.Live);
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("https://app.example")]
    [InlineData("https://app.example//")]
    [InlineData("https://APP.example/")]
    [InlineData("https://app.example/?")]
    [InlineData("https://app.example/#")]
    [InlineData("https://app.example:443/")]
    [InlineData("https://app.example@evil.example/")]
    [InlineData("https://app.example/callback")]
    [InlineData("//app.example/")]
    [InlineData("/")]
    public async Task An_unregistered_post_logout_uri_is_shown_and_nothing_ends_3(string uri)
    {
        var hint = await IdTokenAsync(SignIn());
        await RefusesAsync("invalid_request", ("id_token_hint", hint), ("post_logout_redirect_uri", uri));
        await RefusesAsync("invalid_request", ("client_id", "spa"), ("post_logout_redirect_uri", uri));
    }

    [Fact]
    public async Task A_loopback_port_is_not_free_3()
    {
        SignIn();
        await RefusesAsync("invalid_request", ("client_id", "native"), ("post_logout_redirect_uri", "http://127.0.0.1:5001/bye"));
    }

    [Fact]
    public async Task A_post_logout_uri_of_nobody_is_shown_2()
    {
        SignIn();
        await RefusesAsync("invalid_request", ("post_logout_redirect_uri", Home));
        await RefusesAsync("invalid_request", ("post_logout_redirect_uri", Home), ("id_token_hint", "a.b.c"));
    }

    [Fact]
    public async Task An_unknown_client_is_shown()
    {
        SignIn();
        await RefusesAsync("invalid_client", ("client_id", "nobody"));
    }

    [Fact]
    public async Task A_hint_for_another_client_is_shown_2()
    {
        var hint = await IdTokenAsync(SignIn());
        await RefusesAsync("invalid_request", ("client_id", "web"), ("id_token_hint", hint), ("post_logout_redirect_uri", Home));
    }

    [Fact]
    public async Task A_hint_by_a_foreign_key_ends_nothing()
    {
        using var key = SigningKey.Generate(JwsAlgorithm.ES256, new SigningKeyTimes(Host.Clock.Now, Host.Clock.Now, Host.Clock.Now, Host.Clock.Now));
        await RefusesAsync("invalid_request", ("id_token_hint", IdToken(key, SignIn())), ("post_logout_redirect_uri", Home));
    }

    [Fact]
    public async Task Repeated_parameters_are_shown_RFC6749_3_1()
    {
        SignIn();
        AssertShown("invalid_request", await GetAsync("/connect/endsession?client_id=spa&client_id=web"));
        Assert.Single(Host.Sessions.Live);
    }

    [Fact]
    public async Task A_state_that_is_too_long_is_shown()
    {
        SignIn();
        await RefusesAsync("invalid_request", ("client_id", "spa"), ("post_logout_redirect_uri", Home), ("state", new string('s', 2_049)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?request=nonsense")]
    public async Task Resuming_nothing_of_ours_is_shown(string query) =>
        AssertShown("invalid_request", await GetAsync("/connect/endsession/resume" + query));

    [Fact]
    public async Task An_old_parked_request_is_shown_and_ends_nothing()
    {
        var parked = AssertAsked(Interaction.SignOut, await EndAsyncSignedIn());
        Host.Clock.Advance(TimeSpan.FromHours(1));
        AssertShown("invalid_request", await GetAsync(ParkedSignOuts.ResumePath(parked)));
        Assert.Single(Host.Sessions.Live);
    }

    [Fact]
    public async Task A_place_that_was_taken_away_meanwhile_is_not_gone_to()
    {
        var parked = AssertAsked(Interaction.SignOut, await EndAsyncSignedIn(("client_id", "spa"), ("post_logout_redirect_uri", Home)));
        Host.Registry.Put(Spa with { PostLogoutRedirectUris = [] });
        Host.Sessions.Live.Clear();
        Assert.Equal("/page/SignedOut", (await GetAsync(ParkedSignOuts.ResumePath(parked))).Location);
    }

    [Theory]
    [InlineData(false, false, nameof(EndSessionDecision.GoOn))]
    [InlineData(false, true, nameof(EndSessionDecision.GoOn))]
    [InlineData(true, false, nameof(EndSessionDecision.Ask))]
    [InlineData(true, true, nameof(EndSessionDecision.End))]
    public void Only_the_named_session_ends_without_a_question(bool signedIn, bool named, string expected)
    {
        var id = Guid.CreateVersion7(Host.Clock.Now);
        var session = signedIn ? new Session(id, Guid.Empty, Host.Clock.Now, Host.Clock.Now, []) : null;
        var request = new EndSessionRequest { ReceivedAt = Host.Clock.Now, SessionId = named ? id : null };
        Assert.Equal(expected, EndSessionDecisions.Make(request, session).ToString());
    }

    private Task<Answer> EndAsync(params (string Name, string Value)[] parameters) => GetAsync(QueryHelpers.AddQueryString(
        "/connect/endsession", parameters.ToDictionary(item => item.Name, item => (string?)item.Value, StringComparer.Ordinal)));

    private Task<Answer> EndAsyncSignedIn(params (string Name, string Value)[] parameters)
    {
        SignIn();
        return EndAsync(parameters);
    }

    private async Task RefusesAsync(string error, params (string Name, string Value)[] parameters)
    {
        var sessions = Host.Sessions.Live.Count;
        AssertShown(error, await EndAsync(parameters));
        Assert.Equal(sessions, Host.Sessions.Live.Count);
        Assert.NotEqual(0, sessions);
    }
}
