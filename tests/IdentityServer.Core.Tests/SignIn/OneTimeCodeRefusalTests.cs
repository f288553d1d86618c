using IdentityServer.Core.Proofs;
using IdentityServer.Core.SignIn;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

public sealed class SqliteOneTimeCodeRefusalTests(SqliteDatabase database) : OneTimeCodeRefusalTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresOneTimeCodeRefusalTests(PostgresDatabase database) : OneTimeCodeRefusalTests(database), IClassFixture<PostgresDatabase>;

/// <summary>What the one-time-code grant refuses, and to whom.</summary>
public abstract class OneTimeCodeRefusalTests(TestDatabase database) : OneTimeCodeGrantSetup(database)
{
    [Fact]
    public async Task A_number_that_is_sent_no_messages_is_refused_with_the_reason()
    {
        var (status, body, _) = await PostAsync(("client_id", "native"), ("address", "+442079460958"));

        Assert.Equal((400, "invalid_request"), (status, body.GetProperty("error").GetString()));
        Assert.Contains("no text messages", body.GetProperty("error_description").GetString(), StringComparison.Ordinal);
    }

    // G1
    [Theory]
    [InlineData("off")]
    [InlineData("browser")]
    public async Task Only_native_and_confidential_applications_with_the_switch_may_start(string client)
    {
        var (status, body, _) = await PostAsync(("client_id", client), ("address", SignInServer.NewAddress()));

        Assert.Equal((400, "unauthorized_client"), (status, body.GetProperty("error").GetString()));
    }

    [Fact]
    public async Task A_browser_application_redeems_nothing_even_with_a_challenge()
    {
        var (challenge, code) = await StartAsync(SignInServer.NewAddress());

        AssertRefused("unauthorized_client", await RedeemAsync("browser", ("challenge", challenge), ("otp", code)));
    }

    [Theory]
    [InlineData("invalid_client", 401, "nobody", "address", "a@mail.example")]
    [InlineData("invalid_request", 400, "native", "adress", "a@mail.example")]
    [InlineData("invalid_request", 400, "native", "address", "nonsense")]
    [InlineData("invalid_grant", 400, "native", "challenge", "nonsense")]
    public async Task What_is_wrong_is_refused_in_the_words_of_the_standard(string error, int status, string client, string name, string value)
    {
        var before = await Server.ReadAsync(db => db.Challenges.CountAsync());

        var answer = await PostAsync(("client_id", client), (name, value));

        Assert.Equal((status, error), (answer.Status, answer.Body.GetProperty("error").GetString()));
        Assert.Equal(before, await Server.ReadAsync(db => db.Challenges.CountAsync()));
    }

    [Fact]
    public async Task A_scope_that_is_not_the_applications_is_refused_before_anything_is_sent()
    {
        var (status, body, _) = await PostAsync(("client_id", "native"), ("address", SignInServer.NewAddress()), ("scope", "openid phone"));

        Assert.Equal((400, "invalid_scope"), (status, body.GetProperty("error").GetString()));
    }

    [Fact]
    public async Task A_scope_that_was_not_asked_for_costs_no_code()
    {
        var address = SignInServer.NewAddress();
        await Server.AddUserAsync(address);
        var (challenge, code) = await StartAsync(address, ("scope", "openid"));

        AssertRefused("invalid_scope", await RedeemAsync("native", ["openid", "email"], ("challenge", challenge), ("otp", code)));
        Assert.Equal(["openid"], Approved(await RedeemAsync("native", ["openid"], ("challenge", challenge), ("otp", code))).Scopes);
    }

    // G2: the counters are those of the pages.
    [Fact]
    public async Task Wrong_codes_count_on_pages_and_here_together()
    {
        var address = SignInServer.NewAddress();
        await Server.AddUserAsync(address);
        var browser = SignInServer.NewBrowser();
        var (challenge, code) = await StartAsync(address);
        for (var failure = 0; failure < 5; failure++)
            AssertRefused("invalid_grant", await RedeemAsync("native", ("challenge", challenge), ("otp", SignInServer.Other(code))));
        AssertRefused("invalid_grant", await RedeemAsync("native", ("challenge", challenge), ("otp", code)));

        var onPage = await Server.StartAsync(address, browser);
        for (var failure = 0; failure < 5; failure++)
            await Server.VerifyAsync(onPage, await Server.WrongCodeAsync(onPage), browser);

        var (third, right) = await StartAsync(address);
        var refused = AssertRefused("too_many_requests", await RedeemAsync("native", ("challenge", third), ("otp", right)));
        Assert.Equal((429, TimeSpan.FromSeconds(30)), (refused.Status, refused.RetryAfter));
    }

    // C10, G2: what began here ends here, and what began on a page ends there.
    [Fact]
    public async Task A_challenge_belongs_to_the_application_that_started_it()
    {
        var address = SignInServer.NewAddress();
        await Server.AddUserAsync(address);
        var (challenge, code) = await StartAsync(address);
        var read = ChallengeHandle.Read(challenge)!.Value;

        AssertRefused("invalid_grant", await RedeemAsync("other", ("challenge", challenge), ("otp", code)));
        AssertRefused("invalid_grant", await RedeemAsync("native", ("challenge", (read with { Secret = new byte[32] }).ToString()), ("otp", code)));
        Assert.IsType<VerifyOutcome.Gone>(await Server.VerifyAsync(read.Id, code, SignInServer.NewBrowser() with { BrowserSecret = read.Secret }));
        Assert.Equal(0, (await Server.ChallengeAsync(read.Id)).Attempts);
    }

    [Theory]
    [InlineData("challenge")]
    [InlineData("otp")]
    public async Task A_missing_parameter_is_named(string present) =>
        AssertRefused("invalid_request", await RedeemAsync("native", (present, "123456")));
}
