using IdentityServer.Protocol.Model;
using Xunit;

namespace IdentityServer.Protocol.Tests.Grants;

/// <summary>RFC 6749 §4.4 at the token endpoint.</summary>
public sealed class ClientCredentialsGrantTests : IAsyncLifetime
{
    private TokenScenario scenario = null!;

    public async ValueTask InitializeAsync() => scenario = await TokenScenario.StartAsync();

    public ValueTask DisposeAsync() => scenario.DisposeAsync();

    [Fact]
    public async Task An_application_gets_an_access_token_for_itself_and_nothing_else_RFC_6749_4_4_3_RFC_9068_2_2()
    {
        var ledger = scenario.Ledger;
        var answer = (await AskAsync(("scope", "api"))).MustSucceed();

        var claims = answer.Claims("access_token");
        Assert.Equal("web", claims.GetProperty("sub").GetString());
        Assert.Equal("https://api.example", claims.GetProperty("aud").GetString());
        Assert.False(claims.TryGetProperty("aid", out _));
        Assert.Null(answer["refresh_token"]);
        Assert.Null(answer["id_token"]);
        ledger.MustBeUntouched();
    }

    [Fact]
    public async Task Without_a_scope_all_that_are_not_about_users_are_granted_RFC_6749_3_3() =>
        Assert.Equal("api", (await AskAsync()).MustSucceed()["scope"]);

    [Fact]
    public async Task Without_any_scope_the_audience_is_the_issuer_RFC_9068_3()
    {
        scenario.Put(scenario.Web with { Scopes = [] });
        var answer = (await AskAsync()).MustSucceed();

        Assert.Null(answer["scope"]);
        Assert.Equal(ProtocolHost.Origin, answer.Claims("access_token").GetProperty("aud").GetString());
    }

    [Theory]
    [InlineData("openid")]
    [InlineData("offline_access")]
    [InlineData("api profile")]
    [InlineData("unknown")]
    [InlineData("phone")]
    [InlineData("api\"quoted")]
    public async Task A_scope_about_a_user_or_an_unknown_one_is_refused_RFC_6749_5_2(string scope) =>
        (await AskAsync(("scope", scope))).MustBe(400, "invalid_scope");

    [Fact]
    public async Task A_public_client_is_refused_RFC_6749_4_4() =>
        (await AskAsync(("client_id", "spa"), ("client_secret", null))).MustBe(400, "unauthorized_client");

    [Fact]
    public async Task A_reference_token_for_an_application_is_kept_without_a_user()
    {
        scenario.Put(scenario.Web with { AccessTokenFormat = AccessTokenFormat.Reference });
        var answer = (await AskAsync()).MustSucceed();

        Assert.Equal(43, answer.AccessToken.Length);
        Assert.Null(Assert.Single(scenario.Host.Ledger.Tokens).UserId);
        Assert.Empty(scenario.Host.Ledger.Authorizations);
    }

    private Task<Answer> AskAsync(params (string Name, string? Value)[] changes) =>
        scenario.PostAsWebAsync("/connect/token", [("grant_type", "client_credentials"), .. changes]);
}
