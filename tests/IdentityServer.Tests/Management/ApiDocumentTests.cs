using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Tests.Management;

/// <summary>The API's description is whole, and the API keeps to it whatever it is sent.</summary>
public sealed class ApiDocumentTests(ApiServer api) : IClassFixture<ApiServer>
{
    private static readonly string[] Methods = ["get", "post", "put", "patch", "delete"];

    // The same run each time; another seed is another run.
    private readonly Hostile hostile = new(seed: 4);

    [Fact]
    public async Task Every_route_is_described_with_a_name_a_summary_and_its_errors()
    {
        var document = await DocumentAsync();
        Assert.StartsWith("3.1", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        var described = Operations(document).Select(operation => $"{operation.Method} {operation.Path}").ToHashSet(StringComparer.Ordinal);
        var mapped = api.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.TrimStart('/').StartsWith("api/", StringComparison.Ordinal))
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods, (endpoint, method) =>
                $"{method.ToLowerInvariant()} /{endpoint.RoutePattern.RawText!.Trim('/').Replace(":guid", "", StringComparison.Ordinal)}");
        Assert.Empty(mapped.Except(described));

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (method, path, operation) in Operations(document))
        {
            Assert.True(operation.TryGetProperty("summary", out _), $"{method} {path} has no summary");
            Assert.True(operation.TryGetProperty("operationId", out var name) && names.Add(name.GetString()!), $"{method} {path} has no operationId of its own");
            var responses = operation.GetProperty("responses").EnumerateObject().ToList();
            Assert.Contains(responses, response => response.Name[0] == '2');
            Assert.Contains(responses, response => response.Name == "429");
            if (operation.TryGetProperty("requestBody", out var sent))
                AssertExample(document, sent, $"what {method} {path} is sent");
            Assert.All(responses.Where(response => response.Name[0] == '2' && response.Value.TryGetProperty("content", out _)), response => AssertExample(document, response.Value, $"what {method} {path} answers"));
            Assert.All(responses.Where(response => response.Name[0] == '4'), response => Assert.True(response.Value.GetProperty("content").TryGetProperty("application/problem+json", out _)));
        }
    }

    [Fact]
    public async Task Strangers_may_register_and_administrators_may_add_a_token()
    {
        var security = (await DocumentAsync()).GetProperty("paths").GetProperty("/api/v1/users").GetProperty("post").GetProperty("security");
        Assert.Equal(["{}", "oauth2"], security.EnumerateArray().Select(one => one.EnumerateObject().Select(scheme => scheme.Name).FirstOrDefault("{}")));
    }

    [Fact]
    public async Task References_in_the_description_lead_somewhere()
    {
        var document = await DocumentAsync();
        var text = document.GetRawText();
        foreach (var part in text.Split("\"$ref\": \"#/").Skip(1).Concat(text.Split("\"$ref\":\"#/").Skip(1)).Select(rest => rest[..rest.IndexOf('"', StringComparison.Ordinal)]).Distinct(StringComparer.Ordinal))
        {
            var at = document;
            foreach (var step in part.Split('/'))
                Assert.True(at.TryGetProperty(step.Replace("~1", "/", StringComparison.Ordinal), out at), part);
        }

        var flow = document.GetProperty("components").GetProperty("securitySchemes").GetProperty("oauth2").GetProperty("flows").GetProperty("authorizationCode");
        Assert.Equal("https://localhost/connect/authorize", flow.GetProperty("authorizationUrl").GetString());
        Assert.True(flow.GetProperty("scopes").TryGetProperty("users:write", out _));
    }

    [Fact]
    public async Task Whatever_is_sent_the_answer_is_one_of_those_described()
    {
        var document = await DocumentAsync();
        var schemas = new Described(document);
        var (wrong, closed) = (new List<string>(), new HashSet<string>(StringComparer.Ordinal));
        closed.UnionWith(Operations(document).Select(operation => $"{operation.Method} {operation.Path}"));
        foreach (var (caller, isAllowed) in new[] { (api.Anonymous, false), (api.User, false), (api.Admin, true), (api.Machine, true) })
        {
            // What ends the callers' own tokens comes last.
            foreach (var (method, path, operation) in Operations(document).OrderBy(operation => operation is { Method: "delete", Path: "/api/v1/me" }))
            {
                for (var round = 0; round < (isAllowed ? 12 : 3); round++)
                {
                    using var request = hostile.Request(document, method, path, operation);
                    var sent = $"{method} {request.RequestUri} {(request.Content is null ? "" : await request.Content.ReadAsStringAsync())}";
                    var answer = await caller.SendAsync(request);
                    if (answer.Status is not (401 or 403 or 429))
                        closed.Remove($"{method} {path}");
                    if (Problem(schemas, operation, answer) is { } problem)
                        wrong.Add($"{(sent.Length > 300 ? sent[..300] : sent)}: {problem}");
                }
            }
        }

        Assert.Empty(closed);
        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Distinct(StringComparer.Ordinal).Take(30)));
    }

    [Fact]
    public async Task Methods_that_are_not_described_are_refused()
    {
        var document = await DocumentAsync();
        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (var method in Methods.Append("nonsense").Where(method => !path.Value.TryGetProperty(method, out _)))
            {
                var answer = await api.Admin.SendAsync(new HttpMethod(method.ToUpperInvariant()), path.Name["/api/v1".Length..].Replace("{id}", Guid.Empty.ToString(), StringComparison.Ordinal).Replace("{secretId}", Guid.Empty.ToString(), StringComparison.Ordinal));
                Assert.True(answer.Status is 404 or 405, $"{method} {path.Name}: {answer.Status}");
                Assert.NotNull(answer.Code);
            }
        }
    }

    [Fact]
    public async Task The_pages_that_show_it_load_nothing_from_elsewhere()
    {
        using var client = api.Server.NewClient();
        foreach (var page in new[] { "/swagger/index.html", "/redoc/index.html" })
        {
            using var answer = await client.GetAsync(page);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.DoesNotContain("http", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith("default-src 'none'; script-src 'self';", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
        }

        await using var off = new Server(("ApiDocs:Enabled", "false"));
        using var other = off.NewClient();
        foreach (var path in new[] { "/openapi/v1.json", "/swagger/index.html", "/redoc/index.html", "/swagger/swagger-ui-bundle.js" })
            Assert.Equal(HttpStatusCode.NotFound, (await other.GetAsync(path)).StatusCode);
    }

    [Fact]
    public async Task Filters_take_the_values_that_answers_have_and_refuse_others_by_name()
    {
        foreach (var query in new[] { "/messages?status=sent&channel=email", "/audit-events?kind=signed_in" })
            Assert.NotEqual("0", (await api.Admin.GetAsync(query)).Value("count"));
        Assert.Equal("signed_in", (await api.Admin.GetAsync("/audit-events?kind=signed_in")).Body.GetProperty("results")[0].GetProperty("kind").GetString());
        foreach (var (query, field) in new[] { ("/messages?status=Sent", "status"), ("/messages?channel=0", "channel"), ("/audit-events?kind=nonsense", "kind"), ("/audit-events?user_id=1", "user_id"), ("/users?limit=many", "limit") })
        {
            var refused = await api.Admin.GetAsync(query);
            Assert.True(refused.Status == 400 && refused.HasError(field), $"{query}: {refused.Body}");
        }
    }

    [Theory]
    [InlineData("""{"a":1,"b":null}""", null)]
    [InlineData("""{"a":1,"b":"x"}""", null)]
    [InlineData("""{"b":"x"}""", "lacks a")]
    [InlineData("""{"a":1.5}""", "$.a is number")]
    [InlineData("""{"a":1,"b":"z"}""", "fits no choice")]
    [InlineData("""{"a":1,"c":1}""", "$.c is not described")]
    [InlineData("""[]""", "$ is array")]
    public void Answers_outside_the_description_are_noticed(string answer, string? problem)
    {
        var document = JsonSerializer.Deserialize<JsonElement>("""
            {"components":{"schemas":{"Ab":{"type":"object","required":["a"],"properties":{"a":{"type":"integer"},"b":{"oneOf":[{"type":"null"},{"enum":["x","y"]}]}}}}}}
            """);
        var found = new Described(document).Problem(JsonSerializer.Deserialize<JsonElement>(answer), JsonSerializer.Deserialize<JsonElement>("""{"$ref":"#/components/schemas/Ab"}"""));
        Assert.True(problem is null ? found is null : found?.Contains(problem, StringComparison.Ordinal) == true, found);
    }

    private static void AssertExample(JsonElement document, JsonElement body, string name)
    {
        var schema = body.GetProperty("content").GetProperty("application/json").GetProperty("schema");
        if (ExampleOf(document, schema) is not { } example)
        {
            // A row of a list has it, when the list is no schema of its own.
            Assert.True(schema.TryGetProperty("items", out var items) && ExampleOf(document, items) is not null, $"There is no example of {name}.");
            return;
        }

        Assert.Null(new Described(document).Problem(example, schema, name));
    }

    private static JsonElement? ExampleOf(JsonElement document, JsonElement schema) =>
        schema.TryGetProperty("examples", out var examples) ? examples[0]
        : schema.TryGetProperty("oneOf", out var choices) ? choices.EnumerateArray().Select(choice => ExampleOf(document, choice)).FirstOrDefault(example => example is not null)
        : schema.TryGetProperty("$ref", out var reference) ? ExampleOf(document, document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]))
        : null;

    private static string? Problem(Described schemas, JsonElement operation, ApiAnswer answer)
    {
        if (answer.Status >= 500)
            return $"{answer.Status}";
        if (!operation.GetProperty("responses").TryGetProperty($"{answer.Status}", out var described))
            return $"{answer.Status} is not described";

        var media = answer.Response.Content.Headers.ContentType?.MediaType;
        if (!described.TryGetProperty("content", out var contents))
            return media is null ? null : $"{answer.Status} has a body";
        return media is not null && contents.TryGetProperty(media, out var content)
            ? schemas.Problem(answer.Body, content.GetProperty("schema")) is { } problem ? $"{answer.Status}: {problem}" : null
            : $"{answer.Status} is {media ?? "empty"}";
    }

    private static IEnumerable<(string Method, string Path, JsonElement Operation)> Operations(JsonElement document) =>
        from path in document.GetProperty("paths").EnumerateObject()
        from method in path.Value.EnumerateObject()
        where Methods.Contains(method.Name)
        select (method.Name, path.Name, method.Value);

    private async Task<JsonElement> DocumentAsync()
    {
        using var client = api.Server.NewClient();
        return JsonSerializer.Deserialize<JsonElement>(await client.GetStringAsync("/openapi/v1.json"));
    }
}
