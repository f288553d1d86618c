using System.Text;
using IdentityServer.Protocol.Grants;
using IdentityServer.Protocol.Jose;
using IdentityServer.Protocol.Model;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Protocol.Tests.Tokens;

/// <summary>RFC 6749 §3.2 and §5: what the endpoint demands of every grant, and what tokens look like.</summary>
public sealed class TokenEndpointTests : IAsyncLifetime
{
    private TokenScenario scenario = null!;

    public async ValueTask InitializeAsync() =>
        scenario = await TokenScenario.StartAsync(services => services.AddScoped<IGrant, VoucherGrant>());

    public ValueTask DisposeAsync() => scenario.DisposeAsync();

    [Theory]
    [InlineData("GET", "/connect/token")]
    [InlineData("PUT", "/connect/token")]
    [InlineData("GET", "/connect/introspect")]
    [InlineData("GET", "/connect/revoke")]
    [InlineData("DELETE", "/connect/userinfo")]
    public async Task Other_methods_are_not_allowed_RFC_6749_3_2(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        Assert.Equal(405, (await scenario.SendAsync(request)).Status);
    }

    [Theory]
    [InlineData(null, "invalid_request")]
    [InlineData("", "invalid_request")]
    [InlineData("password", "unsupported_grant_type")]
    [InlineData("implicit", "unsupported_grant_type")]
    public async Task A_grant_type_is_needed_that_this_server_has_RFC_6749_5_2(string? grantType, string error) =>
        (await scenario.PostAsWebAsync("/connect/token", ("grant_type", grantType))).MustBe(400, error);

    [Fact]
    public async Task A_grant_type_that_is_not_the_applications_is_refused_RFC_6749_5_2()
    {
        scenario.Put(scenario.Web with { GrantTypes = [] });
        (await scenario.PostAsWebAsync("/connect/token", ("grant_type", "client_credentials"))).MustBe(400, "unauthorized_client");
    }

    [Theory]
    [InlineData("grant_type=client_credentials&grant_type=client_credentials&client_id=web")]
    [InlineData("grant_type=client_credentials&client_id=web&client_id=web")]
    [InlineData("grant_type=client_credentials&client_id=web&unknown=1&unknown=2")]
    public async Task A_parameter_twice_is_refused_RFC_6749_3_2(string form) =>
        (await PostRawAsync(form, "application/x-www-form-urlencoded")).MustBe(400, "invalid_request");

    [Theory]
    [InlineData("application/json")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("text/plain")]
    public async Task Another_media_type_is_refused_RFC_6749_4_1_3(string type) =>
        (await PostRawAsync("{\"grant_type\":\"client_credentials\"}", type)).MustBe(400, "invalid_request");

    [Fact]
    public async Task An_empty_request_is_refused() =>
        (await PostRawAsync("", "application/x-www-form-urlencoded")).MustBe(401, "invalid_client");

    [Fact]
    public async Task Parameters_in_the_query_are_not_read_RFC_6749_2_3_1() =>
        (await scenario.PostAsync($"/connect/token?client_id=web&client_secret={Uri.EscapeDataString(TokenScenario.Secret)}",
            [("grant_type", "client_credentials")])).MustBe(401, "invalid_client");

    [Fact]
    public async Task A_body_that_is_too_large_is_refused() =>
        (await PostRawAsync("a=" + new string('x', Parameters.MaxBodyLength), "application/x-www-form-urlencoded")).MustBe(413, "invalid_request");

    [Fact]
    public async Task Parameters_that_are_too_long_together_are_refused() =>
        (await PostRawAsync("a=" + new string('x', Parameters.MaxTotalLength), "application/x-www-form-urlencoded")).MustBe(400, "invalid_request");

    [Fact]
    public async Task Ten_thousand_parameters_are_refused() =>
        (await PostRawAsync(string.Join('&', Enumerable.Range(0, 10_000).Select(i => $"{i}=")), "application/x-www-form-urlencoded")).MustBe(400, "invalid_request");

