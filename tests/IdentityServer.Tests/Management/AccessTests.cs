using Xunit;

namespace IdentityServer.Tests.Management;

/// <summary>Who may call which route for administrators.</summary>
public sealed class AccessTests(ApiServer api) : IClassFixture<ApiServer>
{
    private const string Nobody = "00000000-0000-0000-0000-000000000000";

    public static TheoryData<string, string> Routes() => new()
    {
        { "GET", "/users" },
        { "POST", $"/users/{Nobody}/disable" },
        { "POST", $"/users/{Nobody}/enable" },
        { "POST", $"/users/{Nobody}/code" },
        { "DELETE", $"/users/{Nobody}" },
        { "DELETE", $"/users/{Nobody}/sessions" },
        { "DELETE", $"/users/{Nobody}/tokens" },
        { "PUT", $"/users/{Nobody}/roles" },
        { "GET", $"/users/{Nobody}/timeline" },
        { "GET", "/timeline?address=nobody@example.com" },
        { "GET", "/applications" },
        { "POST", "/applications" },
        { "GET", "/applications/none" },
        { "PATCH", "/applications/none" },
        { "DELETE", "/applications/none" },
        { "POST", "/applications/none/secrets" },
        { "DELETE", $"/applications/none/secrets/{Nobody}" },
        { "GET", "/scopes" },
        { "POST", "/scopes" },
        { "GET", "/scopes/none" },
        { "PATCH", "/scopes/none" },
        { "DELETE", "/scopes/none" },
        { "GET", "/authorizations" },
        { "GET", $"/authorizations/{Nobody}" },
        { "DELETE", $"/authorizations/{Nobody}" },
        { "GET", "/sessions" },
        { "GET", $"/sessions/{Nobody}" },
        { "DELETE", $"/sessions/{Nobody}" },
        { "GET", "/messages" },
        { "GET", $"/messages/{Nobody}" },
        { "POST", $"/messages/{Nobody}/retry" },
        { "GET", "/signing-keys" },
        { "POST", "/signing-keys/rotate" },
        { "GET", "/audit-events" },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task A_route_for_administrators_is_closed_to_everybody_else(string method, string path)
    {
        var anonymous = await api.Anonymous.SendAsync(new HttpMethod(method), path, new { });
        Assert.Equal((401, "no_token"), (anonymous.Status, anonymous.Code));
        Assert.Equal("Bearer", anonymous.Response.Headers.WwwAuthenticate.ToString());

        var user = await api.User.SendAsync(new HttpMethod(method), path, new { });
        Assert.Equal((403, "not_admin"), (user.Status, user.Code));
        Assert.Equal("application/problem+json", user.Response.Content.Headers.ContentType?.MediaType);
        Assert.Contains("no-store", user.Response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);

        // What it may do without a body it does: neither is refused for who calls.
        Assert.DoesNotContain((await api.Machine.SendAsync(new HttpMethod(method), path, path.EndsWith("rotate", StringComparison.Ordinal) ? new { nonsense = 1 } : new { })).Status, new[] { 401, 403 });
    }

    [Fact]
    public async Task A_scope_is_asked_of_administrators_too()
    {
        var own = await Api.OfAsync(api.Server, "admin@example.com", "openid account");
        Assert.Equal((403, "insufficient_scope"), await AnswerAsync(own, "/applications"));
        Assert.Equal((403, "insufficient_scope"), await AnswerAsync(own, "/users"));
        var reads = await Api.OfMachineAsync(api.Server, "users:read");
        Assert.Equal(200, (await reads.GetAsync("/users")).Status);
        Assert.Equal((403, "insufficient_scope"), await AnswerAsync(reads, "/sessions"));
        Assert.Equal(403, (await reads.DeleteAsync($"/users/{Nobody}")).Status);
    }

    [Fact]
    public async Task Who_may_write_users_makes_no_administrators()
    {
        var writes = await Api.OfMachineAsync(api.Server, "users:read users:write");
        var user = await Api.UserAsync(api.Server, "ambitious@example.com");
        var answer = await writes.PutAsync($"/users/{user}/roles", new { roles = new[] { "admin" } });
        Assert.Equal((403, "insufficient_scope"), (answer.Status, answer.Code));
        Assert.Contains("scope=\"admin\"", answer.Response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Assert.Equal("[]", (await writes.GetAsync($"/users/{user}")).Value("roles"));
    }

    [Fact]
    public async Task The_owner_reads_and_edits_under_the_same_address_and_nobody_elses_user_is_there()
    {
        var other = await Api.UserAsync(api.Server, "other@example.com");
        Assert.Equal("anna@example.com", (await api.User.GetAsync($"/users/{api.User.UserId}")).Value("email"));
        Assert.Equal("Anni", (await api.User.PatchAsync($"/users/{api.User.UserId}", new { given_name = "Anni" })).Value("given_name"));
        Assert.Equal(404, (await api.User.GetAsync($"/users/{other}")).Status);
        Assert.Equal(404, (await api.User.PatchAsync($"/users/{other}", new { given_name = "X" })).Status);
        Assert.Equal(401, (await api.Anonymous.GetAsync($"/users/{other}")).Status);
        Assert.Equal("other@example.com", (await api.Admin.GetAsync($"/users/{other}")).Value("email"));
        Assert.Equal("X", (await api.Machine.PatchAsync($"/users/{other}", new { given_name = "X" })).Value("given_name"));
        Assert.Equal(404, (await api.Admin.GetAsync($"/users/{Nobody}")).Status);
    }

    [Fact]
    public async Task What_is_not_there_is_a_problem_in_JSON_too()
    {
        foreach (var (method, path, status) in new[] { ("GET", "/nothing", 404), ("GET", "/users/not-an-id", 404), ("PUT", "/users", 405), ("POST", "/applications/x", 405) })
        {
            var answer = await api.Admin.SendAsync(new HttpMethod(method), path);
            Assert.Equal(status, answer.Status);
            Assert.NotNull(answer.Code);
        }
    }

    private static async Task<(int, string?)> AnswerAsync(Api caller, string path)
    {
        var answer = await caller.GetAsync(path);
        return (answer.Status, answer.Code);
    }
}
