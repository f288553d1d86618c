using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.Tests.Management;

/// <summary>A server whose limits on sign-in do not stand in the way, and the API seen through an application.</summary>
public sealed class AccountApiServer : Server
{
    private int people;

    public AccountApiServer()
        : this(settings: [])
    {
    }

    internal AccountApiServer(params (string Name, string Value)[] settings)
        : base(
        [
            ("Limits:StartsPerNetworkAndHour", "100000"),
            ("Limits:StartsPerAddressAndMinute", "100"),
            ("Limits:MessagesPerAddressAndHour", "100"),
            ("Limits:MessagesPerAddressAndDay", "100"),
            ("Limits:StartsPerAddressAndNetworkAndDay", "100"),
            .. settings,
        ])
    {
    }

    /// <summary>Nobody's token.</summary>
    public AccountApi Stranger() => new(this, token: null);

    /// <summary>A person whom no other test knows, signed in to the native app.</summary>
    public async Task<AccountApi> NewPersonAsync(string scope = "openid account offline_access")
    {
        var address = $"person-{Interlocked.Increment(ref people)}@api.example";
        return new AccountApi(this, (await SignInAsync(address, scope)).AccessToken) { Address = address };
    }

    /// <summary>Signs in with a code at the native app.</summary>
    public async Task<TokenAnswer> SignInAsync(string address, string scope = "openid account offline_access")
    {
        var known = (await MailsAsync(address, 0)).Length;
        var native = Native();
        var started = await native.PostAsync("/connect/otp", ("address", address), ("scope", scope));
        Assert.Equal(200, started.Status);
        var mail = (await MailsAsync(address, known + 1))[0];
        return await native.TokenAsync(
            ("grant_type", OneTimeCodeGrantTests.Grant), ("challenge", started.Value("challenge")!), ("otp", mail.Code!), ("name", "Somebody New"));
    }

    /// <summary>An application that acts for itself.</summary>
    public async Task<AccountApi> MachineAsync(string scope = "users:read users:write")
    {
        var machine = new RelyingParty(NewClient(), "machine", "", "machine-development-secret-0123456789abcdef0123456789");
        return new AccountApi(this, (await machine.TokenAsync(("grant_type", "client_credentials"), ("scope", scope))).AccessToken);
    }

    /// <summary>The newest code that was mailed to this address.</summary>
    public async Task<string> CodeAsync(string address, int atLeast = 1) => (await MailsAsync(address, atLeast))[0].Code!;
}

/// <summary>The API with one token.</summary>
public sealed class AccountApi(AccountApiServer server, string? token)
{
    public string Address { get; init; } = "";

    public Task<AccountAnswer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<AccountAnswer> PostAsync(string path, object body) => SendAsync(HttpMethod.Post, path, body);

    public async Task<AccountAnswer> SendAsync(HttpMethod method, string path, object? body = null, string? ifMatch = null)
    {
        using var client = server.NewClient();
        using var request = new HttpRequestMessage(method, "/api/v1" + path);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        request.Content = body switch
        {
            null => null,
            string raw => new StringContent(raw, new MediaTypeHeaderValue("application/json")),
            _ => JsonContent.Create(body),
        };
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new AccountAnswer(
            (int)response.StatusCode,
            text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text),
            response.Headers.ETag?.ToString(),
            string.Concat(response.Headers.WwwAuthenticate.Select(header => header.ToString())),
            response.Headers.RetryAfter?.Delta,
            response.Content.Headers.ContentType?.MediaType);
    }
}

/// <summary>What the API said.</summary>
public sealed record AccountAnswer(int Status, JsonElement Body, string? ETag, string Challenge, TimeSpan? RetryAfter, string? ContentType)
{
    public string? Code => this["code"];

    /// <summary>The fields that are wrong.</summary>
    public string[] Fields => Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty("errors", out var errors) ? [.. errors.EnumerateObject().Select(wrong => wrong.Name)] : [];

    public string? this[string name] => Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null;
}
