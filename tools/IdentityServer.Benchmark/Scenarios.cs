using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using IdentityServer.Testing;

namespace IdentityServer.Benchmark;

/// <summary>What is asked of the server, and what of the bare one beside it; a request each, for every connection.</summary>
internal sealed record Scenario(string Name, IReadOnlyList<Func<Task>> OfBare, IReadOnlyList<Func<Task>> OfServer);

/// <summary>The requests that servers of this kind answer all day.</summary>
internal static class Scenarios
{
    private const string Otp = "urn:identityserver:params:oauth:grant-type:otp";

    private static readonly AuthenticationHeaderValue Machine =
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("machine:machine-development-secret-0123456789abcdef0123456789")));

    public static async Task<IReadOnlyList<Scenario>> AllAsync(Uri bare, ServerProcess server, int connections)
    {
        var home = new Uri(server.Address);
        var people = new List<TokenAnswer>();
        for (var number = 0; number < connections; number++)
            people.Add(await SignInAsync(server, number));

        IReadOnlyList<Func<Task>> Each(Func<int, Func<Task>> connection) => [.. Enumerable.Range(0, connections).Select(connection)];
        HttpClient Client(Uri address) => new(new SocketsHttpHandler { MaxConnectionsPerServer = 1 }) { BaseAddress = address };
        IReadOnlyList<Func<Task>> Get(Uri address, Func<int, string> path, Func<int, string?> token) => Each(number =>
        {
            var client = Client(address);
            client.DefaultRequestHeaders.Authorization = token(number) is { } bearer ? new("Bearer", bearer) : null;
            return () => AnswerAsync(client, new(HttpMethod.Get, path(number)));
        });
        IReadOnlyList<Func<Task>> Post(Uri address, string path, Func<int, string> form, bool isMachine = false) => Each(number =>
        {
            var (client, body) = (Client(address), form(number));
            client.DefaultRequestHeaders.Authorization = isMachine ? Machine : null;
            return () => AnswerAsync(client, new(HttpMethod.Post, path) { Content = Form(body) });
        });
        IReadOnlyList<Func<Task>> Refresh(Uri address, string path, Func<int, string> form, Func<int, string> first) => Each(number =>
        {
            var (client, token) = (Client(address), first(number));
            return async () => token = (await AnswerAsync(client, new(HttpMethod.Post, path) { Content = Form(form(number) + token) })).GetProperty("refresh_token").GetString()!;
        });

        return
        [
            new(
                "refresh (a transaction, a key)",
                Refresh(bare, "/refresh", number => $"id={number + 1}&generation=", _ => "0"),
                Refresh(home, "/connect/token", _ => "grant_type=refresh_token&client_id=native&refresh_token=", number => people[number].RefreshToken!)),
            new("client credentials (a key)", Post(bare, "/sign", _ => ""), Post(home, "/connect/token", _ => "grant_type=client_credentials&scope=admin", isMachine: true)),
            new(
                "userinfo (a read)",
                Get(bare, number => string.Create(CultureInfo.InvariantCulture, $"/read?id={number + 1}"), _ => null),
                Get(home, _ => "/connect/userinfo", number => people[number].AccessToken)),
            new(
                "introspection (a read)",
                Get(bare, number => string.Create(CultureInfo.InvariantCulture, $"/read?id={number + 1}"), _ => null),
                Post(home, "/connect/introspect", number => $"token={people[number].AccessToken}", isMachine: true)),
            new("discovery (nothing)", Get(bare, _ => "/nothing", _ => null), Get(home, _ => "/.well-known/openid-configuration", _ => null)),
            new("keys (nothing)", Get(bare, _ => "/nothing", _ => null), Get(home, _ => "/.well-known/jwks.json", _ => null)),
        ];
    }

    private static async Task<TokenAnswer> SignInAsync(ServerProcess server, int number)
    {
        using var client = server.NewClient();
        var app = new RelyingParty(client, "native", "");
        var address = $"person-{number}@benchmark.example";
        var started = await app.PostAsync("/connect/otp", ("address", address), ("scope", "openid profile email offline_access"));
        var mail = await server.MailAsync(address);
        return await app.TokenAsync(("grant_type", Otp), ("challenge", started.Value("challenge")!), ("otp", mail.Code!), ("name", "Person"));
    }

    private static StringContent Form(string body) => new(body, new MediaTypeHeaderValue("application/x-www-form-urlencoded"));

    private static async Task<JsonElement> AnswerAsync(HttpClient client, HttpRequestMessage request)
    {
        using (request)
        using (var response = await client.SendAsync(request))
        {
            var body = await response.Content.ReadAsByteArrayAsync();
            return response.IsSuccessStatusCode
                ? JsonSerializer.Deserialize<JsonElement>(body)
                : throw new InvalidOperationException($"{request.RequestUri?.AbsolutePath}: {(int)response.StatusCode} {Encoding.UTF8.GetString(body)}");
        }
    }
}
