using System.Buffers.Text;
using IdentityServer.Protocol.Model;
using Xunit;

namespace IdentityServer.Protocol.Tests.Grants;

/// <summary>RFC 6749 §6 at the token endpoint.</summary>
public sealed class RefreshTokenGrantTests : IAsyncLifetime
{
    private TokenScenario scenario = null!;

    public async ValueTask InitializeAsync() => scenario = await TokenScenario.StartAsync();

    public ValueTask DisposeAsync() => scenario.DisposeAsync();

    [Fact]
    public async Task A_refresh_token_buys_a_successor_and_an_access_token_RFC_6749_6()
    {
        var first = await scenario.SignInAsync();
        var second = (await scenario.RefreshAsync(first.RefreshToken)).MustSucceed();

        Assert.NotEqual(first.RefreshToken, second.RefreshToken, StringComparer.Ordinal);
        Assert.NotEqual(first.AccessToken, second.AccessToken, StringComparer.Ordinal);
        Assert.Equal(first["scope"], second["scope"]);
    }

    [Fact]
    public async Task A_refreshed_ID_token_keeps_who_and_when_and_has_no_nonce_OIDC_Core_12_2()
    {
        var first = await scenario.SignInAsync();
        scenario.Host.Clock.Advance(TimeSpan.FromHours(1));
        var claims = (await scenario.RefreshAsync(first.RefreshToken)).MustSucceed().Claims("id_token");
        var original = first.Claims("id_token");

        foreach (var name in (string[])["iss", "sub", "aud", "auth_time", "sid"])
            Assert.Equal(original.GetProperty(name).ToString(), claims.GetProperty(name).ToString());
        Assert.Equal(scenario.Host.Clock.Now.ToUnixTimeSeconds(), claims.GetProperty("iat").GetInt64());
        Assert.False(claims.TryGetProperty("nonce", out _));
    }

    [Fact]
    public async Task A_family_is_one_row_however_often_it_is_used()
    {
        var tokens = await scenario.SignInAsync();
        var rows = scenario.Host.Ledger.Tokens.Count;
        for (var i = 0; i < 10; i++)
            tokens = (await scenario.RefreshAsync(tokens.RefreshToken)).MustSucceed();

        Assert.Equal(rows, scenario.Host.Ledger.Tokens.Count);
    }

    [Fact]
    public async Task An_ended_family_is_refused_without_a_further_write()
    {
        var first = await scenario.SignInAsync();
        await scenario.Host.Ledger.RevokeAuthorizationAsync(Assert.Single(scenario.Host.Ledger.Authorizations).Id, scenario.Host.Clock.Now, default);
        var ledger = scenario.Ledger;

        (await scenario.RefreshAsync(first.RefreshToken)).MustBe(400, "invalid_grant");
        ledger.MustBeUntouched();
    }

    [Fact]
    public async Task Less_scope_may_be_asked_for_and_the_family_keeps_all_RFC_6749_6()
    {
        var first = await scenario.SignInAsync();
        var narrowed = (await scenario.RefreshAsync(first.RefreshToken, ("scope", "api"))).MustSucceed();
        Assert.Equal("api", narrowed["scope"]);
        Assert.Null(narrowed["id_token"]);
        Assert.Equal("api", narrowed.Claims("access_token").GetProperty("scope").GetString());

        Assert.Equal(first["scope"], (await scenario.RefreshAsync(narrowed.RefreshToken)).MustSucceed()["scope"]);
    }

    [Theory]
    [InlineData("api email")]
    [InlineData("unknown")]
    [InlineData("phone")]
    public async Task More_scope_is_refused_RFC_6749_6(string scope)
    {
        var tokens = await scenario.SignInAsync("openid", "api", "offline_access");
        var ledger = scenario.Ledger;

        (await scenario.RefreshAsync(tokens.RefreshToken, ("scope", scope))).MustBe(400, "invalid_scope");
        ledger.MustBeUntouched();
    }

