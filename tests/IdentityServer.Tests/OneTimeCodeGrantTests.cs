using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.Tests;

/// <summary>A server with one application of each sort that may or may not use the one-time-code grant.</summary>
public sealed class OneTimeCodeServer() : Server(
    ("Limits:StartsPerNetworkAndHour", "100000"),
    ("Applications:spa:GrantTypes:2", OneTimeCodeGrantTests.Grant),
    ("Applications:backend:Type", "Confidential"),
    ("Applications:backend:Secrets:0", Secret),
    ("Applications:backend:GrantTypes:0", OneTimeCodeGrantTests.Grant),
    ("Applications:backend:Scopes:0", "openid"))
{
    private const string Secret = "backend-secret-0123456789abcdef0123456789";

    public RelyingParty Backend(string secret = Secret) => new(NewClient(), "backend", "", secret);
}

/// <summary>The one-time-code grant over HTTP: <c>/connect/otp</c>, then the token endpoint.</summary>
public sealed partial class OneTimeCodeGrantTests(OneTimeCodeServer server) : IClassFixture<OneTimeCodeServer>
{
    public const string Grant = "urn:identityserver:params:oauth:grant-type:otp";

    // G4
    [Fact]
    public async Task A_known_person_gets_tokens_and_no_session()
    {
        var app = server.Native();
        var (challenge, mail) = await StartAsync(app, "anna@example.com");

        using var response = await app.Client.PostAsync("/connect/token", new FormUrlEncodedContent(Form(app, challenge, mail.Code!)));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.False(response.Headers.Contains("Set-Cookie"));
        Assert.Equal("no-store", response.Headers.CacheControl!.ToString());
        var tokens = new TokenAnswer(200, JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync()));
        foreach (var token in new[] { tokens.IdToken!, tokens.AccessToken! })
        {
            Assert.Equal("[\"otp\"]", RelyingParty.Payload(token).GetProperty("amr").GetRawText());
            Assert.False(RelyingParty.Payload(token).TryGetProperty("sid", out _));
        }

        Assert.Equal("Anna Example", (await app.UserInfoAsync(tokens.AccessToken!)).Body.GetProperty("name").GetString());

