using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Protocol.Model;
using IdentityServer.Protocol.Tokens;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Protocol.Tests;

/// <summary>Two applications, a user with a session, and codes as the authorization endpoint would hand them out.</summary>
public sealed class TokenScenario : IAsyncDisposable
{
    public const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    public const string RedirectUri = "https://app.example/callback";
    public const string Secret = "s3cret with+odd%chars:and ümlaut";
    public static readonly string[] AllScopes = ["openid", "profile", "email", "offline_access", "api"];

    private TokenScenario(ProtocolHost host) => Host = host;

    public ProtocolHost Host { get; }

    public InMemoryLedgerView Ledger => new(Host);

    public Guid UserId { get; } = Guid.CreateVersion7(DateTimeOffset.UnixEpoch);

    public Guid SessionId { get; } = Guid.CreateVersion7(DateTimeOffset.UnixEpoch);

    /// <summary>Public, with PKCE.</summary>
    public Application Spa { get; private set; } = null!;

    /// <summary>Confidential, with <see cref="Secret"/>; PKCE lifted.</summary>
    public Application Web { get; private set; } = null!;

    public static async Task<TokenScenario> StartAsync(Action<IServiceCollection>? configure = null)
    {
        var scenario = new TokenScenario(await ProtocolHost.StartAsync(configure));
        var now = scenario.Host.Clock.Now;
        scenario.Spa = scenario.Put(NewApplication("spa") with { Type = ApplicationType.Public });
        scenario.Web = scenario.Put(NewApplication("web") with
        {
            Type = ApplicationType.Confidential,
            RequirePkce = false,
            Secrets = [new ApplicationSecret(Hash("older"), now.AddDays(-1)), new ApplicationSecret(Hash(Secret), null)],
        });
        scenario.Host.Subjects.Users[scenario.UserId] = new Subject(scenario.UserId, new JsonObject
        {
            ["name"] = "Ada Lovelace",
            ["given_name"] = "",
            ["family_name"] = null,
            ["email"] = "ada@example.com",
            ["email_verified"] = true,
            ["phone_number"] = "+4312345",
        });
        scenario.Host.Sessions.Live[scenario.SessionId] = new Session(scenario.SessionId, scenario.UserId, now.AddMinutes(-5), now.AddMinutes(-5), ["otp"]);
        return scenario;
    }

    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    public Application Put(Application application)
    {
        Host.Registry.Put(application);
        return application;
    }

    /// <summary>An authorization and its code, as the authorization endpoint writes them.</summary>
    public async Task<string> CodeAsync(Application application, Func<TokenPayload, TokenPayload>? change = null, params string[] scopes)
    {
        var now = Host.Clock.Now;
        var code = Handle.Create();
        var authorization = new Authorization
        {
            Id = Guid.CreateVersion7(now), ApplicationId = application.Id, UserId = UserId, Kind = AuthorizationKind.AdHoc,
            Scopes = scopes.Length > 0 ? scopes : AllScopes, SessionId = SessionId, GrantedAt = now,
        };
        var payload = new TokenPayload
        {
            Scopes = authorization.Scopes,
            AuthenticatedAt = now.AddMinutes(-5),
            Methods = ["otp"],
            Nonce = "n-0S6_WzA2Mj",
            RedirectUri = RedirectUri,
            CodeChallenge = application.RequirePkce ? Pkce.Challenge(Verifier) : null,
        };
        await Host.Ledger.CommitAsync(new Issuance
        {
            Authorization = authorization,
            Tokens = [new Token
            {
                Id = Guid.CreateVersion7(now), Kind = TokenKind.Code, Reference = Handle.Reference(code), ApplicationId = application.Id,
                AuthorizationId = authorization.Id, UserId = UserId, SessionId = SessionId, Payload = (change?.Invoke(payload) ?? payload).ToJson(),
                CreatedAt = now, ExpiresAt = now + application.CodeLifetime,
            }],
        }, default);
        return code;
    }