    [Fact]
    public async Task A_family_that_lay_idle_ends()
    {
        var tokens = await scenario.SignInAsync();
        scenario.Host.Clock.Advance(scenario.Spa.RefreshIdleLifetime - TimeSpan.FromSeconds(1));
        tokens = (await scenario.RefreshAsync(tokens.RefreshToken)).MustSucceed();
        scenario.Host.Clock.Advance(scenario.Spa.RefreshIdleLifetime);
        var ledger = scenario.Ledger;

        (await scenario.RefreshAsync(tokens.RefreshToken)).MustBe(400, "invalid_grant");
        ledger.MustBeUntouched();
    }

    [Fact]
    public async Task A_family_ends_at_its_absolute_age_however_often_it_is_used()
    {
        var tokens = await scenario.SignInAsync();
        for (var day = 10; day < 90; day += 10)
        {
            scenario.Host.Clock.Advance(TimeSpan.FromDays(10));
            tokens = (await scenario.RefreshAsync(tokens.RefreshToken)).MustSucceed();
        }

        Assert.Equal(Family.CreatedAt.AddDays(90), Family.ExpiresAt);
        scenario.Host.Clock.Advance(TimeSpan.FromDays(10));
        (await scenario.RefreshAsync(tokens.RefreshToken)).MustBe(400, "invalid_grant");
    }

    [Fact]
    public async Task Another_clients_token_is_refused_without_effect_RFC_6749_6()
    {
        var tokens = await scenario.SignInAsync();
        var ledger = scenario.Ledger;

        (await scenario.RefreshAsync(tokens.RefreshToken, ("client_id", "web"), ("client_secret", TokenScenario.Secret))).MustBe(400, "invalid_grant");

        ledger.MustBeUntouched();
        (await scenario.RefreshAsync(tokens.RefreshToken)).MustSucceed();
    }

    [Fact]
    public async Task A_disabled_users_token_is_refused_and_works_again_when_the_user_does()
    {
        var tokens = await scenario.SignInAsync();
        Assert.True(scenario.Host.Subjects.Users.TryRemove(scenario.UserId, out var user));
        var ledger = scenario.Ledger;

        (await scenario.RefreshAsync(tokens.RefreshToken)).MustBe(400, "invalid_grant");

        ledger.MustBeUntouched();
        scenario.Host.Subjects.Users[scenario.UserId] = user;
        (await scenario.RefreshAsync(tokens.RefreshToken)).MustSucceed();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(19)]
    [InlineData(23)]
    [InlineData(24)]
    [InlineData(55)]
    public async Task A_token_with_one_changed_bit_is_refused(int at)
    {
        var tokens = await scenario.SignInAsync();
        var bytes = Base64Url.DecodeFromChars(tokens.RefreshToken);
        bytes[at] ^= 1;
        var ledger = scenario.Ledger;

        (await scenario.RefreshAsync(Base64Url.EncodeToString(bytes))).MustBe(400, "invalid_grant");
        ledger.MustBeUntouched();
    }

    [Theory]
    [InlineData(null, "invalid_request")]
    [InlineData("nonsense", "invalid_grant")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "invalid_grant")]
    public async Task What_is_no_refresh_token_is_refused_RFC_6749_5_2(string? token, string error) =>
        (await scenario.RefreshAsync("x", ("refresh_token", token))).MustBe(400, error);

    [Fact]
    public async Task A_replaced_MAC_key_is_accepted_until_it_is_removed_and_the_successor_uses_the_new_one()
    {
        var first = await scenario.SignInAsync();
        scenario.Host.Keys.Macs.Insert(0, new MacKey(2, [.. Enumerable.Repeat((byte)2, 32)]));
        var second = (await scenario.RefreshAsync(first.RefreshToken)).MustSucceed();
        scenario.Host.Keys.Macs.RemoveAt(1);

        (await scenario.RefreshAsync(first.RefreshToken)).MustBe(400, "invalid_grant");
        (await scenario.RefreshAsync(second.RefreshToken)).MustSucceed();
    }

    private Token Family => Assert.Single(scenario.Host.Ledger.Tokens, token => token.Kind == TokenKind.RefreshFamily);
}
