using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using IdentityServer.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Xunit;

namespace IdentityServer.Core.Tests.Users;

public sealed class CookieTests
{
    private readonly TestClock clock = new();

    [Fact]
    public void Over_https_cookies_are_bound_to_this_host()
    {
        var context = Context("https", "localhost:5001");
        NewVisitors().From(context);

        Assert.Matches(
            "^__Host-IdentityServer\\.Browser=[A-Za-z0-9_-]{43}; expires=[^;]+; path=/; secure; samesite=lax; httponly$",
            context.Response.Headers.SetCookie.ToString());
    }

    [Fact]
    public void Over_http_only_this_machine_goes_without_the_prefix()
    {
        var context = Context("http", "localhost:5000");
        NewVisitors().From(context);

        Assert.Matches("^IdentityServer\\.Browser=[^;]+; expires=[^;]+; path=/; samesite=lax; httponly$", context.Response.Headers.SetCookie.ToString());
    }

    // Cookie tossing: http on the same host, or a sister domain, can plant a cookie without the prefix.
    [Fact]
    public void Over_https_a_cookie_without_the_prefix_counts_for_nothing()
    {
        var context = Context("https", "localhost:5001");
        context.Request.Headers.Cookie = $"IdentityServer.Browser={new string('A', 43)}; IdentityServer.Session={new string('A', 43)}";

        var visitor = NewVisitors().From(context);

        Assert.NotEqual(new byte[32], visitor.BrowserSecret);
        Assert.Null(visitor.SessionSecret);
    }

    [Fact]
    public void A_browser_keeps_its_binding()
    {
        var first = Context("https", "localhost:5001");
        var visitor = NewVisitors().From(first);
        var second = Context("https", "localhost:5001");
        second.Request.Headers.Cookie = first.Response.Headers.SetCookie.ToString().Split(';')[0];

        Assert.Equal(visitor.BrowserSecret, NewVisitors().From(second).BrowserSecret);
        Assert.Same(visitor, NewVisitors().From(first));
    }

    [Theory]
    [InlineData("short")]
    [InlineData("!AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void What_is_no_secret_is_replaced(string value)
    {
        var context = Context("https", "localhost:5001");
        context.Request.Headers.Cookie = $"__Host-IdentityServer.Browser={value}";

        Assert.Equal(32, NewVisitors().From(context).BrowserSecret.Length);
    }

    private static DefaultHttpContext Context(string scheme, string host)
    {
        var context = new DefaultHttpContext();
        context.Request.Scheme = scheme;
        context.Request.Host = new HostString(host);
        return context;
    }

    private Visitors NewVisitors() => new(new Issuer(Options.Create(new ProtocolOptions())), clock);
}
