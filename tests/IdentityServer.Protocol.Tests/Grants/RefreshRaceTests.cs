using IdentityServer.Protocol.Model;
using Xunit;

namespace IdentityServer.Protocol.Tests.Grants;

/// <summary>Retries, races and reuse: FAPI 2.0's retry rule and RFC 9700 §4.14.</summary>
public sealed class RefreshRaceTests : IAsyncLifetime
{
    private TokenScenario scenario = null!;

    public async ValueTask InitializeAsync() => scenario = await TokenScenario.StartAsync();

    public ValueTask DisposeAsync() => scenario.DisposeAsync();

    [Fact]
    public async Task A_retry_after_a_lost_answer_gets_the_very_same_successor_and_writes_nothing_FAPI_2_0()
    {
        var first = await scenario.SignInAsync();
        var lost = (await scenario.RefreshAsync(first.RefreshToken)).MustSucceed();
        scenario.Host.Clock.Advance(TimeSpan.FromDays(3));
        var ledger = scenario.Ledger;

        var retried = (await scenario.RefreshAsync(first.RefreshToken)).MustSucceed();

        Assert.Equal(lost.RefreshToken, retried.RefreshToken);
        ledger.MustBeUntouched();
        (await scenario.RefreshAsync(retried.RefreshToken)).MustSucceed();
    }

    [Fact]
    public async Task A_retry_of_an_application_with_reference_tokens_writes_its_access_token_and_nothing_else()
    {
        scenario.Put(scenario.Spa with { AccessTokenFormat = AccessTokenFormat.Reference });
        var first = await scenario.SignInAsync();
        var lost = (await scenario.RefreshAsync(first.RefreshToken)).MustSucceed();
        var family = Family;
        var rows = scenario.Host.Ledger.Tokens.Count;

        var retried = (await scenario.RefreshAsync(first.RefreshToken)).MustSucceed();

        Assert.Equal(lost.RefreshToken, retried.RefreshToken);
        Assert.Equal(family, Family);
        Assert.Equal(rows + 1, scenario.Host.Ledger.Tokens.Count);
    }

    [Fact]
    public async Task A_token_two_behind_ends_the_family_and_its_authorization_RFC_9700_4_14_2()
    {
        var first = await scenario.SignInAsync();
        var second = (await scenario.RefreshAsync(first.RefreshToken)).MustSucceed();
        var third = (await scenario.RefreshAsync(second.RefreshToken)).MustSucceed();

        (await scenario.RefreshAsync(first.RefreshToken)).MustBe(400, "invalid_grant");

        (await scenario.RefreshAsync(third.RefreshToken)).MustBe(400, "invalid_grant");
        Assert.NotNull(Assert.Single(scenario.Host.Ledger.Authorizations).RevokedAt);
    }

    [Fact]
    public async Task A_hundred_refreshes_with_lost_answers_and_two_tabs_end_nothing()
    {
        var current = (await scenario.SignInAsync()).RefreshToken;
        for (var i = 0; i < 100; i++)
        {
            var shared = current;
            var tabs = await Task.WhenAll(Task.Run(() => scenario.RefreshAsync(shared)), Task.Run(() => scenario.RefreshAsync(shared)));
            var successors = tabs.Select(tab => tab.MustSucceed().RefreshToken).Distinct(StringComparer.Ordinal).ToList();
            // Both tabs hold the same token; every third answer is lost on its way and asked for again.
            current = Assert.Single(successors);
            if (i % 3 == 0)
                Assert.Equal(current, (await scenario.RefreshAsync(shared)).MustSucceed().RefreshToken);
        }

        Assert.Equal(101, Family.Generation);
        Assert.Equal(TokenStatus.Valid, Family.Status);
        Assert.Null(Assert.Single(scenario.Host.Ledger.Authorizations).RevokedAt);
    }

    [Fact]
    public async Task Sixteen_refreshes_at_once_all_get_the_same_successor_and_advance_once()
    {
        var tokens = await scenario.SignInAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => scenario.RefreshAsync(tokens.RefreshToken))));

        Assert.Single(answers.Select(answer => answer.MustSucceed().RefreshToken).Distinct(StringComparer.Ordinal));
        Assert.Equal(2, Family.Generation);
    }

    [Fact]
    public async Task Who_loses_the_race_for_a_refresh_is_answered_like_a_retry()
    {
        var tokens = await scenario.SignInAsync();
        Answer? winner = null;
        scenario.Host.Ledger.BeforeNextCommit = async () => winner = await scenario.RefreshAsync(tokens.RefreshToken);

        var loser = (await scenario.RefreshAsync(tokens.RefreshToken)).MustSucceed();

        Assert.Equal(winner!.MustSucceed().RefreshToken, loser.RefreshToken);
        Assert.Equal(2, Family.Generation);
    }

    [Fact]
    public async Task A_sign_out_in_the_moment_of_a_refresh_wins()
    {
        var tokens = await scenario.SignInAsync();
        var authorization = Assert.Single(scenario.Host.Ledger.Authorizations);
        scenario.Host.Ledger.BeforeNextCommit = () => scenario.Host.Ledger.RevokeAuthorizationAsync(authorization.Id, scenario.Host.Clock.Now, default);

        (await scenario.RefreshAsync(tokens.RefreshToken)).MustBe(400, "invalid_grant");
        Assert.Equal(1, Family.Generation);
    }

    [Fact]
    public async Task A_family_whose_authorization_ended_in_the_moment_of_its_making_is_refused()
    {
        var tokens = await scenario.SignInAsync();
        var family = Family;
        await scenario.Host.Ledger.RevokeAuthorizationAsync(family.AuthorizationId!.Value, scenario.Host.Clock.Now, default);
        scenario.Host.Ledger.Restore(family);

        (await scenario.RefreshAsync(tokens.RefreshToken)).MustBe(400, "invalid_grant");
    }

    [Fact]
    public async Task A_family_from_a_restored_backup_is_refused_and_not_taken_for_reuse()
    {
        var first = await scenario.SignInAsync();
        var backup = Family;
        var second = (await scenario.RefreshAsync(first.RefreshToken)).MustSucceed();
        scenario.Host.Ledger.Restore(backup);

        (await scenario.RefreshAsync(second.RefreshToken)).MustBe(400, "invalid_grant");
        Assert.Equal(TokenStatus.Valid, Family.Status);
    }

    private Token Family => Assert.Single(scenario.Host.Ledger.Tokens, token => token.Kind == TokenKind.RefreshFamily);
}
