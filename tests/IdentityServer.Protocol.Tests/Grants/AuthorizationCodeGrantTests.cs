using IdentityServer.Protocol.Model;
using Xunit;

namespace IdentityServer.Protocol.Tests.Grants;

/// <summary>RFC 6749 §4.1.3, RFC 7636, RFC 9700 §2.1.1 at the token endpoint.</summary>
public sealed class AuthorizationCodeGrantTests : IAsyncLifetime
{
    private TokenScenario scenario = null!;

    public async ValueTask InitializeAsync() => scenario = await TokenScenario.StartAsync();

    public ValueTask DisposeAsync() => scenario.DisposeAsync();

    [Fact]
    public async Task A_code_buys_tokens_RFC_6749_4_1_4()
    {
        var answer = (await scenario.RedeemAsync(await scenario.CodeAsync(scenario.Spa))).MustSucceed();

        Assert.Equal("Bearer", answer["token_type"]);
        Assert.Equal("900", answer["expires_in"]);
        Assert.Equal("openid profile email offline_access api", answer["scope"]);
        Assert.Equal(75, answer.RefreshToken.Length);
        Assert.Equal(3, answer["id_token"]!.Split('.').Length);
    }

    [Fact]
    public async Task Without_offline_access_there_is_no_refresh_token_OIDC_Core_11() =>
        Assert.Null((await scenario.SignInAsync("openid", "api"))["refresh_token"]);

    [Fact]
    public async Task Without_openid_there_is_no_ID_token_OIDC_Core_3_1_2_1() =>
        Assert.Null((await scenario.SignInAsync("api", "offline_access"))["id_token"]);

    [Fact]
    public async Task An_application_that_may_not_refresh_gets_no_refresh_token()
    {
        var application = scenario.Put(scenario.Spa with { GrantTypes = [GrantTypes.AuthorizationCode] });

        Assert.Null((await scenario.RedeemAsync(await scenario.CodeAsync(application))).MustSucceed()["refresh_token"]);
    }

    [Fact]
    public async Task A_scope_that_was_taken_from_the_application_meanwhile_is_not_granted()
    {
        var code = await scenario.CodeAsync(scenario.Spa);
        scenario.Put(scenario.Spa with { Scopes = ["openid", "api"] });

        Assert.Equal("openid api", (await scenario.RedeemAsync(code)).MustSucceed()["scope"]);
    }

    [Theory]
    [InlineData("code", null, "invalid_request")]
    [InlineData("code", "unknown", "invalid_grant")]
    [InlineData("redirect_uri", null, "invalid_grant")]
    [InlineData("redirect_uri", "https://app.example/callback/", "invalid_grant")]
    [InlineData("redirect_uri", "https://APP.example/callback", "invalid_grant")]
    [InlineData("code_verifier", null, "invalid_grant")]
    [InlineData("code_verifier", "short", "invalid_request")]
    [InlineData("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjX!", "invalid_request")]
    [InlineData("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXX", "invalid_grant")]
    [InlineData("code_verifier", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "invalid_grant")]
    public async Task What_differs_from_the_authorization_request_is_refused_RFC_6749_4_1_3_RFC_7636_4_6(string name, string? value, string error)
    {
        var code = await scenario.CodeAsync(scenario.Spa);
        var ledger = scenario.Ledger;

        (await scenario.RedeemAsync(code, (name, value))).MustBe(400, error);

        ledger.MustBeUntouched();
        (await scenario.RedeemAsync(code)).MustSucceed();
    }

    [Fact]
    public async Task A_verifier_of_129_characters_is_refused_RFC_7636_4_1() =>
        (await scenario.RedeemAsync(await scenario.CodeAsync(scenario.Spa), ("code_verifier", new string('a', 129)))).MustBe(400, "invalid_request");

    [Fact]
    public async Task A_verifier_without_a_challenge_is_refused_as_a_downgrade_RFC_9700_2_1_1()
    {
        var code = await scenario.CodeAsync(scenario.Web);
        var ledger = scenario.Ledger;
        (string, string?)[] form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", TokenScenario.RedirectUri)];

        (await scenario.PostAsWebAsync("/connect/token", [.. form, ("code_verifier", TokenScenario.Verifier)])).MustBe(400, "invalid_grant");

        ledger.MustBeUntouched();
        (await scenario.PostAsWebAsync("/connect/token", form)).MustSucceed();
    }

    [Fact]
    public async Task Another_clients_code_is_refused_without_effect_RFC_6749_5_2()
    {
        var code = await scenario.CodeAsync(scenario.Spa);
        var ledger = scenario.Ledger;

        (await scenario.RedeemAsync(code, ("client_id", "web"), ("client_secret", TokenScenario.Secret))).MustBe(400, "invalid_grant");

        ledger.MustBeUntouched();
        (await scenario.RedeemAsync(code)).MustSucceed();
    }

