using IdentityServer.Protocol.Model;
using Xunit;

namespace IdentityServer.Protocol.Tests;

public sealed class RedirectUrisTests
{
    [Theory]
    [InlineData("https://app.example/callback", ApplicationKind.Web)]
    [InlineData("https://app.example", ApplicationKind.Web)]
    [InlineData("https://app.example:8443/a/b?c=d&e=%20f", ApplicationKind.Web)]
    [InlineData("https://xn--bcher-kva.example/cb", ApplicationKind.Web)]
    [InlineData("http://localhost:5173/", ApplicationKind.Web)]
    [InlineData("http://127.0.0.1/cb", ApplicationKind.Native)]
    [InlineData("http://[::1]/cb", ApplicationKind.Native)]
    [InlineData("https://app.example/claimed", ApplicationKind.Native)]
    [InlineData("com.example.app:/cb", ApplicationKind.Native)]
    [InlineData("com.example.app://cb", ApplicationKind.Native)]
    public void A_good_redirect_uri_has_no_problem(string uri, ApplicationKind kind) => Assert.Null(RedirectUris.Problem(uri, kind));

    [Theory]
    [InlineData("", "empty")]
    [InlineData("app.example/cb", "absolute")]
    [InlineData("/cb", "absolute")]
    [InlineData("//app.example/cb", "absolute")]
    [InlineData("https:app.example/cb", "absolute")]
    [InlineData("https:/app.example/cb", "absolute")]
    [InlineData("https://", "absolute")]
    [InlineData("https://app.example/cb#", "fragment")]
    [InlineData("https://app.example/cb#x", "fragment")]
    [InlineData("https://*.example/cb", "wildcard")]
    [InlineData("https://app.example/*", "wildcard")]
    [InlineData("https://user@app.example/cb", "user name")]
    [InlineData("https://user:pass@app.example/cb", "user name")]
    [InlineData("https://@app.example/cb", "user name")]
    [InlineData("https://app.example/a/../cb", "dot segment")]
    [InlineData("https://app.example/a/%2E%2e/cb", "dot segment")]
    [InlineData("https://app.example/a/..%2Fcb", "dot segment")]
    [InlineData("https://app.example/./cb", "dot segment")]
    [InlineData("https://app.example/c b", "character")]
    [InlineData("https://app.example/cb\n", "character")]
    [InlineData("https://app.example\\cb", "character")]
    [InlineData("https://b\u00fccher.example/cb", "character")]
    [InlineData("https://app.example/<cb>", "character")]
    [InlineData("http://app.example/cb", "https")]
    [InlineData("http://127.0.0.1.evil.example/cb", "https")]
    [InlineData("http://localhost.evil.example/cb", "https")]
    [InlineData("com.example.app:/cb", "native")]
    [InlineData("javascript:alert(1)", "native")]
    public void What_is_wrong_is_said(string uri, string says) =>
        Assert.Contains(says, RedirectUris.Problem(uri, ApplicationKind.Web), StringComparison.Ordinal);

    [Theory]
    [InlineData("myapp:/cb")]
    [InlineData("javascript:alert(1)")]
    [InlineData("data:text/html,x")]
    [InlineData("file:///etc/passwd")]
    public void A_private_use_scheme_is_a_domain_in_reverse_RFC8252_7_1(string uri) =>
        Assert.Contains("without a dot", RedirectUris.Problem(uri, ApplicationKind.Native), StringComparison.Ordinal);

    [Fact]
    public void It_has_an_end()
    {
        var start = "https://app.example/";
        Assert.Null(RedirectUris.Problem(start.PadRight(RedirectUris.MaxLength, 'a'), ApplicationKind.Web));
        Assert.NotNull(RedirectUris.Problem(start.PadRight(RedirectUris.MaxLength + 1, 'a'), ApplicationKind.Web));
    }

    [Fact]
    public void A_single_page_app_calls_from_where_it_lives_unless_it_says_otherwise()
    {
        var app = new Application
        {
            Id = Guid.Empty,
            ClientId = "spa",
            DisplayName = "App",
            RedirectUris = ["https://app.example/a", "https://app.example/b", "http://localhost:5173/cb"],
        };
        Assert.Equal(["https://app.example", "http://localhost:5173"], RedirectUris.Origins(app));
        Assert.Equal(["https://x.example"], RedirectUris.Origins(app with { Origins = ["https://x.example"] }));
        Assert.Empty(RedirectUris.Origins(app with { Type = ApplicationType.Confidential }));
        Assert.Empty(RedirectUris.Origins(app with { Kind = ApplicationKind.Native }));
    }
}
