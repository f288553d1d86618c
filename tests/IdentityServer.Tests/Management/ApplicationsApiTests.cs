using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.Tests.Management;

/// <summary>Applications and scopes for administrators, on SQLite and PostgreSQL.</summary>
public abstract class ApplicationsApiTests(Server server) : IAsyncDisposable
{
    private static readonly object Shop = new
    {
        client_id = "shop",
        type = "public",
        display_name = "Shop",
        redirect_uris = new[] { "https://shop.example/callback" },
        grant_types = new[] { "authorization_code", "refresh_token" },
        scopes = new[] { "openid", "profile" },
    };

    [Fact]
    public async Task An_application_is_added_changed_and_removed_and_works_at_once()
    {
        var machine = await Api.OfMachineAsync(server);

        var added = await machine.PostAsync("/applications", Shop);
        Assert.Equal(201, added.Status);
        Assert.Equal("/api/v1/applications/shop", added.Response.Headers.Location!.ToString());
        Assert.False(added.Body.TryGetProperty("secret", out var secret) && secret.ValueKind != System.Text.Json.JsonValueKind.Null);
        var shop = new RelyingParty(server.NewClient(), "shop", "https://shop.example/callback");
        Assert.Equal("/sign-in", (await server.NewBrowser().GetAsync(shop.Authorize("openid profile").Url)).Url.AbsolutePath);
        Assert.Equal((409, "conflict"), Told(await machine.PostAsync("/applications", Shop)));

        server.Clock.Advance(TimeSpan.FromSeconds(1));
        var read = await machine.GetAsync("/applications/shop");
        var changed = await machine.PatchAsync("/applications/shop", new { display_name = "The shop", access_token_lifetime = 60 }, read.ETag);
        Assert.Equal(("The shop", "60"), (changed.Value("display_name"), changed.Value("access_token_lifetime")));
        Assert.NotEqual(read.ETag, changed.ETag);
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(412, (await machine.DeleteAsync("/applications/shop", read.ETag)).Status);
        Assert.Equal(204, (await machine.DeleteAsync("/applications/shop", changed.ETag)).Status);
        Assert.Equal(404, (await machine.GetAsync("/applications/shop")).Status);
        Assert.Equal(["removed", "changed", "added"], (await machine.GetAsync("/audit-events?kind=application_changed")).Body.GetProperty("results").EnumerateArray()
            .Select(entry => entry.GetProperty("facts").GetProperty("change").GetString()));
    }

    [Theory]
    [InlineData("http://shop.example/callback")]
    [InlineData("https://shop.example/callback#part")]
    [InlineData("https://*.shop.example/callback")]
    [InlineData("https://user:pass@shop.example/callback")]
    [InlineData("https://shop.example/a/../callback")]
    [InlineData("https://shop.example/%2e%2e/callback")]
    [InlineData("javascript:alert(1)")]
    [InlineData("data:text/html,x")]
    [InlineData("com.example.shop:/callback")]
    [InlineData("/callback")]
    [InlineData("")]
    [InlineData("https://shöp.example/callback")]
    [InlineData("https://shop.example/call back")]
    [InlineData("http://localhost.evil.example/callback")]
    public async Task A_redirect_URI_that_would_not_be_safe_is_refused(string uri)
    {
        var machine = await Api.OfMachineAsync(server);
        foreach (var field in new[] { "redirect_uris", "post_logout_redirect_uris" })
        {
            await machine.PostAsync("/applications", Shop);
            var answer = await machine.PatchAsync("/applications/shop", new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [uri] });
            Assert.Equal((400, "invalid_fields"), Told(answer));
            Assert.True(answer.HasError(field), answer.Body.ToString());
        }

