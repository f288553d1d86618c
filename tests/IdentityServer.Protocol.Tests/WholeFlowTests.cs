using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace IdentityServer.Protocol.Tests;

/// <summary>From the authorization endpoint through the token endpoint to signing out: the halves fit.</summary>
public sealed class WholeFlowTests : BrowserTests
{
    [Fact]
    public async Task A_code_buys_an_ID_token_that_hints_later_and_signs_out()
    {
        var session = SignIn();
        var code = (await AuthorizeAsync(("nonce", "n-1"))).Parameter("code")!;
        var tokens = await RedeemAsync(code, Verifier);
        var idToken = (string)tokens["id_token"]!;

        Host.Clock.Advance(TimeSpan.FromDays(1));
        var silent = await AuthorizeAsync(("id_token_hint", idToken), ("prompt", "none"));
        Assert.NotNull(silent.Parameter("code"));

        var answer = await GetAsync($"/connect/endsession?id_token_hint={idToken}&post_logout_redirect_uri={Uri.EscapeDataString("https://app.example/")}");
        Assert.Equal("https://app.example/", answer.Location);
        Assert.False(Host.Sessions.Live.ContainsKey(session.Id));
    }

    // O2: the downgrade in which the verifier is left out or another one is sent.
    [Theory]
    [InlineData(null)]
    [InlineData("another-verifier-of-43-characters-and-more-x")]
    public async Task A_code_is_worth_nothing_without_its_verifier_RFC9700_2_1_1(string? verifier)
    {
        SignIn();
        var code = (await AuthorizeAsync()).Parameter("code")!;
        Assert.Null((await RedeemAsync(code, verifier))["id_token"]);
    }

    [Fact]
    public async Task An_access_token_from_the_flow_is_no_hint()
    {
        SignIn();
        var tokens = await RedeemAsync((await AuthorizeAsync()).Parameter("code")!, Verifier);
        var answer = await AuthorizeAsync(("id_token_hint", (string)tokens["access_token"]!), ("prompt", "none"));
        Assert.Equal("invalid_request", answer.Parameter("error"));
    }

    [Fact]
    public async Task Under_a_path_base_every_local_redirect_stays_under_it()
    {
        var answer = await GetAsync("/base/connect/authorize?" + Query());
        Assert.Equal("/base/page/SignIn", answer.Place);

        SignIn();
        answer = await GetAsync("/base/connect/authorize?" + Query(("response_mode", "form_post")));
        Assert.Contains("<script src=\"/base/connect/form_post.js\">", answer.Body, StringComparison.Ordinal);
        Assert.Contains("value=\"http://localhost/base\"", answer.Body, StringComparison.Ordinal);

        answer = await PostAsync("/base/connect/endsession", []);
        Assert.Equal("/base/connect/endsession/resume", answer.Place);
        Assert.Equal("/base/page/SignOut", (await GetAsync(answer.Location!)).Place);
    }

    private static string Query(params (string Name, string? Value)[] changes) =>
        string.Join('&', Request(changes).Select(item => $"{item.Key}={Uri.EscapeDataString(item.Value)}"));

    private async Task<JsonObject> RedeemAsync(string code, string? verifier)
    {
        var form = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["grant_type"] = "authorization_code",
            ["client_id"] = Spa.ClientId,
            ["redirect_uri"] = Callback,
            ["code"] = code,
        };
        if (verifier is not null)
            form["code_verifier"] = verifier;
        var answer = await PostAsync("/connect/token", form);
        Assert.Equal(verifier == Verifier ? HttpStatusCode.OK : HttpStatusCode.BadRequest, answer.Status);
        return (JsonObject)JsonNode.Parse(answer.Body)!;
    }
}
