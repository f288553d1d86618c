using System.Net;
using IdentityServer.Protocol.Model;
using Xunit;

namespace IdentityServer.Protocol.Tests.Authorize;

/// <summary>One test a rejection; each also sees that nothing was written, that redirects are 303 and that they carry <c>state</c> and <c>iss</c>.</summary>
public sealed class AuthorizeRejectionTests : BrowserTests
{
    [Fact]
    public Task No_client_id_is_shown_RFC6749_4_1_2_1() => ShowsAsync("invalid_request", ("client_id", null));

    [Fact]
    public Task An_unknown_client_is_shown_RFC6749_4_1_2_1() => ShowsAsync("invalid_client", ("client_id", "nobody"));

    [Fact]
    public Task A_client_id_in_another_case_is_unknown_RFC6749_2_2() => ShowsAsync("invalid_client", ("client_id", "SPA"));

    [Fact]
    public Task No_redirect_uri_is_shown_OpenIdConnectCore_3_1_2_1() => ShowsAsync("invalid_request", ("redirect_uri", null));

    // O1.
    [Fact]
    public Task An_unregistered_redirect_uri_is_shown_RFC9700_2_1() => ShowsAsync("invalid_request", ("redirect_uri", "https://evil.example/"));

    [Fact]
    public async Task A_redirect_uri_that_is_there_twice_is_shown_RFC6749_3_1() =>
        AssertShown("invalid_request", await RepeatAsync("redirect_uri", "https://evil.example/"));

    [Fact]
    public async Task A_client_id_that_is_there_twice_is_shown_RFC6749_3_1() =>
        AssertShown("invalid_request", await RepeatAsync("client_id", "web"));

    [Fact]
    public async Task Any_other_repeated_parameter_is_redirected_RFC6749_3_1() =>
        AssertRedirected("invalid_request", await RepeatAsync("scope", "openid"));

    [Fact]
    public async Task A_repeated_unknown_parameter_is_redirected_too_RFC6749_3_1() =>
        AssertRedirected("invalid_request", await RepeatAsync("foo", "1", "foo", "2"));

    [Fact]
    public async Task A_repeated_state_is_redirected_without_one()
    {
        var answer = await RepeatAsync("state", "other");
        Assert.Equal("invalid_request", answer.Parameter("error"));
        Assert.Null(answer.Parameter("state"));
    }

