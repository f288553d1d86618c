using Xunit;

namespace IdentityServer.Tests.Management;

/// <summary>Users for administrators, on SQLite and PostgreSQL.</summary>
public abstract class UsersApiTests(Server server) : IAsyncDisposable
{
    [Fact]
    public async Task Users_are_listed_searched_sorted_and_paged()
    {
        var admin = await Api.OfAsync(server, "admin@example.com");
        for (var i = 0; i < 5; i++)
            await Api.UserAsync(server, $"list{i}@example.org");

        var first = await admin.GetAsync("/users?search=EXAMPLE.org&sort=email&limit=2");
        Assert.Equal("5", first.Value("count"));
        Assert.Equal(["list0@example.org", "list1@example.org"], Emails(first));
        Assert.Null(first.Body.GetProperty("previous").GetString());
        var second = await admin.GetAsync(first.Value("next")!["/api/v1".Length..]);
        Assert.Equal(["list2@example.org", "list3@example.org"], Emails(second));
        Assert.NotEmpty(second.Value("previous")!);
        Assert.Equal(["list4@example.org", "list3@example.org"], Emails(await admin.GetAsync("/users?search=example.org&sort=-email&limit=2")));
        Assert.Equal(["admin@example.com"], Emails(await admin.GetAsync("/users?role=admin")));
        Assert.Equal(["disabled@example.com"], Emails(await admin.GetAsync("/users?disabled=true")));
        foreach (var (query, field) in new[] { ("limit=0", "limit"), ("limit=201", "limit"), ("offset=-1", "offset"), ("sort=password", "sort") })
        {
            var wrong = await admin.GetAsync($"/users?{query}");
            Assert.Equal(400, wrong.Status);
            Assert.True(wrong.HasError(field), query);
        }
    }

    [Fact]
    public async Task A_disabled_user_is_out_at_once_and_may_come_back()
    {
        var admin = await Api.OfAsync(server, "admin@example.com");
        var anna = await Api.OfAsync(server, "anna@example.com");

        server.Clock.Advance(TimeSpan.FromSeconds(1));
        var disabled = await admin.PostAsync($"/users/{anna.UserId}/disable");

        Assert.NotNull(disabled.Value("disabled_at"));
        Assert.Equal(401, (await anna.GetAsync("/me")).Status);
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("", (await admin.PostAsync($"/users/{anna.UserId}/enable")).Value("disabled_at"));
        Assert.Equal(401, (await anna.GetAsync("/me")).Status);
        Assert.Equal(["user_enabled", "user_disabled"], await KindsAsync(admin, anna.UserId, 2));
        var entry = (await admin.GetAsync($"/audit-events?kind=user_disabled&user_id={anna.UserId}")).Body.GetProperty("results")[0];
        Assert.Equal(admin.UserId.ToString(), entry.GetProperty("facts").GetProperty("by").GetString());
        Assert.Equal("api", entry.GetProperty("facts").GetProperty("through").GetString());
    }

    [Fact]
    public async Task Sessions_and_tokens_are_ended_apart()
    {
        var admin = await Api.OfAsync(server, "admin@example.com");
        var anna = await Api.OfAsync(server, "anna@example.com");
        Assert.Equal(204, (await admin.DeleteAsync($"/users/{anna.UserId}/tokens")).Status);
        Assert.Equal(401, (await anna.GetAsync("/me")).Status);
        Assert.Equal("1", (await admin.GetAsync($"/sessions?user_id={anna.UserId}&active=true")).Value("count"));

        Assert.Equal(204, (await admin.DeleteAsync($"/users/{anna.UserId}/sessions")).Status);
        Assert.Equal("0", (await admin.GetAsync($"/sessions?user_id={anna.UserId}&active=true")).Value("count"));
    }

    [Fact]
    public async Task Neither_oneself_nor_the_last_administrator_can_be_taken_away()
    {
        var (admin, machine) = (await Api.OfAsync(server, "admin@example.com"), await Api.OfMachineAsync(server));
        foreach (var (caller, code) in new[] { (admin, "oneself"), (machine, "last_administrator") })
        {
            Assert.Equal((409, code), Told(await caller.PostAsync($"/users/{admin.UserId}/disable")));
            Assert.Equal((409, code), Told(await caller.DeleteAsync($"/users/{admin.UserId}")));
            Assert.Equal((409, code), Told(await caller.PutAsync($"/users/{admin.UserId}/roles", new { roles = Array.Empty<string>() })));
        }

        Assert.Equal(400, (await admin.PutAsync($"/users/{admin.UserId}/roles", new { roles = new[] { "king" } })).Status);
        Assert.Equal(200, (await admin.GetAsync("/me")).Status);
    }

