using IdentityServer.Protocol.Model;
using Xunit;

namespace IdentityServer.Protocol.Tests.Revocation;

/// <summary>RFC 7009.</summary>
public sealed class RevocationEndpointTests : IAsyncLifetime
{
    private TokenScenario scenario = null!;

    public async ValueTask InitializeAsync() => scenario = await TokenScenario.StartAsync();

    public ValueTask DisposeAsync() => scenario.DisposeAsync();

    [Fact]
    public async Task A_refresh_token_ends_its_family_its_authorization_and_its_access_tokens_RFC_7009_2_1()
    {
        var tokens = await scenario.SignInAsync();

        (await RevokeAsync(tokens.RefreshToken)).MustSucceed();

        (await scenario.RefreshAsync(tokens.RefreshToken)).MustBe(400, "invalid_grant");
        Assert.False(await IsActiveAsync(tokens.AccessToken));
        Assert.NotNull(Assert.Single(scenario.Host.Ledger.Authorizations).RevokedAt);
    }

    [Fact]
    public async Task An_older_refresh_token_of_the_family_will_do()
    {
        var first = await scenario.SignInAsync();
        var second = (await scenario.RefreshAsync(first.RefreshToken)).MustSucceed();
        var third = (await scenario.RefreshAsync(second.RefreshToken)).MustSucceed();

        (await RevokeAsync(first.RefreshToken)).MustSucceed();
        (await scenario.RefreshAsync(third.RefreshToken)).MustBe(400, "invalid_grant");
    }

    [Theory]
    [InlineData(AccessTokenFormat.Jwt)]
    [InlineData(AccessTokenFormat.Reference)]
    public async Task An_access_token_ends_alone_RFC_7009_2_1(AccessTokenFormat format)
    {
        scenario.Put(scenario.Spa with { AccessTokenFormat = format });
        var tokens = await scenario.SignInAsync();
        var other = (await scenario.RefreshAsync(tokens.RefreshToken)).MustSucceed();

        (await RevokeAsync(tokens.AccessToken)).MustSucceed();

        Assert.False(await IsActiveAsync(tokens.AccessToken));
        Assert.True(await IsActiveAsync(other.AccessToken));
        (await scenario.RefreshAsync(other.RefreshToken)).MustSucceed();
    }

    [Theory]
    [InlineData("access")]
    [InlineData("refresh")]
    public async Task Twice_is_fine_and_writes_once_RFC_7009_2_2(string kind)
    {
        var tokens = await scenario.SignInAsync();
        var token = kind == "access" ? tokens.AccessToken : tokens.RefreshToken;
        (await RevokeAsync(token)).MustSucceed();
        var ledger = scenario.Ledger;

        (await RevokeAsync(token)).MustSucceed();
        ledger.MustBeUntouched();
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("a.b.c")]
    public async Task An_unknown_token_is_no_error_RFC_7009_2_2(string token)
    {
        var ledger = scenario.Ledger;
        Assert.Equal("", (await RevokeAsync(token)).MustSucceed().Body);
        ledger.MustBeUntouched();
    }

    [Fact]
    public async Task An_expired_access_token_is_no_error_and_is_not_remembered()
    {
        var tokens = await scenario.SignInAsync();
        scenario.Host.Clock.Advance(TimeSpan.FromMinutes(15));
        var ledger = scenario.Ledger;

        (await RevokeAsync(tokens.AccessToken)).MustSucceed();
        ledger.MustBeUntouched();
    }

    [Theory]
    [InlineData("access")]
    [InlineData("refresh")]
    public async Task Another_clients_token_is_refused_and_not_touched_RFC_7009_2_1(string kind)
    {
        var tokens = await scenario.SignInAsync();
        var ledger = scenario.Ledger;

        (await scenario.PostAsWebAsync("/connect/revoke", ("token", kind == "access" ? tokens.AccessToken : tokens.RefreshToken))).MustBe(400, "invalid_grant");

        ledger.MustBeUntouched();
        Assert.True(await IsActiveAsync(tokens.AccessToken));
        (await scenario.RefreshAsync(tokens.RefreshToken)).MustSucceed();
    }

    [Theory]
    [InlineData("access_token")]
    [InlineData("odd")]
    public async Task A_wrong_hint_hides_nothing_RFC_7009_2_1(string hint)
    {
        var tokens = await scenario.SignInAsync();
        (await RevokeAsync(tokens.RefreshToken, ("token_type_hint", hint))).MustSucceed();
        (await scenario.RefreshAsync(tokens.RefreshToken)).MustBe(400, "invalid_grant");
    }

    [Fact]
    public async Task A_confidential_client_must_authenticate_RFC_7009_2_1()
    {
        var ledger = scenario.Ledger;
        (await RevokeAsync("x", ("client_id", "web"))).MustBe(401, "invalid_client");
        (await RevokeAsync("x", ("client_id", "web"), ("client_secret", "wrong"))).MustBe(401, "invalid_client");
        (await RevokeAsync("x", ("client_id", null))).MustBe(401, "invalid_client");
        ledger.MustBeUntouched();
    }

    [Fact]
    public async Task A_missing_token_is_refused_RFC_7009_2_1() =>
        (await scenario.PostAsync("/connect/revoke", [("client_id", "spa")])).MustBe(400, "invalid_request");

    private Task<Answer> RevokeAsync(string token, params (string Name, string? Value)[] changes) =>
        scenario.PostAsync("/connect/revoke", [("client_id", "spa"), ("token", token), .. changes]);

    private async Task<bool> IsActiveAsync(string token) =>
        (await scenario.PostAsWebAsync("/connect/introspect", ("token", token))).MustSucceed().Json.GetProperty("active").GetBoolean();
}