    [Fact]
    public async Task A_POST_that_is_no_form_is_shown_OpenIdConnectCore_3_1_2_1()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/connect/authorize") { Content = new StringContent("{}") };
        AssertShown("invalid_request", await SendAsync(request));
    }

    [Fact]
    public async Task Other_methods_are_not_allowed()
    {
        var answer = await SendAsync(new HttpRequestMessage(HttpMethod.Put, "/connect/authorize"));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.Status);
    }

    [Fact]
    public Task No_response_type_is_redirected_RFC6749_4_1_2_1() => RedirectsAsync("invalid_request", ("response_type", null));

    [Theory]
    [InlineData("token")]
    [InlineData("id_token")]
    [InlineData("code id_token")]
    [InlineData("Code")]
    public Task Other_response_types_are_redirected_RFC6749_4_1_2_1(string type) => RedirectsAsync("unsupported_response_type", ("response_type", type));

    [Theory]
    [InlineData("jwt")]
    [InlineData("Query")]
    public Task An_unknown_response_mode_is_redirected_by_the_default_one(string mode) => RedirectsAsync("invalid_request", ("response_mode", mode));

    [Fact]
    public Task A_request_object_is_redirected_OpenIdConnectCore_3_1_2_6() => RedirectsAsync("request_not_supported", ("request", "eyJ"));

    [Fact]
    public Task A_request_uri_is_redirected_OpenIdConnectCore_3_1_2_6() => RedirectsAsync("request_uri_not_supported", ("request_uri", "https://app.example/r"));

    [Fact]
    public Task A_registration_is_redirected_OpenIdConnectCore_3_1_2_6() => RedirectsAsync("registration_not_supported", ("registration", "{}"));

    [Fact]
    public async Task An_application_without_the_grant_is_redirected_RFC6749_4_1_2_1()
    {
        Host.Registry.Put(Spa with { GrantTypes = [GrantTypes.ClientCredentials] });
        await RedirectsAsync("unauthorized_client");
    }

    // O2.
    [Theory]
    [InlineData("spa")]
    [InlineData("web")]
    [InlineData("native")]
    public async Task No_code_challenge_is_redirected_RFC7636_4_4_1(string clientId)
    {
        Host.Registry.Put(Native with { RedirectUris = [Callback] });
        await RedirectsAsync("invalid_request", ("client_id", clientId), ("code_challenge", null), ("code_challenge_method", null));
    }

    [Fact]
    public async Task Nobody_can_excuse_a_public_application_from_PKCE_RFC9700_2_1_1()
    {
        Host.Registry.Put(Spa with { RequirePkce = false });
        await RedirectsAsync("invalid_request", ("code_challenge", null), ("code_challenge_method", null));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("s256")]
    [InlineData(null)]
    public Task A_challenge_by_another_method_than_S256_is_redirected_RFC7636_4_4_1(string? method) => RedirectsAsync("invalid_request", ("code_challenge_method", method));

    [Theory]
    [InlineData("short")]
    [InlineData("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=")]
    [InlineData("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM")]
    [InlineData("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMA")]
    public Task A_challenge_that_is_no_SHA_256_is_redirected_RFC7636_4_2(string challenge) => RedirectsAsync("invalid_request", ("code_challenge", challenge));

    [Fact]
    public async Task A_method_without_a_challenge_is_redirected_even_where_PKCE_is_lifted()
    {
        Host.Registry.Put(ThirdParty with { RequirePkce = false });
        await RedirectsAsync("invalid_request", ("client_id", "web"), ("code_challenge", null));
    }

    [Theory]
    [InlineData("none login")]
    [InlineData("none consent")]
    [InlineData("create")]
    [InlineData("NONE")]
    public Task A_wrong_prompt_is_redirected_OpenIdConnectCore_3_1_2_1(string prompt) => RedirectsAsync("invalid_request", ("prompt", prompt));

    [Theory]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("soon")]
    [InlineData("\u0661")]
    public Task A_wrong_max_age_is_redirected_OpenIdConnectCore_3_1_2_1(string age) => RedirectsAsync("invalid_request", ("max_age", age));

    [Fact]
    public Task No_scope_is_redirected_RFC6749_3_3() => RedirectsAsync("invalid_scope", ("scope", null));

    [Fact]
    public Task An_unknown_scope_is_redirected_RFC6749_4_1_2_1() => RedirectsAsync("invalid_scope", ("scope", "openid admin\"\\<\u2603>"));

    [Fact]
    public Task A_scope_of_others_is_redirected_RFC6749_4_1_2_1() => RedirectsAsync("invalid_scope", ("scope", "openid phone"));

    [Theory]
    [InlineData("nonce")]
    [InlineData("scope")]
    [InlineData("login_hint")]
    [InlineData("ui_locales")]
    [InlineData("max_age")]
    public Task A_parameter_of_513_bytes_is_redirected(string name) => RedirectsAsync("invalid_request", (name, new string('1', 513)));

    [Fact]
    public Task Bytes_count_and_not_characters() => RedirectsAsync("invalid_request", ("nonce", new string('\u2603', 171)));

    [Fact]
    public async Task A_state_that_is_too_long_is_redirected_without_it()
    {
        var answer = await AuthorizeAsync(("state", new string('s', 2_049)));
        Assert.Equal("invalid_request", answer.Parameter("error"));
        Assert.Null(answer.Parameter("state"));
        Assert.Equal(0, Host.Ledger.Writes);
    }

    [Fact]
    public async Task All_together_too_long_is_redirected()
    {
        var most = new string('x', 512);
        var answer = await AuthorizeAsync(("nonce", most), ("login_hint", most), ("ui_locales", most), ("scope", most), ("state", new string('s', 2_000)));
        Assert.Equal("invalid_request", answer.Parameter("error"));
        Assert.Contains("together", answer.Parameter("error_description"), StringComparison.Ordinal);
        Assert.Equal(0, Host.Ledger.Writes);
    }

    [Fact]
    public Task A_control_character_is_redirected_RFC6749_A() => RedirectsAsync("invalid_request", ("nonce", "a\r\nSet-Cookie: a=b"));

    [Fact]
    public async Task Parameters_beyond_all_measure_are_shown() =>
        AssertShown("invalid_request", await AuthorizeAsync(("foo", new string('x', 17_000))));

    private async Task RedirectsAsync(string error, params (string Name, string? Value)[] changes) =>
        AssertRedirected(error, await AuthorizeAsync(changes));

    private async Task ShowsAsync(string error, params (string Name, string? Value)[] changes)
    {
        SignIn();
        AssertShown(error, await AuthorizeAsync(changes));
    }

    private Task<Answer> RepeatAsync(params string[] more)
    {
        var query = Request().Select(item => (item.Key, item.Value)).Concat(more.Chunk(2).Select(pair => (pair[0], pair[1])));
        return GetAsync("/connect/authorize?" + string.Join('&', query.Select(item => $"{item.Item1}={Uri.EscapeDataString(item.Item2)}")));
    }
}