    [Fact]
    public async Task Of_two_last_administrators_taken_away_at_once_one_stays()
    {
        var machine = await Api.OfMachineAsync(server);
        for (var round = 0; round < 5; round++)
        {
            var second = await Api.UserAsync(server, $"second{round}@example.com");
            Assert.Equal(200, (await machine.PutAsync($"/users/{second}/roles", new { roles = new[] { "admin" } })).Status);
            var admins = (await machine.GetAsync("/users?role=admin&disabled=false")).Body.GetProperty("results").EnumerateArray().Select(user => user.GetProperty("id").GetGuid()).ToList();
            Assert.Equal(2, admins.Count);

            var answers = await Task.WhenAll(
                machine.PutAsync($"/users/{admins[0]}/roles", new { roles = Array.Empty<string>() }),
                round % 2 == 0 ? machine.PostAsync($"/users/{admins[1]}/disable") : machine.DeleteAsync($"/users/{admins[1]}"));

            Assert.Single(answers, answer => answer.Status is 200 or 204);
            Assert.Single(answers, answer => Told(answer) == (409, "last_administrator"));
        }
    }

    [Fact]
    public async Task Of_many_who_edit_what_they_read_one_wins()
    {
        var machine = await Api.OfMachineAsync(server);
        var id = await Api.UserAsync(server, "edited@example.com");
        var etag = (await machine.GetAsync($"/users/{id}")).ETag;

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => machine.PatchAsync($"/users/{id}", new { family_name = $"Name{i}" }, etag)));

        Assert.Single(answers, answer => answer.Status == 200);
        Assert.Equal(7, answers.Count(answer => Told(answer) == (412, "changed_meanwhile")));
        Assert.Equal(400, (await machine.PatchAsync($"/users/{id}", new { zone_info = "Moon/Base" })).Status);
        Assert.Equal(400, (await machine.PatchAsync($"/users/{id}", new { email = "stolen@example.com" })).Status);
    }

    [Fact]
    public async Task A_deleted_user_is_gone_and_the_log_keeps_the_id_alone()
    {
        var machine = await Api.OfMachineAsync(server);
        var id = await Api.UserAsync(server, "gone@example.com");
        Assert.Equal(204, (await machine.DeleteAsync($"/users/{id}")).Status);
        Assert.Equal(404, (await machine.DeleteAsync($"/users/{id}")).Status);
        Assert.Equal(404, (await machine.GetAsync($"/users/{id}")).Status);
        var log = await machine.GetAsync($"/audit-events?user_id={id}&kind=user_deleted");
        Assert.Equal("1", log.Value("count"));
        Assert.DoesNotContain("gone@", log.Body.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_goes_to_who_is_to_sign_in_within_the_limits()
    {
        var machine = await Api.OfMachineAsync(server);
        var id = await Api.UserAsync(server, "nudged@example.com");
        Assert.Equal(204, (await machine.PostAsync($"/users/{id}/code")).Status);
        Assert.Null((await server.MailsAsync("nudged@example.com"))[0].Code);
        var again = await machine.PostAsync($"/users/{id}/code");
        Assert.Equal(429, again.Status);
        Assert.True(again.Response.Headers.RetryAfter?.Delta > TimeSpan.Zero);
    }

    private static (int, string?) Told(ApiAnswer answer) => (answer.Status, answer.Code);

    private static IEnumerable<string?> Emails(ApiAnswer answer) => answer.Body.GetProperty("results").EnumerateArray().Select(user => user.GetProperty("email").GetString());

    private static async Task<IEnumerable<string?>> KindsAsync(Api admin, Guid userId, int count) =>
        (await admin.GetAsync($"/audit-events?user_id={userId}&limit={count}")).Body.GetProperty("results").EnumerateArray().Select(entry => entry.GetProperty("kind").GetString());

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    public sealed class OnSqlite() : UsersApiTests(new Server());

    public sealed class OnPostgres() : UsersApiTests(Server.OnPostgres());
}
