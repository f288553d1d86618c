using System.Net;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Protocol.Tests.Discovery;

public sealed class CorsTests : IAsyncLifetime
{
    // What a browser's JavaScript may call; everything else has no CORS (RFC 9700 §2.6).
    private static readonly string[] Callable =
    [
        "/.well-known/jwks.json", "/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server/{**path}",
        "/.well-known/openid-configuration", "/connect/revoke", "/connect/token", "/connect/userinfo",
    ];

    private ProtocolHost host = null!;

    public async ValueTask InitializeAsync()
    {
        host = await ProtocolHost.StartAsync();
        host.Registry.Put(new Application
        {
            Id = Guid.Empty,
            ClientId = "spa",
            DisplayName = "App",
            RedirectUris = ["https://app.example/cb"],
        });
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Theory]
    [InlineData("https://app.example", true)]
    [InlineData("https://app.example:443", false)]
    [InlineData("https://APP.example", false)]
    [InlineData("http://app.example", false)]
    [InlineData("https://evil.example", false)]
    [InlineData("https://app.example.evil.example", false)]
    [InlineData("https://sub.app.example", false)]
    [InlineData("null", false)]
    public async Task Only_a_registered_origin_may_read_an_answer(string origin, bool allowed)
    {
        using var answer = await SendAsync(HttpMethod.Get, "/.well-known/openid-configuration", origin);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(allowed ? origin : null, Header(answer, "Access-Control-Allow-Origin"));
        Assert.Null(Header(answer, "Access-Control-Allow-Credentials"));
        Assert.Contains("Origin", Header(answer, "Vary"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://app.example", true)]
    [InlineData("https://evil.example", false)]
    public async Task A_preflight_is_answered(string origin, bool allowed)
    {
        using var answer = await SendAsync(HttpMethod.Options, "/.well-known/openid-configuration", origin, ("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "authorization,x-trace"));
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal(allowed ? origin : null, Header(answer, "Access-Control-Allow-Origin"));
        Assert.Equal(allowed ? "authorization,x-trace" : null, Header(answer, "Access-Control-Allow-Headers"));
        Assert.Null(Header(answer, "Access-Control-Allow-Credentials"));
    }

    [Fact]
    public void Nothing_else_may_be_called_from_a_browser()
    {
        var endpoints = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();
        var open = endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<ICorsMetadata>() is not null).Select(endpoint => endpoint.RoutePattern.RawText).Order(StringComparer.Ordinal);
        Assert.Equal(string.Join('\n', Callable), string.Join('\n', open));
    }

    [Theory]
    [InlineData("/connect/token", "POST")]
    [InlineData("/connect/revoke", "POST")]
    [InlineData("/connect/userinfo", "GET")]
    public async Task An_app_may_also_read_why_it_was_refused(string path, string method)
    {
        using var preflight = await SendAsync(HttpMethod.Options, path, "https://app.example", ("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", "authorization"));
        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        Assert.Equal("https://app.example", Header(preflight, "Access-Control-Allow-Origin"));
        using var answer = await SendAsync(new HttpMethod(method), path, "https://app.example");
        Assert.InRange((int)answer.StatusCode, 400, 499);
        Assert.Equal("https://app.example", Header(answer, "Access-Control-Allow-Origin"));
        Assert.Contains("WWW-Authenticate", Header(answer, "Access-Control-Expose-Headers"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Introspection_is_for_servers()
    {
        using var answer = await SendAsync(HttpMethod.Post, "/connect/introspect", "https://app.example");
        Assert.Null(Header(answer, "Access-Control-Allow-Origin"));
    }

    [Theory]
    [InlineData("/connect/authorize")]
    [InlineData("/connect/authorize/resume")]
    [InlineData("/connect/endsession")]
    [InlineData("/connect/endsession/resume")]
    public async Task The_endpoints_of_a_browser_have_no_CORS_RFC9700_2_6(string path)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, "https://app.example");
        Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
        using var preflight = await SendAsync(HttpMethod.Options, path, "https://app.example", ("Access-Control-Request-Method", "POST"));
        Assert.DoesNotContain(preflight.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task The_hosts_own_policies_stay_its_own()
    {
        await using var other = await ProtocolHost.StartAsync(services => services.AddCors(options => options.AddPolicy("mine", policy => policy.AllowAnyOrigin())));
        var provider = other.Services.GetRequiredService<ICorsPolicyProvider>();
        var context = new Microsoft.AspNetCore.Http.DefaultHttpContext { RequestServices = other.Services };
        Assert.True((await provider.GetPolicyAsync(context, "mine"))!.AllowAnyOrigin);
        Assert.Null(await provider.GetPolicyAsync(context, "nobody's"));
    }

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string origin, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Add("Origin", origin);
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        return host.Http.SendAsync(request);
    }

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;
}