    public Task<Answer> RedeemAsync(string code, params (string Name, string? Value)[] changes) =>
        PostAsync("/connect/token", [("grant_type", "authorization_code"), ("client_id", "spa"), ("code", code),
            ("redirect_uri", RedirectUri), ("code_verifier", Verifier), .. changes]);

    public Task<Answer> RefreshAsync(string refreshToken, params (string Name, string? Value)[] changes) =>
        PostAsync("/connect/token", [("grant_type", "refresh_token"), ("client_id", "spa"), ("refresh_token", refreshToken), .. changes]);

    /// <summary>The answer to a redeemed code of the SPA.</summary>
    public async Task<Answer> SignInAsync(params string[] scopes) => (await RedeemAsync(await CodeAsync(Spa, null, scopes))).MustSucceed();

    public Task<Answer> PostAsWebAsync(string path, params (string Name, string? Value)[] form) =>
        PostAsync(path, [("client_id", "web"), ("client_secret", Secret), .. form]);

    /// <summary>Posts a form; a later value for a name replaces an earlier one, null removes it.</summary>
    public async Task<Answer> PostAsync(string path, IEnumerable<(string Name, string? Value)> form, AuthenticationHeaderValue? authorization = null)
    {
        var values = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var (name, value) in form)
            values[name] = value;
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Content = new FormUrlEncodedContent(values.Where(pair => pair.Value is not null).Select(pair => KeyValuePair.Create(pair.Key, pair.Value!)));
        request.Headers.Authorization = authorization;
        return await SendAsync(request);
    }

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        using var response = await Host.Http.SendAsync(request);
        return new Answer((int)response.StatusCode, response.Headers, await response.Content.ReadAsStringAsync());
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    public static AuthenticationHeaderValue Basic(string id, string secret) =>
        new("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{System.Net.WebUtility.UrlEncode(id)}:{System.Net.WebUtility.UrlEncode(secret)}")));

    private static Application NewApplication(string clientId) => new()
    {
        Id = Guid.CreateVersion7(DateTimeOffset.UnixEpoch),
        ClientId = clientId,
        DisplayName = clientId,
        RedirectUris = [RedirectUri],
        GrantTypes = [GrantTypes.AuthorizationCode, GrantTypes.RefreshToken, GrantTypes.ClientCredentials],
        Scopes = AllScopes,
    };
}

/// <summary>An answer of an endpoint, checked for what every one of them must have.</summary>
public sealed record Answer(int Status, HttpResponseHeaders Headers, string Body)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string? this[string member] => Json.TryGetProperty(member, out var value) ? value.ToString() : null;

    public string AccessToken => this["access_token"]!;

    public string RefreshToken => this["refresh_token"]!;

    /// <summary>The claims of a JWT in the answer, unverified.</summary>
    public JsonElement Claims(string member) =>
        JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(this[member]!.Split('.')[1])).RootElement;

    public Answer MustSucceed()
    {
        Assert.True(Status == 200, Body);
        MustNotBeCached();
        return this;
    }

    /// <summary>RFC 6749 §5.2: the error's form.</summary>
    public Answer MustBe(int status, string error)
    {
        Assert.Equal((status, error), (Status, this["error"]));
        Assert.Matches("^[\\x20-\\x21\\x23-\\x5B\\x5D-\\x7E]+$", this["error_description"]);
        MustNotBeCached();
        return this;
    }

    private void MustNotBeCached()
    {
        Assert.Equal("no-store", Headers.CacheControl?.ToString());
        Assert.Equal("no-cache", Headers.Pragma.ToString());
    }
}

/// <summary>Says whether requests wrote.</summary>
public sealed class InMemoryLedgerView(ProtocolHost host)
{
    private readonly int before = host.Ledger.Writes;

    public void MustBeUntouched() => Assert.Equal(before, host.Ledger.Writes);
}
