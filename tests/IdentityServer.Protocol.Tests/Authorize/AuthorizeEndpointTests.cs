using System.Net;
using System.Text.RegularExpressions;
using IdentityServer.Protocol.Model;
using IdentityServer.Protocol.Tokens;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Protocol.Tests.Authorize;

public sealed class AuthorizeEndpointTests : BrowserTests
{
    // O5, O6.
    [Fact]
    public async Task A_signed_in_person_goes_back_with_a_code_state_and_iss_RFC6749_4_1_2_RFC9207_2()
    {
        SignIn();
        var answer = await AuthorizeAsync();

        Assert.Equal(HttpStatusCode.SeeOther, answer.Status);
        Assert.Equal(Callback, answer.Place);
        Assert.Matches("^[A-Za-z0-9_-]{43}$", answer.Parameter("code")!);
        Assert.Equal(State, answer.Parameter("state"));
        Assert.Equal(ProtocolHost.Origin, answer.Parameter("iss"));
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
    }

    // O4.
    [Fact]
    public async Task A_code_is_one_entry_with_its_authorization_and_all_that_the_token_endpoint_needs()
    {
        var session = SignIn();
        Host.Clock.Advance(TimeSpan.FromMinutes(3));
        var answer = await AuthorizeAsync(("nonce", "n-0S6_WzA2Mj"));

        Assert.Equal(1, Host.Ledger.Writes);
        var authorization = Assert.Single(Host.Ledger.Authorizations);
        Assert.Equal(AuthorizationKind.AdHoc, authorization.Kind);
        Assert.Equal(session.UserId, authorization.UserId);
        Assert.Equal(session.Id, authorization.SessionId);
        Assert.Equal(["openid", "profile"], authorization.Scopes);

        var token = Assert.Single(Host.Ledger.Tokens);
        Assert.Equal(TokenKind.Code, token.Kind);
        Assert.Equal(Handle.Reference(answer.Parameter("code")!), token.Reference);
        Assert.Equal(authorization.Id, token.AuthorizationId);
        Assert.Equal(Spa.Id, token.ApplicationId);
        Assert.Equal(session.UserId, token.UserId);
        Assert.Equal(session.Id, token.SessionId);
        Assert.Equal(Host.Clock.Now + TimeSpan.FromMinutes(1), token.ExpiresAt);
        Assert.DoesNotContain(answer.Parameter("code")!, token.Payload, StringComparison.Ordinal);

        var payload = TokenPayload.Parse(token.Payload);
        Assert.Equal(["openid", "profile"], payload.Scopes);
        Assert.Equal("n-0S6_WzA2Mj", payload.Nonce);
        Assert.Equal(Callback, payload.RedirectUri);
        Assert.Equal(Pkce.Challenge(Verifier), payload.CodeChallenge);
        Assert.Equal(session.AuthenticatedAt, payload.AuthenticatedAt);
        Assert.Equal(["otp"], payload.Methods);
    }

    // O11.
    [Fact]
    public async Task Max_age_0_forces_a_sign_in_OpenIdConnectCore_3_1_2_1()
    {
        SignIn();
        AssertAsked(Interaction.SignIn, await AuthorizeAsync(("max_age", "0")));
    }

    // O10.
    [Theory]
    [InlineData("login_required", false, "spa")]
    [InlineData("consent_required", true, "web")]
    public async Task Prompt_none_never_shows_a_page_OpenIdConnectCore_3_1_2_6(string error, bool signedIn, string clientId)
    {
        if (signedIn)
            SignIn();
        AssertRedirected(error, await AuthorizeAsync(("client_id", clientId), ("prompt", "none")));
    }

    [Fact]
    public async Task Prompt_none_gets_a_code_when_there_is_nothing_to_ask()
    {
        var session = SignIn();
        await ConsentAsync(session, ThirdParty, "openid", "profile", "email");
        var answer = await AuthorizeAsync(("client_id", "web"), ("prompt", "none"));
        Assert.NotNull(answer.Parameter("code"));
    }

    [Fact]
    public async Task A_refused_POST_is_redirected_with_303_RFC9700_4_12() =>
        AssertRedirected("invalid_scope", await PostAsync("/connect/authorize", Request(("scope", "unknown"))));

    [Fact]
    public async Task Offline_access_is_ignored_where_the_application_may_not_refresh_OpenIdConnectCore_11()
    {
        var session = SignIn();
        await ConsentAsync(session, ThirdParty, "openid");
        await AuthorizeAsync(("client_id", "web"), ("scope", "openid offline_access"));
        Assert.Equal(["openid"], TokenPayload.Parse(Assert.Single(Host.Ledger.Tokens).Payload).Scopes);
    }