        var refreshed = await app.RefreshAsync(tokens.RefreshToken!);
        Assert.Equal(200, refreshed.Status);
        Assert.Equal(200, (await app.PostAsync("/connect/revoke", ("token", refreshed.RefreshToken!))).Status);
        Assert.Equal("invalid_grant", (await app.RefreshAsync(refreshed.RefreshToken!)).Error);
        Assert.Equal(401, (await app.UserInfoAsync(refreshed.AccessToken!)).Status);
    }

    [Fact]
    public async Task A_new_person_is_asked_for_a_name_and_the_same_code_works_again_with_it()
    {
        var app = server.Native();
        var (challenge, mail) = await StartAsync(app, "new@otp.example");

        Assert.Equal("registration_required", (await RedeemAsync(app, challenge, mail.Code!)).Error);
        Assert.Equal("invalid_request", (await RedeemAsync(app, challenge, mail.Code!, ("name", "two\nlines"))).Error);
        var tokens = await RedeemAsync(app, challenge, mail.Code!, ("name", "Nils New"));

        Assert.Equal(200, tokens.Status);
        var claims = (await app.UserInfoAsync(tokens.AccessToken!)).Body;
        Assert.Equal("Nils New", claims.GetProperty("name").GetString());
        Assert.True(claims.GetProperty("email_verified").GetBoolean());
    }

    [Fact]
    public async Task A_confidential_application_may_use_it_and_must_prove_itself()
    {
        var (challenge, mail) = await StartAsync(server.Backend(), "backend@otp.example", "openid");

        Assert.Equal("invalid_client", (await server.Backend("wrong").PostAsync("/connect/otp", ("address", "backend@otp.example"))).Error);
        Assert.Equal("invalid_grant", (await RedeemAsync(server.Native(), challenge, mail.Code!, ("name", "Of Another"))).Error);
        Assert.Equal(200, (await RedeemAsync(server.Backend(), challenge, mail.Code!, ("name", "Bea Backend"))).Status);
    }

    [Fact]
    public async Task A_code_buys_tokens_once()
    {
        var app = server.Native();
        var (challenge, mail) = await StartAsync(app, "once@otp.example");

        Assert.Equal(200, (await RedeemAsync(app, challenge, mail.Code!, ("name", "Olga Once"))).Status);
        Assert.Equal("invalid_grant", (await RedeemAsync(app, challenge, mail.Code!, ("name", "Olga Once"))).Error);
    }

    [Fact]
    public async Task Sixteen_right_codes_at_once_give_one_winner()
    {
        var app = server.Native();
        var (challenge, mail) = await StartAsync(app, "anna@example.com");

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => RedeemAsync(app, challenge, mail.Code!)));

        Assert.Single(answers, answer => answer.Status == 200);
        Assert.All(answers.Where(answer => answer.Status != 200), answer => Assert.Equal("invalid_grant", answer.Error));
    }

    [Fact]
    public async Task Five_wrong_codes_use_the_challenge_up()
    {
        var app = server.Native();
        var (challenge, mail) = await StartAsync(app, "five@otp.example");

        for (var left = 4; left > 0; left--)
        {
            var wrong = await RedeemAsync(app, challenge, Wrong(mail));
            Assert.Equal("invalid_grant", wrong.Error);
            Assert.Contains($"{left} tries", wrong.Value("error_description"), StringComparison.Ordinal);
        }

        Assert.Equal("invalid_grant", (await RedeemAsync(app, challenge, Wrong(mail))).Error);
        Assert.Equal("invalid_grant", (await RedeemAsync(app, challenge, mail.Code!, ("name", "Too Late"))).Error);
    }

    [Fact]
    public async Task A_resend_kills_the_earlier_code_and_says_so_without_costing_a_try()
    {
        var app = server.Native();
        var (challenge, first) = await StartAsync(app, "resend@otp.example");
        Assert.Equal(429, (await app.PostAsync("/connect/otp", ("challenge", challenge))).Status);

        server.Clock.Advance(TimeSpan.FromSeconds(31));
        var resent = await app.PostAsync("/connect/otp", ("challenge", challenge));
        Assert.Equal(challenge, resent.Value("challenge"));
        var second = (await server.MailsAsync("resend@otp.example", 2))[0];

        for (var round = 0; round < 7 && first.Code != second.Code; round++)
            Assert.Contains("newer", (await RedeemAsync(app, challenge, first.Code!)).Value("error_description"), StringComparison.Ordinal);
        Assert.Equal(200, (await RedeemAsync(app, challenge, second.Code!, ("name", "Rita Resend"))).Status);
    }

    [Fact]
    public async Task A_resend_too_early_says_when()
    {
        var app = server.Native();
        var (challenge, _) = await StartAsync(app, "early@otp.example");

        using var response = await app.Client.PostAsync("/connect/otp", new FormUrlEncodedContent([new("client_id", "native"), new("challenge", challenge)]));

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 30);
        Assert.Contains("too_many_requests", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    // G1; OAuth 2.0 for Browser-Based Apps: "MUST use a redirect-based flow"
    [Fact]
    public async Task Browser_applications_and_those_without_the_grant_are_refused_at_both_ends()
    {
        var (challenge, mail) = await StartAsync(server.Native(), "refused@otp.example");

        foreach (var app in new[] { server.Spa(), server.WebApp() })
        {
            Assert.Equal("unauthorized_client", (await app.PostAsync("/connect/otp", ("address", "refused@otp.example"))).Error);
            Assert.Equal("unauthorized_client", (await RedeemAsync(app, challenge, mail.Code!, ("name", "Ruth Refused"))).Error);
        }

        Assert.Single(await server.MailsAsync("refused@otp.example"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("no address")]
    [InlineData("two@@example.com")]
    [InlineData("a@b.example, c@d.example")]
    public async Task What_is_no_address_is_said_to_be_none(string? address)
    {
        var answer = await server.Native().PostAsync("/connect/otp", ("address", address ?? ""));

        Assert.Equal((400, "invalid_request"), (answer.Status, answer.Error));
        Assert.Contains("address", answer.Value("error_description"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("openid nonsense")]
    [InlineData("notes")]
    public async Task A_scope_that_the_application_may_not_have_is_refused_before_anything_is_sent(string scope)
    {
        var answer = await server.Native().PostAsync("/connect/otp", ("address", "scope@otp.example"), ("scope", scope));

        Assert.Equal("invalid_scope", answer.Error);
        Assert.Empty(await server.MailsAsync("scope@otp.example", 0));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task A_challenge_that_does_not_exist_is_refused(string challenge)
    {
        var answer = await RedeemAsync(server.Native(), challenge, "123456");
        Assert.Equal((400, challenge.Length == 0 ? "invalid_request" : "invalid_grant"), (answer.Status, answer.Error));
        Assert.Equal(400, (await server.Native().PostAsync("/connect/otp", ("challenge", challenge))).Status);
    }

    [Fact]
    public async Task A_code_ends_after_five_minutes()
    {
        var app = server.Native();
        var (challenge, mail) = await StartAsync(app, "late@otp.example");
        server.Clock.Advance(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(1));

        Assert.Equal("invalid_grant", (await RedeemAsync(app, challenge, mail.Code!, ("name", "Lara Late"))).Error);
    }

    // G2, E3
    [Fact]
    public async Task Known_unknown_and_disabled_addresses_are_answered_alike()
    {
        var seen = new List<string>();
        foreach (var address in new[] { "anna@example.com", "nobody@otp.example", "disabled@example.com" })
        {
            using var client = server.NewClient();
            using var start = await client.PostAsync("/connect/otp", new FormUrlEncodedContent([new("client_id", "native"), new("address", address)]));
            var body = await start.Content.ReadAsStringAsync();
            var challenge = JsonSerializer.Deserialize<JsonElement>(body).GetProperty("challenge").GetString()!;
            using var wrong = await client.PostAsync("/connect/token", new FormUrlEncodedContent(Form(server.Native(), challenge, "000000")));
            seen.Add($"{Headers(start)}{Random().Replace(body, match => $"{match.Length}")}\n{Headers(wrong)}{await wrong.Content.ReadAsStringAsync()}");
        }

        Assert.Equal(seen[0], seen[1]);
        Assert.Equal(seen[0], seen[2]);
    }

    // G2
    [Fact]
    public async Task Wrong_codes_here_and_on_the_pages_share_one_budget()
    {
        var app = server.Native();
        for (var round = 0; round < 2; round++)
        {
            var (challenge, mail) = await StartAsync(app, "budget@otp.example");
            for (var tries = 0; tries < 5; tries++)
                await RedeemAsync(app, challenge, Wrong(mail));
        }

        var browser = server.NewBrowser();
        var (page, last) = await server.AskForCodeAsync(browser, "budget@otp.example");
        page = await browser.SubmitAsync(page, "Continue", ("Code", last.Code!));
        Assert.Equal(HttpStatusCode.TooManyRequests, page.Status);

        server.Clock.Advance(TimeSpan.FromSeconds(31));
        page = await browser.SubmitAsync(page, "Continue", ("Code", last.Code!));
        Assert.Equal("/sign-in/details", page.Url.AbsolutePath);
    }

    private static string Wrong(Mail mail) => mail.Code == "111111" ? "222222" : "111111";

    private static string Headers(HttpResponseMessage response) =>
        string.Concat(response.Headers.Concat(response.Content.Headers).Select(header => $"{header.Key}: {string.Join('|', header.Value)}\n").Order(StringComparer.Ordinal));

    private static KeyValuePair<string, string>[] Form(RelyingParty app, string challenge, string code) =>
        [new("client_id", app.ClientId), new("grant_type", Grant), new("challenge", challenge), new("otp", code)];

    private static Task<TokenAnswer> RedeemAsync(RelyingParty app, string challenge, string code, params (string, string)[] more) =>
        app.TokenAsync([("grant_type", Grant), ("challenge", challenge), ("otp", code), .. more]);

    private async Task<(string Challenge, Mail Mail)> StartAsync(RelyingParty app, string address, string scope = "openid profile email offline_access")
    {
        var known = (await server.MailsAsync(address, 0)).Length;
        var started = await app.PostAsync("/connect/otp", ("address", address), ("scope", scope));
        Assert.Equal(200, started.Status);
        Assert.Equal(("300", "30", "6"), (started.Value("expires_in"), started.Value("resend_in"), started.Value("code_length")));
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        return (started.Value("challenge")!, (await server.MailsAsync(address, known + 1))[0]);
    }

    [GeneratedRegex("[A-Za-z0-9_-]{40,}")]
    private static partial Regex Random();
}
