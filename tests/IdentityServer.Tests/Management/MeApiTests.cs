using System.Text.Json;
using Xunit;

namespace IdentityServer.Tests.Management;

public sealed class MeApiTests(AccountApiServer server) : IClassFixture<AccountApiServer>
{
    public static TheoryData<string, string> Routes { get; } = new()
    {
        { "GET", "/me" }, { "PATCH", "/me" }, { "DELETE", "/me" }, { "GET", "/me/data" }, { "PUT", "/me/email" }, { "DELETE", "/me/email" }, { "PUT", "/me/phone" },
        { "DELETE", "/me/phone" }, { "POST", "/me/addresses/confirmation" }, { "POST", "/me/verification" }, { "POST", "/me/verification/resend" },
        { "POST", "/me/verification/check" }, { "GET", "/me/sessions" }, { "DELETE", "/me/sessions" }, { "GET", "/me/authorizations" },
        { "DELETE", "/me/authorizations/native" }, { "GET", "/me/history" }, { "POST", "/me/invitation" },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Only_a_persons_token_with_the_scope_opens(string method, string path)
    {
        var verb = HttpMethod.Parse(method);
        Assert.Equal((401, "Bearer"), await OfAsync(server.Stranger()));
        Assert.Equal(401, (await new AccountApi(server, "nonsense").SendAsync(verb, path, "{}")).Status);
        Assert.Equal(403, (await (await server.MachineAsync()).SendAsync(verb, path, "{}")).Status);

        async Task<(int, string)> OfAsync(AccountApi api)
        {
            var answer = await api.SendAsync(verb, path, "{}");
            return (answer.Status, answer.Challenge);
        }
    }

    [Fact]
    public async Task The_profile_is_edited_by_who_saw_it_last()
    {
        var person = await server.NewPersonAsync();
        var me = await person.GetAsync("/me");
        Assert.Equal(428, (await person.SendAsync(HttpMethod.Patch, "/me", new { name = "Ada" })).Status);

        var edited = await person.SendAsync(HttpMethod.Patch, "/me", """{"name":"Ada","birth_date":"1990-02-28","zone_info":"Europe/Berlin","gender":"x"}""", me.ETag);
        Assert.Equal((200, "Ada", "1990-02-28", "Europe/Berlin"), (edited.Status, edited["name"], edited["birth_date"], edited["zone_info"]));
        Assert.Equal((412, "changed_meanwhile"), await EditAsync(me.ETag!));
        var removed = await person.SendAsync(HttpMethod.Patch, "/me", """{"birth_date":null}""", edited.ETag);
        Assert.Equal((null, "x"), (removed["birth_date"], removed["gender"]));

        foreach (var (body, field) in new[] { ("""{"name":null}""", "name"), ("""{"picture":"http://a.example/"}""", "picture"), ("""{"email":"a@b.example"}""", "email"), ("""{"roles":["admin"]}""", "roles"), ("""{"name":42}""", "name") })
            Assert.Equal([field], (await person.SendAsync(HttpMethod.Patch, "/me", body, removed.ETag)).Fields);

        async Task<(int, string?)> EditAsync(string etag)
        {
            var answer = await person.SendAsync(HttpMethod.Patch, "/me", new { name = "Eve" }, etag);
            return (answer.Status, answer.Code);
        }
    }

    [Fact]
    public async Task An_address_is_changed_by_who_proved_lately_who_they_are_and_taken_back_on_the_page()
    {
        var person = await server.NewPersonAsync();
        var fresh = $"fresh-{person.Address}";
        var started = await person.SendAsync(HttpMethod.Put, "/me/email", new { address = fresh });
        Assert.Equal(202, started.Status);
        Assert.Equal(["code"], (await person.PostAsync("/me/addresses/confirmation", new { challenge = started["challenge"], code = "" })).Fields);
        var stranger = await server.NewPersonAsync();
        Assert.Equal(["challenge"], (await stranger.PostAsync("/me/addresses/confirmation", new { challenge = started["challenge"], code = await server.CodeAsync(fresh) })).Fields);
        var changed = await person.PostAsync("/me/addresses/confirmation", new { challenge = started["challenge"], code = await server.CodeAsync(fresh) });
        Assert.Equal((200, fresh), (changed.Status, changed["email"]));
        Assert.Equal("Sample native app", (await HistoryAsync(person, "address_changed")).GetProperty("application").GetString());
        Assert.Equal((409, "last_address"), ((await person.SendAsync(HttpMethod.Delete, "/me/email")).Status, (await person.SendAsync(HttpMethod.Delete, "/me/email")).Code));

        var told = (await server.MailsAsync(person.Address, 2))[0];
        var link = new Uri(told.Text.Split('\n').Single(line => line.Contains("/account/undo", StringComparison.Ordinal)));
        var browser = server.NewBrowser();
        var page = await browser.GetAsync(link.PathAndQuery);
        Assert.Equal(200, (int)page.Status);
        page = await browser.SubmitAsync(page, "Take it back");
        Assert.Contains("is back", page.Text, StringComparison.Ordinal);
        Assert.Equal(401, (await person.GetAsync("/me")).Status);
        Assert.Equal(410, (int)(await browser.GetAsync(link.PathAndQuery)).Status);
        var again = new AccountApi(server, (await server.SignInAsync(person.Address)).AccessToken);
        Assert.Equal(person.Address, (await again.GetAsync("/me"))["email"]);
    }

    [Fact]
    public async Task What_is_sensitive_asks_for_fresh_proof_or_a_code()
    {
        var person = await server.NewPersonAsync();
        server.Clock.Advance(TimeSpan.FromMinutes(6));
        foreach (var (method, path) in new[] { ("PUT", "/me/email"), ("DELETE", "/me/phone"), ("DELETE", "/me") })
        {
            var refused = await person.SendAsync(HttpMethod.Parse(method), path, method == "PUT" ? """{"address":"x@y.example"}""" : null);
            Assert.Equal((401, "insufficient_user_authentication"), (refused.Status, refused.Code));
            Assert.Contains("max_age=\"300\"", refused.Challenge, StringComparison.Ordinal);
        }

        var sent = await person.PostAsync("/me/verification", new { to = "email" });
        Assert.Equal(202, sent.Status);
        Assert.Equal(["to"], (await person.PostAsync("/me/verification", new { to = "phone" })).Fields);
        var code = await server.CodeAsync(person.Address, 2);
        Assert.Equal(["code"], (await person.SendAsync(HttpMethod.Delete, "/me", new { challenge = sent["challenge"], code = code == "111111" ? "222222" : "111111" })).Fields);
        Assert.Equal(204, (await person.SendAsync(HttpMethod.Delete, "/me", new { challenge = sent["challenge"], code })).Status);
        Assert.Equal(401, (await person.GetAsync("/me")).Status);
    }

    [Fact]
    public async Task A_code_to_the_own_address_is_checked_once()
    {
        var person = await server.NewPersonAsync();
        var sent = await person.SendAsync(HttpMethod.Post, "/me/verification");
        await server.CodeAsync(person.Address, 2); // one that is not sent yet when another is asked for never is
        server.Clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(202, (await person.PostAsync("/me/verification/resend", new { challenge = sent["challenge"] })).Status);
        Assert.Equal(["challenge"], (await person.PostAsync("/me/verification/resend", new { challenge = "nonsense" })).Fields);
        var code = await server.CodeAsync(person.Address, 3);
        var verified = await person.PostAsync("/me/verification/check", new { challenge = sent["challenge"], code });
        Assert.Equal((200, "True"), (verified.Status, verified["verified"]));
        Assert.Equal(["challenge"], (await person.PostAsync("/me/verification/check", new { challenge = sent["challenge"], code })).Fields);
    }

    [Fact]
    public async Task The_last_administrator_stays()
    {
        var admin = new AccountApi(server, (await server.SignInAsync("admin@example.com")).AccessToken);
        var refused = await admin.SendAsync(HttpMethod.Delete, "/me");
        Assert.Equal((409, "last_administrator"), (refused.Status, refused.Code));
    }

    [Fact]
    public async Task Sessions_applications_and_history_are_the_persons_own_in_parts()
    {
        var person = await server.NewPersonAsync();
        await server.SignInAsync(server.NewBrowser(), person.Address);
        await server.SignInAsync(server.NewBrowser(), person.Address);
        var list = await person.GetAsync("/me/sessions?limit=1");
        Assert.Equal(("2", "/api/v1/me/sessions?limit=1&offset=1", null), (list["count"], list["next"], list["previous"]));
        var id = list.Body.GetProperty("results")[0].GetProperty("id").GetString();
        Assert.Equal(404, (await (await server.NewPersonAsync()).SendAsync(HttpMethod.Delete, $"/me/sessions/{id}")).Status);
        Assert.Equal(204, (await person.SendAsync(HttpMethod.Delete, $"/me/sessions/{id}")).Status);
        Assert.Equal(404, (await person.SendAsync(HttpMethod.Delete, $"/me/sessions/{id}")).Status);
        Assert.Equal(204, (await person.SendAsync(HttpMethod.Delete, "/me/sessions")).Status);
        Assert.Equal("0", (await person.GetAsync("/me/sessions"))["count"]);

        var access = await person.GetAsync("/me/authorizations");
        Assert.Equal("native", access.Body.GetProperty("results")[0].GetProperty("client_id").GetString());
        Assert.Contains((await person.GetAsync("/me/history")).Body.GetProperty("results").EnumerateArray(), entry => entry.GetProperty("kind").GetString() == "signed_in");
        foreach (var (query, field) in new[] { ("limit=0", "limit"), ("limit=201", "limit"), ("offset=-1", "offset") })
            Assert.Equal([field], (await person.GetAsync($"/me/history?{query}")).Fields);
        Assert.Equal(400, (await person.GetAsync("/me/history?limit=many")).Status);

        Assert.Equal(404, (await person.SendAsync(HttpMethod.Delete, "/me/authorizations/webapp")).Status);
        Assert.Equal(204, (await person.SendAsync(HttpMethod.Delete, "/me/authorizations/native")).Status);
        Assert.Equal(401, (await person.GetAsync("/me")).Status);
    }

    [Fact]
    public async Task An_address_is_written_down_in_one_form_however_it_came_in()
    {
        var token = (await server.SignInAsync("mapped@api.example")).AccessToken!;
        using var client = server.NewClient(System.Net.IPAddress.Parse("::ffff:203.0.113.9"));
        using var request = new HttpRequestMessage(HttpMethod.Delete, "/api/v1/me/sessions");
        request.Headers.Authorization = new("Bearer", token);
        Assert.True((await client.SendAsync(request)).IsSuccessStatusCode);

        var ended = await HistoryAsync(new AccountApi(server, token), "other_sessions_ended");
        Assert.Equal(("203.0.113.9", "Sample native app"), (ended.GetProperty("ip").GetString(), ended.GetProperty("application").GetString()));
    }

    [Fact]
    public async Task An_invitation_is_named_once_and_both_see_it_masked()
    {
        var (host, guest) = (await server.NewPersonAsync(), await server.NewPersonAsync());
        var code = (await host.GetAsync("/me")).Body.GetProperty("invitation").GetProperty("code").GetString()!;
        var own = (await guest.GetAsync("/me")).Body.GetProperty("invitation").GetProperty("code").GetString()!;
        foreach (var wrong in new[] { own, "AAAAAA", "", "nonsense" })
            Assert.Equal((400, "code"), await UseAsync(wrong));

        var used = await guest.PostAsync("/me/invitation", new { code });
        Assert.Equal((200, code), (used.Status, used["used_code"]));
        Assert.Equal((400, "code"), await UseAsync(code));
        var invited = (await host.GetAsync("/me")).Body.GetProperty("invitation").GetProperty("invited")[0];
        Assert.Equal("p•••@a•••.example", invited.GetProperty("email").GetString());

        async Task<(int, string)> UseAsync(string typed)
        {
            var answer = await guest.PostAsync("/me/invitation", new { code = typed });
            return (answer.Status, answer.Fields.Single());
        }
    }

    [Fact]
    public async Task All_ones_data_is_downloaded_without_secrets()
    {
        var person = await server.NewPersonAsync();
        await server.SignInAsync(server.NewBrowser(), person.Address);
        var data = await person.GetAsync("/me/data");
        Assert.Equal(person.Address, data.Body.GetProperty("profile").GetProperty("email").GetString());
        foreach (var part in new[] { "sessions", "authorizations", "history" })
            Assert.NotEqual(0, data.Body.GetProperty(part).GetArrayLength());
        Assert.Equal(JsonValueKind.Object, data.Body.GetProperty("invitation").ValueKind);
        Assert.DoesNotContain("hash", data.Body.GetRawText(), StringComparison.OrdinalIgnoreCase);
    }

    private static async Task<JsonElement> HistoryAsync(AccountApi person, string kind) =>
        Assert.Single((await person.GetAsync("/me/history")).Body.GetProperty("results").EnumerateArray(), entry => entry.GetProperty("kind").GetString() == kind);
}
