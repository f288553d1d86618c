using IdentityServer.Protocol.Model;
using Xunit;

namespace IdentityServer.Protocol.Tests.Introspection;

/// <summary>RFC 7662.</summary>
public sealed class IntrospectionEndpointTests : IAsyncLifetime
{
    private const string Inactive = "{\"active\":false}";
    private TokenScenario scenario = null!;

    public async ValueTask InitializeAsync() => scenario = await TokenScenario.StartAsync();

    public ValueTask DisposeAsync() => scenario.DisposeAsync();

    [Theory]
    [InlineData(AccessTokenFormat.Jwt)]
    [InlineData(AccessTokenFormat.Reference)]
    public async Task An_API_is_told_about_tokens_for_its_resource_RFC_7662_2_2(AccessTokenFormat format)
    {
        scenario.Put(scenario.Spa with { AccessTokenFormat = format });
        var answer = await AskAsync((await scenario.SignInAsync()).AccessToken);

        Assert.True(answer.Json.GetProperty("active").GetBoolean());
        Assert.Equal("spa", answer["client_id"]);
        Assert.Equal(scenario.UserId.ToString(), answer["sub"]);
        Assert.Equal("openid profile email offline_access api", answer["scope"]);
        Assert.Equal("https://api.example", answer["aud"]);
        Assert.Equal(ProtocolHost.Origin, answer["iss"]);
        Assert.Equal("Bearer", answer["token_type"]);
        Assert.Equal(scenario.Host.Clock.Now.AddMinutes(15).ToUnixTimeSeconds().ToString(), answer["exp"]);
        Assert.Null(answer["email"]);
    }

    [Fact]
    public async Task Somebody_elses_token_looks_like_none_RFC_7662_2_2()
    {
        var forApi = await scenario.SignInAsync();
        scenario.Put(scenario.Web with { Scopes = ["openid"] });

        Assert.Equal(Inactive, (await AskAsync(forApi.AccessToken)).Body);
        Assert.Equal(Inactive, (await AskAsync(forApi.RefreshToken)).Body);
    }

    [Fact]
    public async Task A_token_whose_audience_names_the_caller_is_its_to_see()
    {
        scenario.Put(scenario.Web with { Scopes = [] });
        scenario.Host.Registry.Put(new Scope { Name = "api", Resources = ["web"] });

        Assert.Equal("True", (await AskAsync((await scenario.SignInAsync()).AccessToken))["active"]);
    }

    [Fact]
    public async Task A_client_sees_its_own_refresh_token_the_current_one_and_the_one_before_RFC_7662_2_1()
    {
        var first = await RedeemAsWebAsync();
        var second = await RefreshAsWebAsync(first);
        Assert.Equal("True", (await AskAsync(first))["active"]);
        var answer = await AskAsync(second);
        Assert.Equal(("True", "web", scenario.UserId.ToString()), (answer["active"], answer["client_id"], answer["sub"]));
        Assert.Null(answer["token_type"]);

        await RefreshAsWebAsync(second);
        var ledger = scenario.Ledger;
        Assert.Equal(Inactive, (await AskAsync(first)).Body);
        ledger.MustBeUntouched();
    }

    [Fact]
    public async Task An_expired_refresh_token_is_inactive()
    {
        var token = await RedeemAsWebAsync();
        scenario.Host.Clock.Advance(scenario.Web.RefreshIdleLifetime);
        Assert.Equal(Inactive, (await AskAsync(token)).Body);
    }

    [Fact]
    public async Task A_disabled_users_refresh_token_is_inactive()
    {
        var token = await RedeemAsWebAsync();
        scenario.Host.Subjects.Users.Clear();
        Assert.Equal(Inactive, (await AskAsync(token)).Body);
    }

    [Theory]
    [InlineData("expired")]
    [InlineData("authorization ended")]
    [InlineData("user gone")]
    [InlineData("altered")]
    [InlineData("application gone")]
    public async Task An_inactive_access_token_gives_nothing_away_RFC_7662_2_2(string reason)
    {
        var token = (await scenario.SignInAsync()).AccessToken;
        switch (reason)
        {
            case "expired":
                scenario.Host.Clock.Advance(TimeSpan.FromMinutes(15));
                break;
            case "authorization ended":
                await scenario.Host.Ledger.RevokeAuthorizationAsync(Assert.Single(scenario.Host.Ledger.Authorizations).Id, scenario.Host.Clock.Now, default);
                break;
            case "user gone":
                scenario.Host.Subjects.Users.Clear();
                break;
            case "application gone":
                scenario.Host.Registry.Remove("spa");
                break;
            default:
                token = token[..^4] + "AAAA";
                break;
        }

        Assert.Equal(Inactive, (await AskAsync(token)).Body);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("a.b.c")]
    public async Task An_unknown_token_is_inactive_and_no_error_RFC_7662_2_2(string token) =>
        Assert.Equal(Inactive, (await AskAsync(token)).Body);

    [Theory]
    [InlineData("access_token")]
    [InlineData("refresh_token")]
    [InlineData("odd")]
    public async Task A_wrong_hint_hides_nothing_RFC_7662_2_1(string hint) =>
        Assert.Equal("True", (await AskAsync((await scenario.SignInAsync()).AccessToken, ("token_type_hint", hint)))["active"]);

    [Fact]
    public async Task An_authorization_code_is_inactive() =>
        Assert.Equal(Inactive, (await AskAsync(await scenario.CodeAsync(scenario.Web))).Body);

    [Fact]
    public async Task A_public_client_is_refused_RFC_7662_2_1() =>
        (await scenario.PostAsync("/connect/introspect", [("client_id", "spa"), ("token", (await scenario.SignInAsync()).AccessToken)])).MustBe(401, "invalid_client");

    [Fact]
    public async Task A_wrong_secret_is_refused_RFC_7662_2_3() =>
        (await scenario.PostAsync("/connect/introspect", [("token", "x")], TokenScenario.Basic("web", "wrong"))).MustBe(401, "invalid_client");

    [Fact]
    public async Task A_missing_token_is_refused_RFC_7662_2_1() =>
        (await scenario.PostAsWebAsync("/connect/introspect")).MustBe(400, "invalid_request");

    private async Task<Answer> AskAsync(string token, params (string Name, string? Value)[] more) =>
        (await scenario.PostAsWebAsync("/connect/introspect", [("token", token), .. more])).MustSucceed();

    private async Task<string> RedeemAsWebAsync() =>
        (await scenario.PostAsWebAsync("/connect/token", ("grant_type", "authorization_code"), ("code", await scenario.CodeAsync(scenario.Web)),
            ("redirect_uri", TokenScenario.RedirectUri))).MustSucceed().RefreshToken;

    private async Task<string> RefreshAsWebAsync(string token) =>
        (await scenario.PostAsWebAsync("/connect/token", ("grant_type", "refresh_token"), ("refresh_token", token))).MustSucceed().RefreshToken;
}
