using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.Tests.Hosting;

/// <summary>Two processes on one PostgreSQL database with one master key.</summary>
public sealed class TwoInstancesTests
{
    [Fact]
    public async Task Two_instances_on_one_PostgreSQL_database_are_one_server()
    {
        if (PostgresCluster.Missing is { } reason)
            Assert.Skip(reason);
        var outside = Directory.CreateTempSubdirectory("identityserver-").FullName;
        try
        {
            var key = Path.Combine(outside, "master.key");
            await File.WriteAllTextAsync(key, Convert.ToBase64String(Enumerable.Range(1, 32).Select(i => (byte)i).ToArray()));
            (string, string)[] settings =
            [
                ("Database__Provider", "Postgres"), ("Database__ConnectionString", PostgresCluster.NewDatabase()), ("Keys__MasterKeyFile", key),
                ("Delivery__Email__File__Directory", Path.Combine(outside, "mail")), ("Server__Issuer", "http://localhost:5000"),
            ];

            // At the same moment: migrations, signing keys and declared applications meet.
            var started = await Task.WhenAll(ServerProcess.StartAsync(settings), ServerProcess.StartAsync(settings));
            await using var one = started[0];
            await using var two = started[1];
            await BeOneServerAsync(one, two);
        }
        finally
        {
            Directory.Delete(outside, recursive: true);
        }
    }

    private static async Task BeOneServerAsync(ServerProcess one, ServerProcess two)
    {
        using var atOne = one.NewClient();
        using var atTwo = two.NewClient();
        Assert.Equal(await atOne.GetStringAsync("/.well-known/jwks.json"), await atTwo.GetStringAsync("/.well-known/jwks.json"));

        // Starts at one, types the code at two, comes back to one.
        var browser = one.NewBrowser();
        var (app, same) = (Spa(atOne), Spa(atTwo));
        var attempt = app.Authorize("openid offline_access");
        var page = await browser.SubmitAsync(await browser.GetAsync(attempt.Url), "Continue", ("Address", "anna@example.com"));
        var elsewhere = browser.At(two.Address);
        page = await elsewhere.GetAsync(page.Url.PathAndQuery);
        page = await elsewhere.SubmitAsync(page, "Continue", ("Code", (await one.MailAsync("anna@example.com")).Code!));
        Assert.StartsWith("http://localhost:5173/callback", page.Url.ToString(), StringComparison.Ordinal);
        Assert.Equal("/account", (await browser.GetAsync("/account")).Url.AbsolutePath);

        // Sixteen redemptions at both: one winner.
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => (i % 2 == 0 ? app : same).RedeemAsync(page.Query("code")!, attempt.Verifier)));
        Assert.Single(answers, answer => answer.Status == 200);

        // A code that its own client redeems twice ends what it bought, so the tokens come from a second sign-in.
        attempt = app.Authorize("openid offline_access");
        page = await browser.GetAsync(attempt.Url);
        var current = (await same.RedeemAsync(page.Query("code")!, attempt.Verifier)).RefreshToken!;
        for (var round = 0; round < 10; round++)
        {
            var both = await Task.WhenAll(app.RefreshAsync(current), same.RefreshAsync(current));
            Assert.All(both, answer => Assert.Equal(200, answer.Status));
            Assert.Equal(both[0].RefreshToken, both[1].RefreshToken);
            current = both[0].RefreshToken!;
        }

        // One dies in the middle: two goes on with the same session and tokens.
        await one.KillAsync();
        var refreshed = await same.RefreshAsync(current);
        Assert.Equal(200, refreshed.Status);
        Assert.Equal("/account", (await elsewhere.GetAsync("/account")).Url.AbsolutePath);

        // One comes back with another declaration, which two sees in seconds.
        var moved = new RelyingParty(atTwo, "spa", "http://localhost:5173/moved");
        Assert.Equal(400, (int)(await elsewhere.GetAsync(moved.Authorize().Url)).Status);
        await one.RestartAsync(("Applications__spa__RedirectUris__0", moved.RedirectUri));
        Assert.Equal(200, (await app.RefreshAsync(refreshed.RefreshToken!)).Status);
        page = await elsewhere.GetAsync(moved.Authorize().Url);
        for (var tries = 0; tries < 50 && page.Query("code") is null; tries++)
        {
            await Task.Delay(200);
            page = await elsewhere.GetAsync(moved.Authorize().Url);
        }

        Assert.NotNull(page.Query("code"));
    }

    private static RelyingParty Spa(HttpClient client) => new(client, "spa", "http://localhost:5173/callback");
}
