using System.Net;
using System.Text.Json.Nodes;
using IdentityServer.Protocol.Discovery;
using IdentityServer.Protocol.Grants;
using IdentityServer.Protocol.Jose;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Protocol.Tests.Discovery;

/// <summary>OpenID Connect Discovery §3 and §4, RFC 8414 §2 and §3.</summary>
public sealed class DiscoveryTests : IAsyncLifetime
{
    private const string OpenId = "/.well-known/openid-configuration";
    private const string OAuth = "/.well-known/oauth-authorization-server";

    private ProtocolHost host = null!;

    public async ValueTask InitializeAsync() => host = await ProtocolHost.StartAsync(services => services.AddScoped<IGrant, OddGrant>());

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task The_document_says_what_the_server_is()
    {
        var document = await ReadAsync(OpenId);

        Assert.Equal("http://localhost", (string?)document["issuer"]);
        Assert.Equal("http://localhost/connect/authorize", (string?)document["authorization_endpoint"]);
        Assert.Equal("http://localhost/connect/endsession", (string?)document["end_session_endpoint"]);
        Assert.Equal("http://localhost/.well-known/jwks.json", (string?)document["jwks_uri"]);
        Assert.Equal("http://localhost/connect/token", (string?)document["token_endpoint"]);
        Assert.Equal("http://localhost/connect/userinfo", (string?)document["userinfo_endpoint"]);
        Assert.Equal("http://localhost/connect/introspect", (string?)document["introspection_endpoint"]);
        Assert.Equal("http://localhost/connect/revoke", (string?)document["revocation_endpoint"]);
        Assert.Equal("client_secret_basic client_secret_post none", List(document, "token_endpoint_auth_methods_supported"));
        Assert.Equal("client_secret_basic client_secret_post none", List(document, "revocation_endpoint_auth_methods_supported"));
        Assert.Equal("client_secret_basic client_secret_post", List(document, "introspection_endpoint_auth_methods_supported"));
        Assert.Equal("authorization_code client_credentials refresh_token urn:example:odd", List(document, "grant_types_supported"));
        Assert.Equal("api email offline_access openid phone profile", List(document, "scopes_supported"));
        Assert.Equal("code", List(document, "response_types_supported"));
        Assert.Equal("query fragment form_post", List(document, "response_modes_supported"));
        Assert.Equal("public", List(document, "subject_types_supported"));
        Assert.Equal("ES256 PS256 RS256", List(document, "id_token_signing_alg_values_supported"));
        Assert.Equal("S256", List(document, "code_challenge_methods_supported"));
        Assert.Equal("none login consent select_account", List(document, "prompt_values_supported"));
        Assert.StartsWith("sub auth_time amr sid email email_verified", List(document, "claims_supported"), StringComparison.Ordinal);
        Assert.True((bool)document["authorization_response_iss_parameter_supported"]!);
        Assert.False((bool)document["claims_parameter_supported"]!);
        Assert.False((bool)document["request_parameter_supported"]!);
        Assert.False((bool)document["request_uri_parameter_supported"]!);
        Assert.False(document.ContainsKey("ui_locales_supported"));
        Assert.False(document.ContainsKey("service_documentation"));
    }