    [Fact]
    public async Task An_access_token_is_a_JWT_of_RFC_9068_2()
    {
        var answer = await scenario.SignInAsync();
        var claims = Verified(answer.AccessToken, "at+jwt", JwsAlgorithm.ES256);
        var authorization = Assert.Single(scenario.Host.Ledger.Authorizations);
        var now = scenario.Host.Clock.Now;

        Assert.Equal(ProtocolHost.Origin, claims["iss"]);
        Assert.Equal(scenario.UserId.ToString(), claims["sub"]);
        Assert.Equal("https://api.example", claims["aud"]);
        Assert.Equal("spa", claims["client_id"]);
        Assert.Equal("openid profile email offline_access api", claims["scope"]);
        Assert.Equal(now.ToUnixTimeSeconds().ToString(), claims["iat"]);
        Assert.Equal(now.AddMinutes(15).ToUnixTimeSeconds().ToString(), claims["exp"]);
        Assert.Equal(now.AddMinutes(-5).ToUnixTimeSeconds().ToString(), claims["auth_time"]);
        Assert.Equal("[\"otp\"]", claims["amr"]);
        Assert.Equal(scenario.SessionId.ToString(), claims["sid"]);
        Assert.Equal(authorization.Id.ToString(), claims["aid"]);
        Assert.Equal(12, claims.Count);
        Assert.Equal(32, claims["jti"].Length);
    }

    [Fact]
    public async Task An_ID_token_is_small_and_says_who_when_and_how_OIDC_Core_2()
    {
        var answer = await scenario.SignInAsync();
        var claims = Verified(answer["id_token"]!, "JWT", JwsAlgorithm.RS256);
        var now = scenario.Host.Clock.Now;

        Assert.Equal(ProtocolHost.Origin, claims["iss"]);
        Assert.Equal(scenario.UserId.ToString(), claims["sub"]);
        Assert.Equal("spa", claims["aud"]);
        Assert.Equal(now.ToUnixTimeSeconds().ToString(), claims["iat"]);
        Assert.Equal(now.AddMinutes(15).ToUnixTimeSeconds().ToString(), claims["exp"]);
        Assert.Equal(now.AddMinutes(-5).ToUnixTimeSeconds().ToString(), claims["auth_time"]);
        Assert.Equal("n-0S6_WzA2Mj", claims["nonce"]);
        Assert.Equal("[\"otp\"]", claims["amr"]);
        Assert.Equal(scenario.SessionId.ToString(), claims["sid"]);
        // OpenID Connect Core §3.1.3.6: the left half of the access token's SHA-256.
        Assert.Equal(System.Buffers.Text.Base64Url.EncodeToString(TokenScenario.Hash(answer.AccessToken).AsSpan(0, 16)), claims["at_hash"]);
        Assert.Equal(10, claims.Count);
    }

    [Fact]
    public async Task The_algorithms_are_the_applications()
    {
        scenario.Put(scenario.Spa with { IdTokenAlgorithm = JwsAlgorithm.ES256, AccessTokenAlgorithm = JwsAlgorithm.PS256 });
        var answer = await scenario.SignInAsync();

        Verified(answer["id_token"]!, "JWT", JwsAlgorithm.ES256);
        Verified(answer.AccessToken, "at+jwt", JwsAlgorithm.PS256);
    }

    [Fact]
    public async Task Two_resources_make_an_audience_of_two_RFC_9068_3()
    {
        scenario.Host.Registry.Put(new Scope { Name = "email", Claims = ["email"], Resources = ["https://mail.example", "https://api.example"] });
        var claims = Verified((await scenario.SignInAsync()).AccessToken, "at+jwt", JwsAlgorithm.ES256);

        Assert.Equal("[\"https://mail.example\",\"https://api.example\"]", claims["aud"]);
    }

