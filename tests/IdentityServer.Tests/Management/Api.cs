using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using IdentityServer.Core.Users;
using IdentityServer.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Management;

/// <summary>An answer of the API.</summary>
public sealed record ApiAnswer(int Status, JsonElement Body, HttpResponseMessage Response)
{
    public string? Code => Value("code");

    public string? ETag => Response.Headers.ETag?.ToString();

    public string? Value(string name) => Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty(name, out var value) ? value.ToString() : null;

    public bool HasError(string field) => Body.TryGetProperty("errors", out var errors) && errors.TryGetProperty(field, out _);
}

/// <summary>Somebody who calls the API.</summary>
public sealed class Api(HttpClient client, Guid? userId = null)
{
    public const string AllScopes = "openid account users:read users:write admin";

    public Guid UserId => userId ?? throw new InvalidOperationException("An application has no user.");

    /// <summary>A person with a token for these scopes.</summary>
    public static async Task<Api> OfAsync(Server server, string address, string scope = AllScopes)
    {
        var app = new RelyingParty(server.NewClient(), "swagger", "http://localhost:5000/swagger/oauth2-redirect.html");
        var attempt = app.Authorize(scope);
        var page = await server.SignInAsync(server.NewBrowser(), address, attempt.Url);
        var tokens = await app.RedeemAsync(page.Query("code")!, attempt.Verifier);
        return With(server, tokens.AccessToken!, Guid.Parse(RelyingParty.Payload(tokens.AccessToken!).GetProperty("sub").GetString()!));
    }

    /// <summary>An application that acts for itself.</summary>
    public static async Task<Api> OfMachineAsync(Server server, string scope = "users:read users:write admin")
    {
        var app = new RelyingParty(server.NewClient(), "machine", "", "machine-development-secret-0123456789abcdef0123456789");
        return With(server, (await app.TokenAsync(("grant_type", "client_credentials"), ("scope", scope))).AccessToken!);
    }

    public static Api Anonymous(Server server) => new(server.NewClient());

    /// <summary>Makes an account without a sign-in.</summary>
    public static async Task<Guid> UserAsync(Server server, string address)
    {
        await using var scope = server.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<UserDirectory>().PutAsync(address, "Somebody", disabled: false, phone: null, default);
        return (await scope.ServiceProvider.GetRequiredService<UserQueries>().FindIdAsync(Address.Parse(address)!, default))!.Value;
    }

    public Task<ApiAnswer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<ApiAnswer> PostAsync(string path, object? body = null) => SendAsync(HttpMethod.Post, path, body);

    public Task<ApiAnswer> PatchAsync(string path, object body, string? etag = null) => SendAsync(HttpMethod.Patch, path, body, etag);

    public Task<ApiAnswer> PutAsync(string path, object body) => SendAsync(HttpMethod.Put, path, body);

    public Task<ApiAnswer> DeleteAsync(string path, string? etag = null) => SendAsync(HttpMethod.Delete, path, body: null, etag);

    public async Task<ApiAnswer> SendAsync(HttpMethod method, string path, object? body = null, string? etag = null)
    {
        using var request = new HttpRequestMessage(method, "/api/v1" + path);
        if (body is not null)
            request.Content = body as HttpContent ?? JsonContent.Create(body);
        if (etag is not null)
            request.Headers.TryAddWithoutValidation("If-Match", etag);
        return await SendAsync(request);
    }

    public async Task<ApiAnswer> SendAsync(HttpRequestMessage request)
    {
        var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new ApiAnswer((int)response.StatusCode, text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text), response);
    }

    private static Api With(Server server, string token, Guid? userId = null)
    {
        var client = server.NewClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return new Api(client, userId);
    }
}

/// <summary>One server with a caller of each role, for tests that leave the others' accounts alone.</summary>
public class ApiServer : Xunit.IAsyncLifetime
{
    public ApiServer()
        : this([])
    {
    }

    private protected ApiServer(params (string Name, string Value)[] settings) =>
        Server = new([("Limits:StartsPerNetworkAndHour", "100000"), ("Limits:RefusedRequestsPerNetworkAndMinute", "1000000"), .. settings]);

    public Server Server { get; }

    public Api Admin { get; private set; } = null!;

    public Api User { get; private set; } = null!;

    public Api Machine { get; private set; } = null!;

    public Api Anonymous { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Admin = await Api.OfAsync(Server, "admin@example.com");
        User = await Api.OfAsync(Server, "anna@example.com");
        Machine = await Api.OfMachineAsync(Server);
        Anonymous = Api.Anonymous(Server);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

/// <summary>The same on PostgreSQL.</summary>
public sealed class ApiServerOnPostgres() : ApiServer(Server.PostgresSettings());
