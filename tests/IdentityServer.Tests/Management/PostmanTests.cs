using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.Tests.Management;

/// <summary>The collection in docs/postman runs from top to bottom against a fresh server with Development's own limits.</summary>
public sealed class PostmanTests
{
    [Fact]
    public async Task The_collection_passes_against_a_fresh_server()
    {
        await Node.RequireAsync(TestContext.Current.CancellationToken);
        await using var server = await ServerProcess.StartAsync();
        var run = await Node.RunAsync(
            "postman.mjs", new JsonObject { ["baseUrl"] = server.Address }, timeout: TimeSpan.FromMinutes(4), cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(run["failures"]!.AsArray().Count == 0, $"{run["failures"]}\n{server.Output}");
        var requests = Requests().ToList();
        Assert.True(run["requests"]!.GetValue<int>() >= requests.Count, $"{run["requests"]} of {requests.Count} requests were sent");
        Assert.True(run["assertions"]!.GetValue<int>() >= requests.Count * 2, $"{run["assertions"]} assertions");
    }

    [Fact]
    public void Every_request_has_a_name_of_its_own_a_description_and_tests_and_no_address_of_a_server()
    {
        var names = new HashSet<string?>(StringComparer.Ordinal);
        foreach (var item in Requests())
        {
            var name = item.GetProperty("name").GetString();
            Assert.True(names.Add(name), $"{name} is there twice: an inbox that is read again is found by its name");
            var request = item.GetProperty("request");
            Assert.EndsWith(".", request.GetProperty("description").GetString(), StringComparison.Ordinal);
            Assert.StartsWith("{{base_url}}/", request.GetProperty("url").GetProperty("raw").GetString(), StringComparison.Ordinal);
            Assert.Contains(item.GetProperty("event").EnumerateArray(), script =>
                script.GetProperty("listen").GetString() == "test" && script.GetProperty("script").GetProperty("exec").GetRawText().Contains("pm.test(", StringComparison.Ordinal));
        }
    }

    private static IEnumerable<JsonElement> Requests()
    {
        var collection = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Path.Combine(Repository.Root, "docs", "postman", "identityserver.postman_collection.json")));
        return collection.GetProperty("item").EnumerateArray().SelectMany(folder => folder.GetProperty("item").EnumerateArray());
    }
}