    [Fact]
    public async Task An_expired_code_is_refused_RFC_6749_4_1_2()
    {
        var code = await scenario.CodeAsync(scenario.Spa);
        var ledger = scenario.Ledger;
        scenario.Host.Clock.Advance(scenario.Spa.CodeLifetime);

        (await scenario.RedeemAsync(code)).MustBe(400, "invalid_grant");
        ledger.MustBeUntouched();
    }

    [Fact]
    public async Task A_disabled_users_code_is_refused()
    {
        var code = await scenario.CodeAsync(scenario.Spa);
        scenario.Host.Subjects.Users.Clear();
        var ledger = scenario.Ledger;

        (await scenario.RedeemAsync(code)).MustBe(400, "invalid_grant");
        ledger.MustBeUntouched();
    }

    [Fact]
    public async Task After_signing_out_the_code_is_refused()
    {
        var code = await scenario.CodeAsync(scenario.Spa);
        scenario.Host.Sessions.Live.Clear();
        var ledger = scenario.Ledger;

        (await scenario.RedeemAsync(code)).MustBe(400, "invalid_grant");
        ledger.MustBeUntouched();
    }

    [Fact]
    public async Task After_its_authorization_ended_the_code_is_refused()
    {
        var code = await scenario.CodeAsync(scenario.Spa);
        await scenario.Host.Ledger.RevokeAuthorizationAsync(Assert.Single(scenario.Host.Ledger.Authorizations).Id, scenario.Host.Clock.Now, default);
        var ledger = scenario.Ledger;

        (await scenario.RedeemAsync(code)).MustBe(400, "invalid_grant");
        ledger.MustBeUntouched();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(600)]
    public async Task A_valid_replay_is_denied_and_ends_what_the_code_bought_RFC_6749_4_1_2(int secondsLater)
    {
        var code = await scenario.CodeAsync(scenario.Spa);
        var bought = (await scenario.RedeemAsync(code)).MustSucceed();
        scenario.Host.Clock.Advance(TimeSpan.FromSeconds(secondsLater));

        (await scenario.RedeemAsync(code)).MustBe(400, "invalid_grant");

        (await scenario.RefreshAsync(bought.RefreshToken)).MustBe(400, "invalid_grant");
        Assert.Equal(401, (await UserInfoAsync(bought)).Status);
        Assert.NotNull(Assert.Single(scenario.Host.Ledger.Authorizations).RevokedAt);
    }

    [Theory]
    [InlineData("code_verifier", "aBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")]
    [InlineData("code_verifier", null)]
    [InlineData("redirect_uri", "https://evil.example/")]
    [InlineData("client_id", "nobody")]
    [InlineData("client_secret", "guess")]
    public async Task An_invalid_replay_ends_nothing_OAuth_2_1(string name, string? value)
    {
        var code = await scenario.CodeAsync(scenario.Spa);
        var bought = (await scenario.RedeemAsync(code)).MustSucceed();
        var ledger = scenario.Ledger;

        Assert.InRange((await scenario.RedeemAsync(code, (name, value))).Status, 400, 401);

        ledger.MustBeUntouched();
        (await scenario.RefreshAsync(bought.RefreshToken)).MustSucceed();
    }

    [Fact]
    public async Task Sixteen_redemptions_at_once_have_one_winner_whose_tokens_end_like_after_any_replay()
    {
        for (var round = 0; round < 20; round++)
        {
            var code = await scenario.CodeAsync(scenario.Spa);
            var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => scenario.RedeemAsync(code))));

            var winner = Assert.Single(answers, answer => answer.Status == 200);
            Assert.All(answers.Where(answer => answer != winner), answer => answer.MustBe(400, "invalid_grant"));
            (await scenario.RefreshAsync(winner.RefreshToken)).MustBe(400, "invalid_grant");
            Assert.Equal(401, (await UserInfoAsync(winner)).Status);
        }
    }

    [Fact]
    public async Task Who_loses_the_race_for_a_code_is_denied_and_the_winners_tokens_end()
    {
        var code = await scenario.CodeAsync(scenario.Spa);
        Answer? winner = null;
        scenario.Host.Ledger.BeforeNextCommit = async () => winner = await scenario.RedeemAsync(code);

        (await scenario.RedeemAsync(code)).MustBe(400, "invalid_grant");

        (await scenario.RefreshAsync(winner!.MustSucceed().RefreshToken)).MustBe(400, "invalid_grant");
    }

    [Fact]
    public async Task A_sign_out_in_the_moment_of_redemption_wins()
    {
        var code = await scenario.CodeAsync(scenario.Spa);
        var authorization = Assert.Single(scenario.Host.Ledger.Authorizations);
        scenario.Host.Ledger.BeforeNextCommit = () => scenario.Host.Ledger.RevokeAuthorizationAsync(authorization.Id, scenario.Host.Clock.Now, default);

        (await scenario.RedeemAsync(code)).MustBe(400, "invalid_grant");
        Assert.Single(scenario.Host.Ledger.Tokens);
    }

    private async Task<Answer> UserInfoAsync(Answer tokens)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/connect/userinfo");
        request.Headers.Authorization = new("Bearer", tokens.AccessToken);
        return await scenario.SendAsync(request);
    }
}
