using System.Net.Http.Headers;
using IdentityServer.Protocol.Model;
using Xunit;

namespace IdentityServer.Protocol.Tests.UserInfo;

/// <summary>OpenID Connect Core §5.3 and RFC 6750.</summary>
public sealed class UserInfoEndpointTests : IAsyncLifetime
{
    private TokenScenario scenario = null!;

    public async ValueTask InitializeAsync() => scenario = await TokenScenario.StartAsync();

    public ValueTask DisposeAsync() => scenario.DisposeAsync();

    [Theory]
    [InlineData(AccessTokenFormat.Jwt)]
    [InlineData(AccessTokenFormat.Reference)]
    public async Task Scopes_open_claims_OIDC_Core_5_4(AccessTokenFormat format)
    {
        scenario.Put(scenario.Spa with { AccessTokenFormat = format });
        var answer = (await GetAsync(await scenario.SignInAsync("openid", "email"))).MustSucceed();

        Assert.Equal(scenario.UserId.ToString(), answer["sub"]);
        Assert.Equal("ada@example.com", answer["email"]);
        Assert.True(answer.Json.GetProperty("email_verified").GetBoolean());
        Assert.Equal(3, answer.Json.EnumerateObject().Count());
    }

    [Fact]
    public async Task With_openid_alone_there_is_sub_alone_OIDC_Core_5_3_2() =>
        Assert.Equal($"{{\"sub\":\"{scenario.UserId}\"}}", (await GetAsync(await scenario.SignInAsync("openid"))).MustSucceed().Body);

    [Fact]
    public async Task Empty_claims_are_left_out_OIDC_Core_5_3_2() =>
        Assert.Equal($"{{\"sub\":\"{scenario.UserId}\",\"name\":\"Ada Lovelace\"}}", (await GetAsync(await scenario.SignInAsync("openid", "profile"))).MustSucceed().Body);

    [Fact]
    public async Task The_token_may_be_posted_in_the_header_or_in_a_form_RFC_6750_2_1_2_2()
    {
        var tokens = await scenario.SignInAsync();

        (await scenario.PostAsync("/connect/userinfo", [("access_token", tokens.AccessToken)])).MustSucceed();
        (await scenario.PostAsync("/connect/userinfo", [], Bearer(tokens.AccessToken))).MustSucceed();
        using var empty = new HttpRequestMessage(HttpMethod.Post, "/connect/userinfo");
        empty.Headers.Authorization = Bearer(tokens.AccessToken);
        (await scenario.SendAsync(empty)).MustSucceed();
    }

    [Fact]
    public async Task Twice_is_refused_RFC_6750_2()
    {
        var tokens = await scenario.SignInAsync();
        MustChallenge((await scenario.PostAsync("/connect/userinfo", [("access_token", tokens.AccessToken)], Bearer(tokens.AccessToken))).MustBe(400, "invalid_request"));
    }

    [Fact]
    public async Task In_the_query_it_is_refused_RFC_9700_4_3_2()
    {
        var tokens = await scenario.SignInAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/connect/userinfo?access_token={tokens.AccessToken}");
        MustChallenge((await scenario.SendAsync(request)).MustBe(400, "invalid_request"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Basic d2ViOng=")]
    [InlineData("Bearer")]
    public async Task Without_a_token_there_is_a_challenge_without_an_error_RFC_6750_3_1(string? authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/connect/userinfo");
        if (authorization is not null)
            request.Headers.Authorization = AuthenticationHeaderValue.Parse(authorization);
        var answer = await scenario.SendAsync(request);

        Assert.Equal((401, "Bearer", ""), (answer.Status, answer.Headers.WwwAuthenticate.ToString(), answer.Body));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("a.b.c")]
    public async Task What_is_no_access_token_is_refused_RFC_6750_3_1(string token) =>
        MustChallenge((await GetAsync(token)).MustBe(401, "invalid_token"));

    [Fact]
    public async Task An_ID_token_is_no_access_token_RFC_9068_4() =>
        MustChallenge((await GetAsync((await scenario.SignInAsync())["id_token"]!)).MustBe(401, "invalid_token"));

    [Fact]
    public async Task A_refresh_token_is_no_access_token() =>
        MustChallenge((await GetAsync((await scenario.SignInAsync()).RefreshToken)).MustBe(401, "invalid_token"));

    [Fact]
    public async Task A_token_signed_with_a_key_that_is_no_longer_published_is_refused()
    {
        var tokens = await scenario.SignInAsync();
        scenario.Host.Keys.Keys.Clear();
        (await GetAsync(tokens)).MustBe(401, "invalid_token");
    }

    [Fact]
    public async Task A_token_of_another_issuer_is_refused_RFC_9068_4()
    {
        var tokens = await scenario.SignInAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://127.0.0.1/connect/userinfo");
        request.Headers.Authorization = Bearer(tokens.AccessToken);
        (await scenario.SendAsync(request)).MustBe(401, "invalid_token");
    }

    [Theory]
    [InlineData(AccessTokenFormat.Jwt)]
    [InlineData(AccessTokenFormat.Reference)]
    public async Task An_expired_token_is_refused_RFC_6750_3_1(AccessTokenFormat format)
    {
        scenario.Put(scenario.Spa with { AccessTokenFormat = format });
        var tokens = await scenario.SignInAsync();
        scenario.Host.Clock.Advance(scenario.Spa.AccessTokenLifetime - TimeSpan.FromSeconds(1));
        (await GetAsync(tokens)).MustSucceed();
        scenario.Host.Clock.Advance(TimeSpan.FromSeconds(1));
        MustChallenge((await GetAsync(tokens)).MustBe(401, "invalid_token"));
    }

    [Theory]
    [InlineData(AccessTokenFormat.Jwt)]
    [InlineData(AccessTokenFormat.Reference)]
    public async Task When_the_authorization_ended_the_token_is_refused(AccessTokenFormat format)
    {
        scenario.Put(scenario.Spa with { AccessTokenFormat = format });
        var tokens = await scenario.SignInAsync();
        await scenario.Host.Ledger.RevokeAuthorizationAsync(Assert.Single(scenario.Host.Ledger.Authorizations).Id, scenario.Host.Clock.Now, default);
        (await GetAsync(tokens)).MustBe(401, "invalid_token");
    }

    [Fact]
    public async Task A_disabled_users_token_is_refused()
    {
        var tokens = await scenario.SignInAsync();
        scenario.Host.Subjects.Users.Clear();
        (await GetAsync(tokens)).MustBe(401, "invalid_token");
    }

    [Fact]
    public async Task Without_the_scope_openid_access_is_forbidden_RFC_6750_3_1()
    {
        var answer = (await GetAsync(await scenario.SignInAsync("api", "email"))).MustBe(403, "insufficient_scope");
        MustChallenge(answer);
        Assert.Contains("scope=\"openid\"", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_application_for_itself_has_no_userinfo()
    {
        var tokens = (await scenario.PostAsWebAsync("/connect/token", ("grant_type", "client_credentials"))).MustSucceed();
        (await GetAsync(tokens)).MustBe(403, "insufficient_scope");
    }

    private static AuthenticationHeaderValue Bearer(string token) => new("Bearer", token);

    private static void MustChallenge(Answer answer) =>
        Assert.StartsWith($"Bearer error=\"{answer["error"]}\"", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);

    private Task<Answer> GetAsync(Answer tokens) => GetAsync(tokens.AccessToken);

    private async Task<Answer> GetAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/connect/userinfo");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        return await scenario.SendAsync(request);
    }
}
