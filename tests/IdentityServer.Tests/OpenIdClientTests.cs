using System.Text.Json;
using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.Tests;

/// <summary>An independent, certified client library (npm's openid-client, with jose) against the real process; the person's part is done by a browser.</summary>
public sealed class OpenIdClientTests(OpenIdClientTests.Shared shared) : IClassFixture<OpenIdClientTests.Shared>
{
    private const string WebAppSecret = "webapp-development-secret-0123456789abcdef0123456789";
    private readonly ServerProcess server = shared.Server;

    [Fact]
    public async Task A_confidential_web_app_is_served_to_the_letter()
    {
        var done = await RunAsync(new { issuer = server.Address, client = "webapp", secret = WebAppSecret, redirectUri = "http://localhost:5175/callback", audience = server.Address }, "wanda@example.com");

        Assert.True(done.GetProperty("active").GetBoolean());
        Assert.False(done.GetProperty("revoked").GetBoolean());
        AssertTokens(done, "wanda@example.com");
    }

    [Fact]
    public async Task A_public_single_page_app_is_served_to_the_letter()
    {
        var done = await RunAsync(new { issuer = server.Address, client = "spa", redirectUri = "http://localhost:5173/callback", audience = server.Address }, "sara@example.com");

        AssertTokens(done, "sara@example.com");
        var endSession = new Uri(done.GetProperty("endSession").GetString()!);
        Assert.Equal("/connect/endsession", endSession.AbsolutePath);
        Assert.Equal("/signed-out", (await shared.Browsers["sara@example.com"].GetAsync(endSession.PathAndQuery)).Url.AbsolutePath);
    }

    // OpenID Connect Discovery 1.0 §3, RFC 8414 §2
    [Theory]
    [InlineData("/.well-known/openid-configuration")]
    [InlineData("/.well-known/oauth-authorization-server")]
    public async Task The_metadata_has_what_the_standards_demand(string path)
    {
        using var client = server.NewClient();
        var metadata = JsonSerializer.Deserialize<JsonElement>(await client.GetStringAsync(path));

        Assert.Equal(server.Address, metadata.GetProperty("issuer").GetString());
        foreach (var (name, at) in new[]
        {
            ("authorization_endpoint", "/connect/authorize"), ("token_endpoint", "/connect/token"), ("userinfo_endpoint", "/connect/userinfo"),
            ("jwks_uri", "/.well-known/jwks.json"), ("introspection_endpoint", "/connect/introspect"), ("revocation_endpoint", "/connect/revoke"),
            ("end_session_endpoint", "/connect/endsession"),
        })
            Assert.Equal(server.Address + at, metadata.GetProperty(name).GetString());
        AssertList(metadata, "response_types_supported", "code");
        AssertList(metadata, "response_modes_supported", "query", "fragment", "form_post");
        AssertList(metadata, "grant_types_supported", "authorization_code", "client_credentials", "refresh_token", OneTimeCodeGrantTests.Grant);
        AssertList(metadata, "subject_types_supported", "public");
        AssertList(metadata, "code_challenge_methods_supported", "S256");
        AssertList(metadata, "token_endpoint_auth_methods_supported", "none", "client_secret_basic", "client_secret_post");
        AssertList(metadata, "revocation_endpoint_auth_methods_supported", "none", "client_secret_basic", "client_secret_post");
        AssertList(metadata, "introspection_endpoint_auth_methods_supported", "client_secret_basic", "client_secret_post");
        AssertList(metadata, "scopes_supported", "openid", "profile", "email", "phone", "offline_access", "notes", "account", "users:read", "users:write", "admin");

        // "The algorithm RS256 MUST be included."
        Assert.Contains("RS256", List(metadata, "id_token_signing_alg_values_supported"));
        Assert.DoesNotContain("none", List(metadata, "id_token_signing_alg_values_supported"));

        // RFC 9207 §3
        Assert.True(metadata.GetProperty("authorization_response_iss_parameter_supported").GetBoolean());
        Assert.False(metadata.GetProperty("request_uri_parameter_supported").GetBoolean());
    }

    private static void AssertTokens(JsonElement done, string email)
    {
        Assert.True(done.GetProperty("sameSuccessor").GetBoolean());
        var (idToken, accessToken, userinfo) = (done.GetProperty("idToken"), done.GetProperty("accessToken"), done.GetProperty("userinfo"));
        Assert.Equal(email, userinfo.GetProperty("email").GetString());
        Assert.Equal(userinfo.GetProperty("sub").GetString(), idToken.GetProperty("sub").GetString());
        Assert.Equal(userinfo.GetProperty("sub").GetString(), accessToken.GetProperty("sub").GetString());
        Assert.False(accessToken.TryGetProperty("nbf", out _));
    }

    private static void AssertList(JsonElement metadata, string name, params string[] expected) =>
        Assert.Equal(expected.Order(StringComparer.Ordinal), List(metadata, name).Order(StringComparer.Ordinal));

    private static List<string> List(JsonElement metadata, string name) => [.. metadata.GetProperty(name).EnumerateArray().Select(value => value.GetString()!)];

    private async Task<JsonElement> RunAsync(object setUp, string address)
    {
        await Node.RequireAsync();
        var folder = Path.Combine(Repository.Root, "tests", "interop");
        await using var client = ChildProcess.Start("node", ["openid-client.mjs"], folder);
        await client.WriteLineAsync(JsonSerializer.Serialize(setUp, JsonSerializerOptions.Web));
        var url = JsonSerializer.Deserialize<JsonElement>(await client.LineAsync("{", 0)).GetProperty("url").GetString()!;

        var browser = shared.Browsers[address] = server.NewBrowser();
        var page = await browser.SubmitAsync(await browser.GetAsync(new Uri(url).PathAndQuery), "Continue", ("Address", address));
        page = await browser.SubmitAsync(page, "Continue", ("Code", (await server.MailAsync(address)).Code!));
        page = await browser.SubmitAsync(page, "Create", ("Name", "Somebody New"));
        if (page.Url.AbsolutePath == "/consent")
            page = await browser.SubmitAsync(page, "Allow");

        await client.WriteLineAsync(JsonSerializer.Serialize(new { callback = page.Url.ToString() }));
        return JsonSerializer.Deserialize<JsonElement>(await client.LineAsync("{", 1));
    }

    public sealed class Shared : IAsyncLifetime
    {
        public ServerProcess Server { get; private set; } = null!;

        public Dictionary<string, Browser> Browsers { get; } = [];

        public async ValueTask InitializeAsync() => Server = await ServerProcess.StartAsync();

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
