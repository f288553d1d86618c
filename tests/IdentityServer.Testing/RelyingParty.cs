using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace IdentityServer.Testing;

/// <summary>An application that speaks OAuth and OpenID Connect by the book.</summary>
public sealed class RelyingParty(HttpClient client, string clientId, string redirectUri, string? secret = null)
{
    public string ClientId => clientId;

    public string RedirectUri => redirectUri;

    public HttpClient Client => client;

    /// <summary>A fresh authorization request; what it needs later is in the result.</summary>
    public AuthorizationAttempt Authorize(string scope = "openid profile email", params (string Name, string Value)[] more)
    {
        var verifier = Random();
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["client_id"] = clientId,
            ["redirect_uri"] = redirectUri,
            ["response_type"] = "code",
            ["scope"] = scope,
            ["state"] = Random(),
            ["nonce"] = Random(),
            ["code_challenge"] = Base64Url(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))),
            ["code_challenge_method"] = "S256",
        };
        foreach (var (name, value) in more)
            parameters[name] = value;
        var query = string.Join('&', parameters.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"));
        return new AuthorizationAttempt($"/connect/authorize?{query}", verifier, parameters["state"], parameters["nonce"]);
    }

    public Task<TokenAnswer> RedeemAsync(string code, string? verifier) => TokenAsync(
        ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectUri), ("code_verifier", verifier ?? ""));

    public Task<TokenAnswer> RefreshAsync(string refreshToken) => TokenAsync(("grant_type", "refresh_token"), ("refresh_token", refreshToken));

    public Task<TokenAnswer> TokenAsync(params (string Name, string Value)[] form) => PostAsync("/connect/token", form);

    public async Task<TokenAnswer> PostAsync(string path, params (string Name, string Value)[] form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        var fields = form.Where(field => field.Value.Length > 0).Select(field => KeyValuePair.Create(field.Name, field.Value)).ToList();
        if (secret is null)
            fields.Add(KeyValuePair.Create("client_id", clientId));
        else
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(clientId)}:{Uri.EscapeDataString(secret)}")));
        request.Content = new FormUrlEncodedContent(fields);
        using var response = await client.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        return new TokenAnswer((int)response.StatusCode, body.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(body));
    }

    public async Task<(int Status, JsonElement Body)> UserInfoAsync(string accessToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/connect/userinfo");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        using var response = await client.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, body.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(body));
    }

    public static JsonElement Payload(string jwt) =>
        JsonSerializer.Deserialize<JsonElement>(System.Buffers.Text.Base64Url.DecodeFromChars(jwt.Split('.')[1]));

    private static string Random() => Base64Url(RandomNumberGenerator.GetBytes(32));

    private static string Base64Url(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}

/// <summary>An authorization request and what its sender remembers.</summary>
public sealed record AuthorizationAttempt(string Url, string Verifier, string State, string Nonce);

/// <summary>What the token endpoint (or another that answers JSON) said.</summary>
public sealed record TokenAnswer(int Status, JsonElement Body)
{
    public string? Error => Value("error");

    public string? AccessToken => Value("access_token");

    public string? RefreshToken => Value("refresh_token");

    public string? IdToken => Value("id_token");

    public string? Value(string name) => Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty(name, out var value) ? value.ToString() : null;
}