    [Fact]
    public async Task Every_published_address_is_mapped_and_every_member_comes_from_a_mapped_endpoint()
    {
        var document = await ReadAsync(OpenId);
        var published = document.Where(member => member.Key.EndsWith("_endpoint", StringComparison.Ordinal) || member.Key == "jwks_uri").ToList();
        var mapped = host.Services.GetRequiredService<EndpointDataSource>().PublishedPaths();
        Assert.Equal(mapped.Count, published.Count);
        foreach (var (member, url) in published)
        {
            using var answer = await host.Http.GetAsync(new Uri((string)url!));
            Assert.NotEqual(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.Equal("http://localhost" + mapped[member], (string?)url);
        }
    }

    [Fact]
    public async Task A_new_scope_is_listed_within_a_minute()
    {
        await ReadAsync(OpenId);
        host.Registry.Put(new Scope { Name = "fresh", Claims = ["freshness"] });
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var document = await ReadAsync(OpenId);
        Assert.Contains("fresh", List(document, "scopes_supported"), StringComparison.Ordinal);
        Assert.Contains("freshness", List(document, "claims_supported"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Both_addresses_have_the_same_document_RFC8414_5() =>
        Assert.True(JsonNode.DeepEquals(await ReadAsync(OpenId), await ReadAsync(OAuth)));

    [Fact]
    public async Task The_administrators_words_are_in_it()
    {
        await using var other = await ProtocolHost.StartAsync(services => services.Configure<ProtocolOptions>(options =>
        {
            options.ServiceDocumentation = "https://docs.example/";
            options.UiLocales = ["en", "de"];
        }));
        var document = (JsonObject)JsonNode.Parse(await other.Http.GetStringAsync(OpenId))!;
        Assert.Equal("https://docs.example/", (string?)document["service_documentation"]);
        Assert.Equal("en de", List(document, "ui_locales_supported"));
    }

    [Fact]
    public async Task An_issuer_with_a_path_has_it_inserted_and_nobody_else_answers_there_RFC8414_3_1()
    {
        await using var other = await ProtocolHost.StartAsync(services => services.Configure<ProtocolOptions>(options => options.Issuer = "https://id.example/tenant/one"));
        var document = (JsonObject)JsonNode.Parse(await other.Http.GetStringAsync(OAuth + "/tenant/one"))!;
        Assert.Equal("https://id.example/tenant/one", (string?)document["issuer"]);
        Assert.Equal("https://id.example/tenant/one/connect/authorize", (string?)document["authorization_endpoint"]);
        Assert.Equal("https://id.example/tenant/one/.well-known/jwks.json", (string?)document["jwks_uri"]);

        foreach (var path in new[] { "/tenant/two", "/tenant", "/tenant/one/more", "/Tenant/one" })
        {
            using var answer = await other.Http.GetAsync(OAuth + path);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Without_a_path_nothing_is_inserted()
    {
        using var answer = await host.Http.GetAsync(OAuth + "/x");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Each_loopback_host_is_its_own_issuer()
    {
        var document = (JsonObject)JsonNode.Parse(await host.Http.GetStringAsync(new Uri("http://127.0.0.1:5000" + OpenId)))!;
        Assert.Equal("http://127.0.0.1:5000", (string?)document["issuer"]);
        Assert.Equal("http://localhost", (string?)(await ReadAsync(OpenId))["issuer"]);
    }

    [Theory]
    [InlineData(OpenId, "application/json", 3600)]
    [InlineData(OAuth, "application/json", 3600)]
    [InlineData("/.well-known/jwks.json", "application/jwk-set+json", 900)]
    public async Task It_may_be_cached_and_asked_for_by_its_tag_RFC9110_13_1_2(string path, string type, int maxAge)
    {
        using var first = await host.Http.GetAsync(path);
        Assert.Equal(type, first.Content.Headers.ContentType?.ToString());
        Assert.True(first.Headers.CacheControl!.Public);
        Assert.Equal(TimeSpan.FromSeconds(maxAge), first.Headers.CacheControl.MaxAge);
        Assert.Equal("Origin", first.Headers.Vary.ToString());

        var again = new HttpRequestMessage(HttpMethod.Get, path);
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await host.Http.SendAsync(again);
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Empty(await second.Content.ReadAsByteArrayAsync());
    }

    // O14: what is published is the key ring's to say; that it is said at once is said here.
    [Fact]
    public async Task The_key_set_has_every_published_key_at_once_and_no_private_part_RFC7517_5()
    {
        Assert.Equal(3, (await KeysAsync()).Count);
        var now = host.Clock.Now;
        using var upcoming = SigningKey.Generate(JwsAlgorithm.ES256, new SigningKeyTimes(now, now.AddDays(1), now.AddDays(2), now.AddDays(3)));
        host.Keys.Keys.Insert(0, upcoming);

        var keys = await KeysAsync();
        Assert.Equal(4, keys.Count);
        Assert.Equal(upcoming.Kid, (string?)keys[0]!["kid"]);
        foreach (var key in keys.Cast<JsonObject>())
        {
            Assert.Equal("sig", (string?)key["use"]);
            Assert.DoesNotContain(key, member => member.Key is "d" or "p" or "q" or "dp" or "dq" or "qi" or "k");
        }
    }

    private async Task<JsonArray> KeysAsync() => (JsonArray)JsonNode.Parse(await host.Http.GetStringAsync("/.well-known/jwks.json"))!["keys"]!;

    private async Task<JsonObject> ReadAsync(string path) => (JsonObject)JsonNode.Parse(await host.Http.GetStringAsync(path))!;

    private static string List(JsonObject document, string member) => string.Join(' ', ((JsonArray)document[member]!).Select(value => (string?)value));

    private sealed class OddGrant : IGrant
    {
        public string GrantType => "urn:example:odd";

        public Task<GrantResult> AuthorizeAsync(TokenRequest request, CancellationToken cancellationToken) =>
            Task.FromResult<GrantResult>(new GrantResult.Refused(ProtocolError.InvalidGrant("Never.")));
    }
}