    [Fact]
    public async Task A_grant_from_outside_goes_through_all_phases()
    {
        scenario.Put(scenario.Spa with { GrantTypes = [VoucherGrant.Type, GrantTypes.RefreshToken] });
        VoucherGrant.UserId = scenario.UserId;
        (string, string?)[] form = [("grant_type", VoucherGrant.Type), ("client_id", "spa"), ("scope", "openid offline_access")];

        (await scenario.PostAsync("/connect/token", form)).MustBe(400, "invalid_grant");
        (await scenario.PostAsync("/connect/token", [.. form, ("voucher", "open sesame"), ("scope", "phone")])).MustBe(400, "invalid_scope");
        Assert.Equal(0, scenario.Host.Ledger.Writes);
        var answer = (await scenario.PostAsync("/connect/token", [.. form, ("voucher", "open sesame")])).MustSucceed();

        var authorization = Assert.Single(scenario.Host.Ledger.Authorizations);
        Assert.Equal((AuthorizationKind.AdHoc, scenario.UserId), (authorization.Kind, authorization.UserId));
        Assert.Equal(authorization.Id.ToString(), answer.Claims("access_token").GetProperty("aid").GetString());
        Assert.NotNull(answer["id_token"]);
        (await scenario.RefreshAsync(answer.RefreshToken)).MustSucceed();
    }

    [Fact]
    public async Task A_grant_from_outside_is_in_discovery_RFC_8414_2()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/.well-known/openid-configuration");
        var supported = (await scenario.SendAsync(request)).Json.GetProperty("grant_types_supported").EnumerateArray().Select(type => type.GetString());

        Assert.Equal("authorization_code client_credentials refresh_token urn:example:voucher", string.Join(' ', supported));
    }

    [Fact]
    public async Task A_grant_cannot_hand_out_scopes_that_are_not_the_applications()
    {
        scenario.Put(scenario.Spa with { GrantTypes = [VoucherGrant.Type] });
        VoucherGrant.UserId = scenario.UserId;

        (await scenario.PostAsync("/connect/token", [("grant_type", VoucherGrant.Type), ("client_id", "spa"), ("voucher", "open sesame"), ("all", "phone")]))
            .MustBe(400, "invalid_scope");
        Assert.Equal(0, scenario.Host.Ledger.Writes);
    }

    [Fact]
    public async Task Tokens_and_codes_never_reach_the_log()
    {
        var code = await scenario.CodeAsync(scenario.Spa);
        var answer = await scenario.RedeemAsync(code);
        await scenario.RefreshAsync(answer.RefreshToken);
        await scenario.RefreshAsync(answer.RefreshToken, ("client_id", "nobody"));
        await scenario.RedeemAsync(code);

        string[] secrets = [code, answer.AccessToken, answer.RefreshToken, answer["id_token"]!, TokenScenario.Verifier];
        Assert.Contains(scenario.Host.Log.Lines, line => line.Contains("invalid_grant", StringComparison.Ordinal));
        Assert.DoesNotContain(scenario.Host.Log.Lines, line => secrets.Any(secret => line.Contains(secret, StringComparison.Ordinal)));
    }

    private async Task<Answer> PostRawAsync(string body, string type)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/connect/token");
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        return await scenario.SendAsync(request);
    }

    private Dictionary<string, string> Verified(string token, string type, JwsAlgorithm algorithm)
    {
        var valid = Assert.IsType<JwsVerification.Valid>(JwsVerifier.Verify(token, [algorithm], scenario.Host.Keys.Keys.Select(key => key.PublicKey), type));
        return valid.Payload.EnumerateObject().ToDictionary(claim => claim.Name, claim => claim.Value.ToString(), StringComparer.Ordinal);
    }

    /// <summary>An extension, as a slice outside of the protocol would write it.</summary>
    private sealed class VoucherGrant : IGrant
    {
        public const string Type = "urn:example:voucher";

        public static Guid UserId { get; set; }

        public string GrantType => Type;

        public Task<GrantResult> AuthorizeAsync(TokenRequest request, CancellationToken cancellationToken) =>
            Task.FromResult<GrantResult>(request.Parameters["voucher"] == "open sesame"
                ? new GrantResult.Approved(new Approval { UserId = UserId, Scopes = request.Scopes ?? [request.Parameters["all"] ?? "api"], Methods = ["otp"] })
                : new GrantResult.Refused(ProtocolError.InvalidGrant("The voucher is wrong.")));
    }
}