        Assert.Equal("https://shop.example/callback", (await machine.GetAsync("/applications/shop")).Body.GetProperty("redirect_uris")[0].GetString());
    }

    [Fact]
    public async Task Whatever_else_is_wrong_is_told_by_field()
    {
        var machine = await Api.OfMachineAsync(server);
        foreach (var (body, field) in new (object, string)[]
        {
            (new { client_id = "a b", type = "public" }, "client_id"),
            (new { client_id = "a", type = "public", display_name = "\u0000" }, "display_name"),
            (new { client_id = "a", type = "public", scopes = new[] { "nonsense" } }, "scopes"),
            (new { client_id = "a", type = "public", grant_types = new[] { "password" } }, "grant_types"),
            (new { client_id = "a", type = "public", grant_types = new[] { "client_credentials" } }, "grant_types"),
            (new { client_id = "a", type = "public", grant_types = new[] { "authorization_code" } }, "redirect_uris"),
            (new { client_id = "a", type = "public", origins = new[] { "https://a.example/" } }, "origins"),
            (new { client_id = "a", type = "public", require_pkce = false }, "require_pkce"),
            (new { client_id = "a", type = "public", code_lifetime = 601 }, "code_lifetime"),
            (new { client_id = "a", type = "public", id_token_algorithm = "none" }, "id_token_algorithm"),
            (new { client_id = "a", type = "secretive" }, "type"),
            (new { client_id = "a", type = "public", redirect_uri = "https://a.example/" }, "redirect_uri"),
        })
        {
            var answer = await machine.PostAsync("/applications", body);
            Assert.Equal(400, answer.Status);
            Assert.True(answer.HasError(field), $"{field}: {answer.Body}");
        }

        Assert.Equal("0", (await machine.GetAsync("/applications?search=a%20b")).Value("count"));
        Assert.Equal(404, (await machine.GetAsync("/applications/a")).Status);
    }

    [Fact]
    public async Task Secrets_are_shown_once_and_replaced_without_a_break()
    {
        var machine = await Api.OfMachineAsync(server);
        var added = await machine.PostAsync("/applications", new { client_id = "job", type = "confidential", grant_types = new[] { "client_credentials" }, scopes = new[] { "notes" } });
        var first = added.Body.GetProperty("secret");
        Assert.Equal(200, await TokenAsync(first));
        Assert.DoesNotContain(first.GetProperty("client_secret").GetString()!, (await machine.GetAsync("/applications/job")).Body.ToString(), StringComparison.Ordinal);
        Assert.Equal((409, "conflict"), Told(await machine.DeleteAsync($"/applications/job/secrets/{first.GetProperty("id").GetString()}")));

        var second = await machine.PostAsync("/applications/job/secrets", new { expires_at = server.Clock.Now.AddDays(1) });
        Assert.Equal(201, second.Status);
        Assert.Equal((200, 200), (await TokenAsync(first), await TokenAsync(second.Body)));
        Assert.Equal(204, (await machine.DeleteAsync($"/applications/job/secrets/{first.GetProperty("id").GetString()}")).Status);
        Assert.Equal((401, 200), (await TokenAsync(first), await TokenAsync(second.Body)));
        Assert.Equal(400, (await machine.PostAsync("/applications/job/secrets", new { expires_at = server.Clock.Now.AddDays(-1) })).Status);
        server.Clock.Advance(TimeSpan.FromDays(2));
        Assert.Equal(401, await TokenAsync(second.Body));

        async Task<int> TokenAsync(System.Text.Json.JsonElement secret) =>
            (await new RelyingParty(server.NewClient(), "job", "", secret.GetProperty("client_secret").GetString()).TokenAsync(("grant_type", "client_credentials"))).Status;
    }

    [Fact]
    public async Task Of_many_who_edit_what_they_read_one_wins()
    {
        var machine = await Api.OfMachineAsync(server);
        var etag = (await machine.PostAsync("/applications", Shop)).ETag;

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => machine.PatchAsync("/applications/shop", new { display_name = $"Shop {i}" }, etag)));

        Assert.Single(answers, answer => answer.Status == 200);
        Assert.Equal(7, answers.Count(answer => Told(answer) == (412, "changed_meanwhile")));
    }

    [Fact]
    public async Task What_configuration_declares_is_changed_there()
    {
        var machine = await Api.OfMachineAsync(server);
        Assert.Equal("True", (await machine.GetAsync("/applications/spa")).Value("declared"));
        Assert.Equal("True", (await machine.GetAsync("/scopes/notes")).Value("declared"));
        Assert.Equal("True", (await machine.GetAsync("/scopes/openid")).Value("built_in"));
        foreach (var answer in new[]
        {
            await machine.PatchAsync("/applications/spa", new { display_name = "X" }),
            await machine.DeleteAsync("/applications/spa"),
            await machine.PostAsync("/applications/webapp/secrets", new { }),
            await machine.PatchAsync("/scopes/notes", new { display_name = "X" }),
            await machine.DeleteAsync("/scopes/notes"),
            await machine.PatchAsync("/scopes/openid", new { claims = new[] { "email" } }),
            await machine.DeleteAsync("/scopes/users:read"),
        })
            Assert.Equal((409, "conflict"), Told(answer));
    }

    [Fact]
    public async Task A_scope_goes_only_when_nobody_may_ask_for_it()
    {
        var machine = await Api.OfMachineAsync(server);
        Assert.Equal(201, (await machine.PostAsync("/scopes", new { name = "https://api.example/orders", resources = new[] { "https://api.example" } })).Status);
        var path = "/scopes/" + Uri.EscapeDataString("https://api.example/orders");
        var read = await machine.GetAsync(path);
        Assert.Equal("https://api.example/orders", read.Value("name"));
        Assert.Equal("Orders", (await machine.PatchAsync(path, new { display_name = "Orders" }, read.ETag)).Value("display_name"));
        Assert.Equal(412, (await machine.PatchAsync(path, new { display_name = "Others" }, read.ETag)).Status);
        Assert.Equal(400, (await machine.PostAsync("/scopes", new { name = "two words" })).Status);

        await machine.PostAsync("/applications", new { client_id = "job", type = "confidential", scopes = new[] { "https://api.example/orders" } });
        Assert.Equal((409, "conflict"), Told(await machine.DeleteAsync(path)));
        await machine.DeleteAsync("/applications/job");
        Assert.Equal(204, (await machine.DeleteAsync(path)).Status);
        Assert.Equal(404, (await machine.GetAsync(path)).Status);
    }

    private static (int, string?) Told(ApiAnswer answer) => (answer.Status, answer.Code);

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    public sealed class OnSqlite() : ApplicationsApiTests(new Server());

    public sealed class OnPostgres() : ApplicationsApiTests(Server.OnPostgres());
}
