using System.Diagnostics;
using System.Net;
using System.Text.Json;
using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.EndToEnd.Deploy;

/// <summary>The containers' arrangement, without containers.</summary>
public sealed class ArrangementTests(Arrangement arrangement) : IClassFixture<Arrangement>
{
    [Fact]
    public async Task A_sign_in_wanders_between_instances_and_goes_on_when_one_dies()
    {
        arrangement.SkipWhenMissing();
        using var client = arrangement.NewClient();
        var app = new RelyingParty(client, "spa", Arrangement.Callback);
        var browser = NewBrowser();

        // Starts on the first, types the code on the second.
        var attempt = app.Authorize("openid offline_access");
        var page = await browser.GetAsync(attempt.Url);
        await arrangement.NextGoesToAsync(0);
        page = await browser.SubmitAsync(page, "Continue", ("Address", "anna@mail.example"));
        var code = await arrangement.CodeAsync("anna@mail.example");
        await arrangement.NextGoesToAsync(1);
        page = await browser.SubmitAsync(page, "Continue", ("Code", code));
        Assert.StartsWith(Arrangement.Callback, page.Url.ToString(), StringComparison.Ordinal);
        var log = arrangement.Log();
        Assert.Equal(arrangement.Instances[0].Port, log.Last(line => line.Request == "POST /sign-in").Port);
        Assert.Equal(arrangement.Instances[1].Port, log.Last(line => line.Request == "POST /sign-in/code").Port);

        // Tokens of the one are the other's, and name nginx's address.
        await arrangement.NextGoesToAsync(0);
        var tokens = await app.RedeemAsync(page.Query("code")!, attempt.Verifier);
        Assert.Equal(arrangement.Address.GetLeftPart(UriPartial.Authority), RelyingParty.Payload(tokens.IdToken!).GetProperty("iss").GetString());
        foreach (var instance in (int[])[1, 0, 0, 1])
        {
            await arrangement.NextGoesToAsync(instance);
            tokens = await app.RefreshAsync(tokens.RefreshToken!);
            Assert.Equal(200, tokens.Status);
        }

        // The first dies: the session, the tokens and a new person's sign-in go on, without a single error.
        using (var first = Process.GetProcessById(arrangement.Instances[0].Pid))
        {
            first.Kill();
            await first.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        for (var round = 0; round < 10; round++)
        {
            tokens = await app.RefreshAsync(tokens.RefreshToken!);
            Assert.Equal(200, tokens.Status);
            Assert.Equal("/account", (await browser.GetAsync("/account")).Url.AbsolutePath);
        }

        var other = NewBrowser();
        page = await other.SubmitAsync(await other.GetAsync(app.Authorize("openid").Url), "Continue", ("Address", "bert@mail.example"));
        page = await other.SubmitAsync(page, "Continue", ("Code", await arrangement.CodeAsync("bert@mail.example")));
        Assert.NotNull(page.Query("code"));
    }

    [Fact]
    public async Task A_client_cannot_choose_its_address_and_limits_count_the_true_one()
    {
        arrangement.SkipWhenMissing();
        using var attacker = arrangement.NewClient(IPAddress.Parse("127.0.1.1"));
        using var neighbour = arrangement.NewClient(IPAddress.Parse("127.0.2.1"));

        // 60, and for each instance the 20 that it does not count.
        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < 130; i++)
            answers.Add(await GuessAsync(attacker, $"203.0.{i}.7"));

        Assert.Equal(HttpStatusCode.TooManyRequests, answers[^1]);
        Assert.InRange(answers.IndexOf(HttpStatusCode.TooManyRequests), 60, 101);
        Assert.NotEqual(HttpStatusCode.TooManyRequests, await GuessAsync(neighbour, "127.0.1.1"));
    }

    [Fact]
    public async Task Addresses_are_those_of_nginx_whatever_a_client_claims()
    {
        arrangement.SkipWhenMissing();
        using var client = arrangement.NewClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/.well-known/openid-configuration");
        foreach (var (name, value) in new[] { ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "http"), ("Forwarded", "host=evil.example;proto=http") })
            request.Headers.Add(name, value);

        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);

        var document = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(arrangement.Address.GetLeftPart(UriPartial.Authority), JsonDocument.Parse(document).RootElement.GetProperty("issuer").GetString());
        Assert.DoesNotContain("evil.example", document, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", document, StringComparison.Ordinal);

        // Cookies of https only: the instance knows that the browser came by it.
        using var page = await client.GetAsync("/sign-in", TestContext.Current.CancellationToken);
        Assert.All(page.Headers.GetValues("Set-Cookie"), cookie => Assert.Contains("secure", cookie, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Nginx_speaks_HTTP_2_sends_to_https_and_adds_no_header_twice()
    {
        arrangement.SkipWhenMissing();
        using var client = arrangement.NewClient();
        client.DefaultRequestVersion = HttpVersion.Version20;
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;

        using var page = await client.GetAsync("/sign-in", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        foreach (var header in (string[])["Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options", "Content-Security-Policy", "Referrer-Policy"])
            Assert.Single(page.Headers.GetValues(header));
        Assert.Equal("nginx", page.Headers.Server.ToString());

        using var plain = arrangement.NewClient();
        using var sent = await plain.GetAsync(new Uri(arrangement.Plain, "/account"), TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.MovedPermanently, "https"), (sent.StatusCode, sent.Headers.Location!.Scheme));

        using var large = new ByteArrayContent(new byte[300 * 1024]);
        using var refused = await plain.PostAsync("/connect/token", large, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
        Assert.Equal("Healthy", await client.GetStringAsync("/health", TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Instances_run_without_rights_in_a_folder_that_they_cannot_write_to()
    {
        arrangement.SkipWhenMissing();
        const UnixFileMode Write = UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
        string[] places = [arrangement.AppFolder, .. Directory.GetFileSystemEntries(arrangement.AppFolder, "*", SearchOption.AllDirectories)];
        Assert.All(places, place => Assert.True(!OperatingSystem.IsWindows() && (File.GetUnixFileMode(place) & Write) == UnixFileMode.None, place));

        // "Uid:" and "NoNewPrivs:" of proc(5).
        var status = File.ReadAllLines($"/proc/{arrangement.Instances[1].Pid}/status");
        Assert.NotEqual("0", status.First(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1]);
        Assert.Equal("0000000000000000", status.First(line => line.StartsWith("CapEff:", StringComparison.Ordinal)).Split('\t')[1]);
    }

    private static async Task<HttpStatusCode> GuessAsync(HttpClient client, string claimed)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/connect/token")
        {
            Content = new FormUrlEncodedContent([KeyValuePair.Create("grant_type", "refresh_token"), KeyValuePair.Create("client_id", "spa"), KeyValuePair.Create("refresh_token", "guess")]),
        };
        request.Headers.Add("X-Forwarded-For", claimed);
        using var answer = await client.SendAsync(request);
        return answer.StatusCode;
    }

    private Browser NewBrowser() => new(() => arrangement.NewHandler(), arrangement.Address);
}