    [Fact]
    public async Task PKCE_is_not_asked_of_the_one_confidential_application_that_an_administrator_excused()
    {
        SignIn();
        Host.Registry.Put(ThirdParty with { RequirePkce = false, Consent = ConsentMode.Implicit });
        var answer = await AuthorizeAsync(("client_id", "web"), ("code_challenge", null), ("code_challenge_method", null));
        Assert.NotNull(answer.Parameter("code"));
        Assert.Null(TokenPayload.Parse(Assert.Single(Host.Ledger.Tokens).Payload).CodeChallenge);
    }

    [Fact]
    public async Task Fragment_mode_answers_in_the_fragment()
    {
        SignIn();
        var answer = await AuthorizeAsync(("response_mode", "fragment"));
        Assert.StartsWith(Callback + "#code=", answer.Location, StringComparison.Ordinal);
        Assert.Equal(ProtocolHost.Origin, answer.Parameter("iss"));
    }

    [Fact]
    public async Task Errors_travel_in_the_asked_response_mode_too()
    {
        var answer = await AuthorizeAsync(("response_mode", "fragment"), ("scope", "unknown"));
        Assert.StartsWith(Callback + "#error=invalid_scope&", answer.Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_query_of_the_redirect_URI_is_kept_RFC6749_3_1_2()
    {
        SignIn();
        var answer = await AuthorizeAsync(("redirect_uri", "https://app.example/with?query=1"));
        Assert.StartsWith("https://app.example/with?query=1&code=", answer.Location, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a b+c&d=e#f?g/h%20")]
    [InlineData("\"><script>alert(1)</script>")]
    [InlineData("snow \u2603 man")]
    public async Task State_comes_back_as_it_was_sent_RFC6749_4_1_2(string state)
    {
        SignIn();
        Assert.Equal(state, (await AuthorizeAsync(("state", state))).Parameter("state"));
        Assert.Equal(state, (await AuthorizeAsync(("state", state), ("scope", "unknown"))).Parameter("state"));
    }

    [Theory]
    [InlineData("http://127.0.0.1:51004/cb")]
    [InlineData("http://127.0.0.1/cb")]
    [InlineData("http://[::1]:61023/cb")]
    [InlineData("com.example.app:/cb")]
    [InlineData("http://localhost:7000/cb")]
    public async Task A_native_application_gets_its_answer_at_any_loopback_port_RFC8252_7_3(string uri)
    {
        SignIn();
        var answer = await AuthorizeAsync(("client_id", "native"), ("redirect_uri", uri));
        Assert.Equal(uri, answer.Place);
        Assert.NotNull(answer.Parameter("code"));
    }

    [Fact]
    public async Task Unknown_parameters_and_wishes_are_ignored_RFC6749_3_1()
    {
        SignIn();
        var answer = await AuthorizeAsync(("foo", "bar"), ("acr_values", "urn:gold"), ("claims", "{}"), ("display", "wap"));
        Assert.NotNull(answer.Parameter("code"));
    }

    // O16.
    [Fact]
    public async Task No_answer_may_be_framed_or_read_by_another_origin_RFC9700_2_6_and_4_16()
    {
        SignIn();
        var request = new HttpRequestMessage(HttpMethod.Get, QueryHelpers.AddQueryString("/connect/authorize", Request()!));
        request.Headers.Add("Origin", "https://app.example");
        var answer = await SendAsync(request);
        Assert.Contains("frame-ancestors 'none'", answer.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.DoesNotContain(answer.Headers.Keys, name => name.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));

        var preflight = new HttpRequestMessage(HttpMethod.Options, "/connect/authorize");
        preflight.Headers.Add("Origin", "https://app.example");
        preflight.Headers.Add("Access-Control-Request-Method", "GET");
        answer = await SendAsync(preflight);
        Assert.DoesNotContain(answer.Headers.Keys, name => name.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Nothing_secret_or_personal_is_logged()
    {
        SignIn();
        var answer = await PostAsync("/connect/authorize", Request(("login_hint", "ann@example.com"), ("nonce", "n-secret")));
        var code = (await GetAsync(answer.Location!)).Parameter("code")!;
        var ours = Host.Log.Lines.Where(line => !line.Contains("Request starting", StringComparison.Ordinal) && !line.Contains("Request finished", StringComparison.Ordinal));
        Assert.DoesNotContain(ours, line => Regex.IsMatch(line, $"ann@example.com|n-secret|{code}", RegexOptions.None, TimeSpan.FromSeconds(1)));
    }
}
