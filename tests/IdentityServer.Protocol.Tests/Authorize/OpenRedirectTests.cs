using System.Net;
using Microsoft.AspNetCore.WebUtilities;
using Xunit;

namespace IdentityServer.Protocol.Tests.Authorize;

/// <summary>O1: the ways in which others were talked into sending a code elsewhere. <c>https://app.example/callback</c> is registered.</summary>
public sealed class OpenRedirectTests : BrowserTests
{
    [Theory]
    [InlineData("https://app.example/Callback")]
    [InlineData("https://APP.example/callback")]
    [InlineData("HTTPS://app.example/callback")]
    [InlineData("http://app.example/callback")]
    [InlineData("https://app.example/callback/")]
    [InlineData("https://app.example/callback?")]
    [InlineData("https://app.example/callback#")]
    [InlineData("https://app.example/callback#x")]
    [InlineData("https://app.example/callback?a=b")]
    [InlineData("https://app.example/callback;a=b")]
    [InlineData("https://app.example/callback&a=b")]
    [InlineData("https://app.example/callback/../evil")]
    [InlineData("https://app.example/callback/..%2fevil")]
    [InlineData("https://app.example/callback/%2e%2e/evil")]
    [InlineData("https://app.example/evil/../callback")]
    [InlineData("https://app.example/./callback")]
    [InlineData("https://app.example//callback")]
    [InlineData("https://app.example\\callback")]
    [InlineData("https://app.example/%63allback")]
    [InlineData("https://app.example/callback%00")]
    [InlineData("https://app.example/callback\0")]
    [InlineData("https://app.example/callback ")]
    [InlineData(" https://app.example/callback")]
    [InlineData("https://app.example/callback\t")]
    [InlineData("https://app.example/callback\r\nLocation: https://evil.example")]
    [InlineData("https://app.example/callback%0d%0aLocation:%20https://evil.example")]
    [InlineData("https://app.example:443/callback")]
    [InlineData("https://app.example:8443/callback")]
    [InlineData("https://app.example./callback")]
    [InlineData("https://app.example.evil.example/callback")]
    [InlineData("https://evil.app.example/callback")]
    [InlineData("https://evilapp.example/callback")]
    [InlineData("https://app.example@evil.example/callback")]
    [InlineData("https://app.example%40evil.example/callback")]
    [InlineData("https://evil.example@app.example/callback")]
    [InlineData("https://app.example:x@evil.example/callback")]
    [InlineData("https://evil.example/https://app.example/callback")]
    [InlineData("https://evil.example?https://app.example/callback")]
    [InlineData("https://evil.example#https://app.example/callback")]
    [InlineData("https://evil.example\\.app.example/callback")]
    [InlineData("https://\u0430pp.example/callback")]
    [InlineData("https://app\u3002example/callback")]
    [InlineData("https://app.example\uFF0Fcallback")]
    [InlineData("https://app.example/callb\u0430ck")]
    [InlineData("//app.example/callback")]
    [InlineData("//evil.example")]
    [InlineData("///evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("https:app.example/callback")]
    [InlineData("https:/app.example/callback")]
    [InlineData("app.example/callback")]
    [InlineData("/callback")]
    [InlineData("callback")]
    [InlineData("*")]
    [InlineData("https://*.example/callback")]
    [InlineData("javascript:alert(1)//https://app.example/callback")]
    [InlineData("data:text/html,https://app.example/callback")]
    [InlineData("https://app.example/with")]
    [InlineData("https://app.example/with?query=2")]
    [InlineData("https://app.example/with?query=1&query=2")]
    [InlineData("https://app.example/with?Query=1")]
    public async Task No_other_spelling_of_a_redirect_uri_is_redirected_to(string uri)
    {
        SignIn();
        AssertShown("invalid_request", await AuthorizeAsync(("redirect_uri", uri)));
        AssertShown("invalid_request", await AuthorizeAsync(("redirect_uri", uri), ("response_mode", "form_post")));
        AssertShown("invalid_request", await AuthorizeAsync(("redirect_uri", uri), ("prompt", "none"), ("scope", "unknown")));
        AssertShown("invalid_request", await PostAsync("/connect/authorize", Request(("redirect_uri", uri))));
    }

    [Theory]
    [InlineData("http://127.0.0.1:0/cb")]
    [InlineData("http://127.0.0.1:65536/cb")]
    [InlineData("http://127.0.0.1:080/cb")]
    [InlineData("http://127.0.0.1:8080x/cb")]
    [InlineData("http://127.0.0.1:/cb")]
    [InlineData("http://127.0.0.1:-1/cb")]
    [InlineData("http://127.0.0.1:\u0661/cb")]
    [InlineData("http://127.0.0.1:80:80/cb")]
    [InlineData("http://127.0.0.1:80@evil.example/cb")]
    [InlineData("http://127.0.0.1@evil.example/cb")]
    [InlineData("http://127.0.0.1.evil.example/cb")]
    [InlineData("http://127.0.0.1:8080.evil.example/cb")]
    [InlineData("http://127.0.0.1:8080/cb/")]
    [InlineData("http://127.0.0.1:8080/cb?a=b")]
    [InlineData("http://127.0.0.1:8080/cb#a")]
    [InlineData("http://127.0.0.1:8080/other")]
    [InlineData("http://127.0.0.1:8080")]
    [InlineData("http://127.0.0.2:8080/cb")]
    [InlineData("http://127.1:8080/cb")]
    [InlineData("http://2130706433:8080/cb")]
    [InlineData("https://127.0.0.1:8080/cb")]
    [InlineData("http://[::1]:0/cb")]
    [InlineData("http://[0:0:0:0:0:0:0:1]:8080/cb")]
    [InlineData("http://[::1]evil.example/cb")]
    [InlineData("http://localhost:7001/cb")]
    [InlineData("http://localhost/cb")]
    [InlineData("com.example.app://cb")]
    [InlineData("com.example.app:/cb/")]
    [InlineData("com.example.app:/cb?x=1")]
    [InlineData("COM.example.app:/cb")]
    public async Task Of_a_loopback_uri_only_the_port_is_free_RFC8252_7_3(string uri)
    {
        SignIn();
        AssertShown("invalid_request", await AuthorizeAsync(("client_id", "native"), ("redirect_uri", uri)));
    }

    [Fact]
    public async Task A_web_application_has_no_free_port_RFC8252_7_3()
    {
        Host.Registry.Put(Spa with { RedirectUris = ["http://127.0.0.1:3000/cb"] });
        AssertShown("invalid_request", await AuthorizeAsync(("redirect_uri", "http://127.0.0.1:3001/cb")));
    }

    [Fact]
    public async Task Another_applications_redirect_uri_is_not_redirected_to()
    {
        Host.Registry.Put(ThirdParty with { RedirectUris = ["https://other.example/callback"] });
        AssertShown("invalid_request", await AuthorizeAsync(("redirect_uri", "https://other.example/callback")));
    }

    // An answer to a harmless URI must stay harmless whatever the other parameters hold.
    [Theory]
    [InlineData("\r\nSet-Cookie: a=b")]
    [InlineData("&code=stolen&iss=https://evil.example")]
    [InlineData("#&code=stolen")]
    [InlineData("@evil.example")]
    public async Task No_parameter_can_break_out_of_its_place(string hostile)
    {
        foreach (var name in new[] { "state", "scope", "response_type", "response_mode", "prompt", "nonce", "max_age", "code_challenge", "id_token_hint", "request" })
        {
            var answer = await SendAsync(new HttpRequestMessage(HttpMethod.Get, QueryHelpers.AddQueryString("/connect/authorize", Request((name, hostile))!)));
            Assert.Equal(HttpStatusCode.SeeOther, answer.Status);
            var place = answer.Place!;
            Assert.True(place is Callback or "/page/SignIn", place);
            Assert.Null(answer.Parameter("code"));
            Assert.True(place != Callback || answer.Parameter("iss") == ProtocolHost.Origin);
            Assert.False(answer.Headers.ContainsKey("Set-Cookie"));
        }
    }
}
