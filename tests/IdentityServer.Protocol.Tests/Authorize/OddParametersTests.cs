using System.Net;
using IdentityServer.Protocol.EndSession;
using Microsoft.AspNetCore.WebUtilities;
using Xunit;

namespace IdentityServer.Protocol.Tests.Authorize;

/// <summary>Thousands of odd requests; the same ones in every run.</summary>
public sealed class OddParametersTests : BrowserTests
{
    private static readonly string[] Names =
    [
        "client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "prompt", "max_age", "login_hint", "id_token_hint",
        "ui_locales", "code_challenge", "code_challenge_method", "request", "request_uri", "registration", "claims", "acr_values", "display", "",
        "post_logout_redirect_uri", "logout_hint", "\0", "\u2603",
    ];

    private static readonly string[] Values =
    [
        "", " ", "\0", "\t\r\n", "%", "%00", "%zz", "+", "&", "=", "#", "?", "/", "//", "\\", "'", "\"", "<x>", "{}", "[]", "null", "-1", "0", "1", "1e9", "99999999999999999999",
        "code", "token", "code token", "none", "none none", "login login", "consent select_account", "query", "fragment", "form_post", "openid", "openid openid", "openid  profile",
        "spa", "web", "native", "S256", "plain", "https://app.example/callback", "http://127.0.0.1:1/cb", "com.example.app:/cb", "http://[::1/cb", "https://[", ":", "http://", "\ud83d\ude00",
        "\uFFFD", "\u0000\u2028", "e30.e30.e30", "..", "a.b.c.d.e", "eyJhbGciOiJub25lIn0.e30.", "de-CH en", "-", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        new('x', 513), new('x', 2_100), new('\u2603', 700), new('.', 5_000), string.Concat(Enumerable.Repeat("a ", 2_000)),
    ];

    private uint seed = 20260301;

    // O5: every redirect is a 303.
    [Fact]
    public async Task Odd_parameters_never_make_the_server_fail()
    {
        SignIn();
        var endpoints = new[] { "/connect/authorize", "/connect/authorize/resume", "/connect/endsession", "/connect/endsession/resume" };
        var seen = new HashSet<HttpStatusCode>();
        for (var round = 0; round < 3_000; round++)
        {
            var path = endpoints[Next(10) < 6 ? 0 : Next(endpoints.Length)];
            var parameters = path == "/connect/authorize" ? Request().ToList() : [];
            for (var change = Next(4); change >= 0; change--)
            {
                var (name, value) = (Names[Next(Names.Length)], Values[Next(Values.Length)]);
                if (Next(5) > 0)
                    parameters.RemoveAll(item => item.Key == name);
                parameters.Add(new(name, value));
            }

            var answer = Next(2) == 0
                ? await PostAsync(path, parameters)
                : await GetAsync(QueryHelpers.AddQueryString(path, parameters.Select(item => KeyValuePair.Create(item.Key, (string?)item.Value))));
            seen.Add(answer.Status);
            Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.SeeOther or HttpStatusCode.BadRequest, $"{path} {string.Join('&', parameters)}: {answer.Status}");
            Assert.True(answer.Location is null || IsHome(answer.Location), answer.Location);
        }

        Assert.Equal(3, seen.Count);
    }

    [Theory]
    [InlineData("/connect/authorize?%")]
    [InlineData("/connect/authorize?&&&==&=a&a")]
    [InlineData("/connect/authorize?client_id=%ff%fe&redirect_uri=%c0%af")]
    [InlineData("/connect/authorize/resume?request=%00")]
    [InlineData("/connect/authorize/resume?request[]=a&request[0]=b")]
    public async Task Odd_bytes_are_shown(string path) => AssertShown("invalid_request", await GetAsync(path), "invalid_client");

    [Fact]
    public async Task A_sealed_logout_request_is_no_authorization_request()
    {
        var parked = (await PostAsync("/connect/endsession", [])).Parameter("request")!;
        Assert.StartsWith("/connect/endsession/resume?request=", ParkedSignOuts.ResumePath(parked), StringComparison.Ordinal);
        AssertShown("invalid_request", await GetAsync("/connect/authorize/resume?request=" + parked));
    }

    private static bool IsHome(string location) =>
        location.StartsWith('/') ? location.StartsWith("/page/", StringComparison.Ordinal) || location.StartsWith("/connect/", StringComparison.Ordinal)
        : location.StartsWith(Callback, StringComparison.Ordinal) || location.StartsWith("http://127.0.0.1:1/cb", StringComparison.Ordinal) || location.StartsWith("com.example.app:/cb", StringComparison.Ordinal);

    private void AssertShown(string error, Answer answer, string alternative) => AssertShown(answer.Shown == alternative ? alternative : error, answer);

    // A linear congruential generator: what fails once fails again.
    private int Next(int below)
    {
        seed = unchecked((seed * 1664525) + 1013904223);
        return (int)((seed >> 8) % (uint)below);
    }
}
