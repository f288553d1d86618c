using System.Net.Http.Headers;
using System.Text;
using Xunit;

namespace IdentityServer.Tests.Management;

/// <summary>What programs send by mistake, and attackers on purpose, is refused and changes nothing; on SQLite and PostgreSQL.</summary>
public abstract class BadInputTests(ApiServer api)
{
    [Theory]
    [InlineData("""{"client_id":"odd","type":7}""", "type")]
    [InlineData("""{"client_id":"odd","type":"0"}""", "type")]
    [InlineData("""{"client_id":"odd","type":"public","consent":42}""", "consent")]
    [InlineData("""{"client_id":"other","type":"public","client_id":"odd"}""", "client_id")]
    [InlineData("""{"client_id":".","type":"public"}""", "client_id")]
    [InlineData("""{"client_id":"..","type":"public"}""", "client_id")]
    public async Task An_application_is_registered_as_it_was_meant_or_not_at_all(string body, string field)
    {
        var answer = await api.Machine.PostAsync("/applications", Json(body));
        Assert.Equal(400, answer.Status);
        Assert.True(answer.HasError(field), answer.Body.ToString());
        Assert.DoesNotContain(
            (await api.Machine.GetAsync("/applications?limit=200")).Body.GetProperty("results").EnumerateArray(),
            application => application.GetProperty("client_id").GetString() is "odd" or "other" or "." or "..");
    }

    [Theory]
    [InlineData("/applications", "client_id", "type")]
    [InlineData("/scopes", "name")]
    public async Task What_must_be_given_is_named(string path, params string[] fields)
    {
        var answer = await api.Machine.PostAsync(path, new { });
        Assert.Equal((400, "invalid_fields"), (answer.Status, answer.Code));
        Assert.All(fields, field => Assert.True(answer.HasError(field)));
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    public async Task A_scope_that_no_address_could_name_is_not_made(string name) =>
        Assert.True((await api.Machine.PostAsync("/scopes", new { name })).HasError("name"));

    [Theory]
    [InlineData("/users?search=%00")]
    [InlineData("/users?role=a%00")]
    [InlineData("/messages?provider=%00")]
    [InlineData("/audit-events?ip=%00")]
    [InlineData("/applications?search=%00")]
    public async Task Who_looks_for_what_no_text_holds_finds_nothing(string path)
    {
        var answer = await api.Machine.GetAsync(path);
        Assert.Equal((200, "0"), (answer.Status, answer.Value("count")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("[[[[")]
    public async Task What_is_no_object_is_refused_without_the_names_of_types(string body)
    {
        var answer = await api.Anonymous.PostAsync("/users", Json(body));
        Assert.Equal((400, "invalid_request"), (answer.Status, answer.Code));
        Assert.DoesNotContain("Request ", answer.Value("detail"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense", 415)]
    [InlineData("utf-16", 415)]
    [InlineData("iso-8859-1", 415)]
    [InlineData("UTF-8", 202)]
    [InlineData("\"utf-8\"", 202)]
    public async Task JSON_comes_in_UTF_8(string charset, int status)
    {
        var content = Json($$"""{"email":"charset-{{charset.Length}}@example.com"}""");
        content.Headers.Remove("Content-Type");
        content.Headers.TryAddWithoutValidation("Content-Type", $"application/json; charset={charset}");
        Assert.Equal(status, (await api.Anonymous.PostAsync("/users", content)).Status);
    }

    [Fact]
    public async Task The_last_part_of_a_list_has_none_after_it_however_far_it_is()
    {
        var answer = await api.Machine.GetAsync("/users?offset=2147483647");
        Assert.Equal((200, ""), (answer.Status, answer.Value("next")));
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    public sealed class OnSqlite(ApiServer api) : BadInputTests(api), IClassFixture<ApiServer>;

    public sealed class OnPostgres(ApiServerOnPostgres api) : BadInputTests(api), IClassFixture<ApiServerOnPostgres>;
}
