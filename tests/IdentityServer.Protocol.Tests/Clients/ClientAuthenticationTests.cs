using System.Net.Http.Headers;
using System.Text;
using IdentityServer.Protocol.Model;
using Xunit;

namespace IdentityServer.Protocol.Tests.Clients;

/// <summary>RFC 6749 §2.3 and §5.2, at the endpoint where it matters most.</summary>
public sealed class ClientAuthenticationTests : IAsyncLifetime
{
    private TokenScenario scenario = null!;

    public async ValueTask InitializeAsync() => scenario = await TokenScenario.StartAsync();

    public ValueTask DisposeAsync() => scenario.DisposeAsync();

    [Fact]
    public async Task The_secret_may_be_in_the_header_form_url_encoded_RFC_6749_2_3_1() =>
        (await AskAsync(TokenScenario.Basic("web", TokenScenario.Secret))).MustSucceed();

    [Fact]
    public async Task The_secret_may_be_in_the_body_RFC_6749_2_3_1() =>
        (await AskAsync(null, ("client_id", "web"), ("client_secret", TokenScenario.Secret))).MustSucceed();

    [Fact]
    public async Task The_scheme_is_read_in_any_case_RFC_9110_11_1()
    {
        var basic = TokenScenario.Basic("web", TokenScenario.Secret);
        (await AskAsync(new AuthenticationHeaderValue("bAsIc", basic.Parameter))).MustSucceed();
    }

    [Fact]
    public async Task The_same_client_id_in_header_and_body_is_accepted() =>
        (await AskAsync(TokenScenario.Basic("web", TokenScenario.Secret), ("client_id", "web"))).MustSucceed();

    [Fact]
    public async Task Another_client_id_in_the_body_than_in_the_header_is_refused() =>
        (await AskAsync(TokenScenario.Basic("web", TokenScenario.Secret), ("client_id", "spa"))).MustBe(400, "invalid_request");

    [Fact]
    public async Task Two_methods_at_once_are_refused_RFC_6749_2_3() =>
        (await AskAsync(TokenScenario.Basic("web", TokenScenario.Secret), ("client_secret", TokenScenario.Secret))).MustBe(400, "invalid_request");

    [Fact]
    public async Task An_assertion_is_refused_rather_than_ignored_RFC_7521_4_2() =>
        (await AskAsync(null, ("client_id", "web"), ("client_secret", TokenScenario.Secret), ("client_assertion", "x"))).MustBe(401, "invalid_client");

    [Theory]
    [InlineData("web", "wrong")]
    [InlineData("nobody", "wrong")]
    [InlineData("WEB", TokenScenario.Secret)]
    [InlineData("web", "older")]
    [InlineData("web", "")]
    [InlineData("spa", TokenScenario.Secret)]
    public async Task An_unknown_client_and_a_wrong_or_expired_secret_are_answered_alike_RFC_6749_5_2(string id, string secret)
    {
        var expected = (await AskAsync(TokenScenario.Basic("web", "certainly wrong"))).MustBe(401, "invalid_client");
        var ledger = scenario.Ledger;

        var answer = (await AskAsync(TokenScenario.Basic(id, secret))).MustBe(401, "invalid_client");

        Assert.Equal(expected.Body, answer.Body);
        Assert.Equal("Basic realm=\"client\", charset=\"UTF-8\"", answer.Headers.WwwAuthenticate.ToString());
        ledger.MustBeUntouched();
    }

    [Theory]
    [InlineData("web", "wrong")]
    [InlineData("nobody", "wrong")]
    [InlineData("web", null)]
    [InlineData("nobody", null)]
    [InlineData("spa", "any")]
    public async Task In_the_body_too_and_without_a_challenge_for_a_scheme_that_was_not_tried(string id, string? secret)
    {
        var expected = await AskAsync(TokenScenario.Basic("web", "certainly wrong"));

        var answer = (await AskAsync(null, ("client_id", id), ("client_secret", secret))).MustBe(401, "invalid_client");

        Assert.Equal(expected.Body, answer.Body);
        Assert.Empty(answer.Headers.WwwAuthenticate);
    }

    [Fact]
    public async Task Nobody_at_all_is_refused_RFC_6749_3_2_1() => (await AskAsync(null)).MustBe(401, "invalid_client");

    [Theory]
    [InlineData("Bearer", "abc")]
    [InlineData("Basic", "%%%")]
    [InlineData("Basic", "bm9jb2xvbg==")]
    [InlineData("Basic", "OnNlY3JldA==")]
    [InlineData("Basic", "/////w==")]
    [InlineData("Basic", null)]
    public async Task A_header_that_is_not_Basic_with_id_and_secret_is_refused_with_a_challenge_RFC_6749_5_2(string scheme, string? value)
    {
        var answer = (await AskAsync(new AuthenticationHeaderValue(scheme, value), ("client_id", "spa"))).MustBe(401, "invalid_client");
        Assert.Equal("Basic", Assert.Single(answer.Headers.WwwAuthenticate).Scheme);
    }

    [Fact]
    public async Task Two_Authorization_headers_are_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/connect/token");
        var basic = TokenScenario.Basic("web", TokenScenario.Secret).ToString();
        request.Headers.TryAddWithoutValidation("Authorization", [basic, basic]);
        request.Content = new FormUrlEncodedContent([new("grant_type", "client_credentials")]);

        Assert.InRange((await scenario.SendAsync(request)).Status, 400, 401);
    }

    [Fact]
    public async Task During_a_change_both_secrets_work_until_the_old_one_ends()
    {
        var end = scenario.Host.Clock.Now.AddHours(1);
        scenario.Put(scenario.Web with { Secrets = [new ApplicationSecret(TokenScenario.Hash("old"), end), new ApplicationSecret(TokenScenario.Hash("new"), null)] });

        (await AskAsync(TokenScenario.Basic("web", "old"))).MustSucceed();
        (await AskAsync(TokenScenario.Basic("web", "new"))).MustSucceed();
        scenario.Host.Clock.Advance(TimeSpan.FromHours(1));
        (await AskAsync(TokenScenario.Basic("web", "old"))).MustBe(401, "invalid_client");
        (await AskAsync(TokenScenario.Basic("web", "new"))).MustSucceed();
    }

    [Fact]
    public async Task Secrets_never_reach_the_log()
    {
        await AskAsync(TokenScenario.Basic("web", "guessed-secret"));
        await AskAsync(null, ("client_id", "a-secret-in-the-wrong-place"), ("client_secret", "guessed-secret"));
        await AskAsync(TokenScenario.Basic("web", TokenScenario.Secret));

        var encoded = Convert.ToBase64String(Encoding.ASCII.GetBytes("web:guessed-secret"));
        Assert.Contains(scenario.Host.Log.Lines, line => line.Contains("invalid_client", StringComparison.Ordinal));
        Assert.DoesNotContain(scenario.Host.Log.Lines, line =>
            line.Contains("guessed-secret", StringComparison.Ordinal) || line.Contains("wrong-place", StringComparison.Ordinal)
            || line.Contains(TokenScenario.Secret, StringComparison.Ordinal) || line.Contains(encoded, StringComparison.Ordinal));
    }

    private Task<Answer> AskAsync(AuthenticationHeaderValue? authorization, params (string Name, string? Value)[] form) =>
        scenario.PostAsync("/connect/token", [("grant_type", "client_credentials"), .. form], authorization);
}
