using System.Net;
using System.Text.Json.Nodes;
using IdentityServer.Protocol.Authorize;
using IdentityServer.Protocol.Jose;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace IdentityServer.Protocol.Tests;

/// <summary>A browser with one session cookie at most, in front of the endpoints that people are sent to.</summary>
public abstract class BrowserTests : IAsyncLifetime
{
    protected const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    protected const string Callback = "https://app.example/callback";
    protected const string State = "af0ifjsldkj";

    private string? cookie;

    protected ProtocolHost Host { get; private set; } = null!;

    protected static Application Spa { get; } = new()
    {
        Id = new Guid("00000000-0000-7000-8000-000000000001"),
        ClientId = "spa",
        DisplayName = "The app",
        Type = ApplicationType.Public,
        Kind = ApplicationKind.Web,
        Consent = ConsentMode.Implicit,
        RedirectUris = [Callback, "https://app.example/with?query=1"],
        PostLogoutRedirectUris = ["https://app.example/", "https://app.example/bye?a=1"],
        GrantTypes = [GrantTypes.AuthorizationCode, GrantTypes.RefreshToken],
        Scopes = ["openid", "profile", "email", "offline_access", "api"],
    };

    protected static Application ThirdParty { get; } = Spa with
    {
        Id = new Guid("00000000-0000-7000-8000-000000000002"),
        ClientId = "web",
        Type = ApplicationType.Confidential,
        Consent = ConsentMode.Explicit,
        GrantTypes = [GrantTypes.AuthorizationCode],
    };

    protected static Application Native { get; } = Spa with
    {
        Id = new Guid("00000000-0000-7000-8000-000000000003"),
        ClientId = "native",
        Kind = ApplicationKind.Native,
        RedirectUris = ["http://127.0.0.1/cb", "http://[::1]:1234/cb", "com.example.app:/cb", "http://localhost:7000/cb"],
        PostLogoutRedirectUris = ["http://127.0.0.1:5000/bye"],
    };

    public async ValueTask InitializeAsync()
    {
        Host = await ProtocolHost.StartAsync(services => services.AddSingleton<IStartupFilter, ShownErrors>());
        Host.Registry.Put(Spa);
        Host.Registry.Put(ThirdParty);
        Host.Registry.Put(Native);
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    /// <summary>A valid request of the single-page app, with changes: null takes a parameter away.</summary>
    protected static Dictionary<string, string> Request(params (string Name, string? Value)[] changes)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["client_id"] = Spa.ClientId,
            ["redirect_uri"] = Callback,
            ["response_type"] = "code",
            ["scope"] = "openid profile",
            ["state"] = State,
            ["code_challenge"] = Pkce.Challenge(Verifier),
            ["code_challenge_method"] = "S256",
        };
        foreach (var (name, value) in changes)
        {
            if (value is null)
                parameters.Remove(name);
            else
                parameters[name] = value;
        }

        return parameters;
    }

    protected Task<Answer> AuthorizeAsync(params (string Name, string? Value)[] changes) =>
        GetAsync(QueryHelpers.AddQueryString("/connect/authorize", Request(changes)!));

    protected Task<Answer> GetAsync(string path) => SendAsync(new HttpRequestMessage(HttpMethod.Get, path));

    protected Task<Answer> PostAsync(string path, IEnumerable<KeyValuePair<string, string>> form) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(form) });

    protected async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        if (cookie is not null)
            request.Headers.Add("Cookie", $"session={cookie}");
        using var response = await Host.Http.SendAsync(request);
        return new Answer(
            response.StatusCode,
            response.Headers.Location?.OriginalString,
            response.Headers.TryGetValues("Shown-Error", out var shown) ? shown.Single() : null,
            await response.Content.ReadAsStringAsync(),
            response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Signs the browser in, now.</summary>
    protected Session SignIn(Guid? userId = null)
    {
        var now = Host.Clock.Now;
        var session = new Session(Guid.CreateVersion7(now), userId ?? Guid.CreateVersion7(now), now, now, ["otp"]);
        Host.Subjects.Users[session.UserId] = new Subject(session.UserId, []);
        SignIn(session);
        return session;
    }

    protected void SignIn(Session session)
    {
        Host.Sessions.Live[session.Id] = session;
        cookie = session.Id.ToString("D");
    }

    /// <summary>What the consent page writes.</summary>
    protected Task ConsentAsync(Session session, Application application, params string[] scopes) => Host.Ledger.CommitAsync(
        new Issuance
        {
            Authorization = new Model.Authorization
            {
                Id = Guid.CreateVersion7(Host.Clock.Now),
                ApplicationId = application.Id,
                UserId = session.UserId,
                Kind = AuthorizationKind.Permanent,
                Scopes = scopes,
                GrantedAt = Host.Clock.Now,
            },
        },
        default);

    /// <summary>An ID token as the token endpoint makes it.</summary>
    protected async Task<string> IdTokenAsync(Session session, string clientId = "spa", string typ = "JWT", string issuer = ProtocolHost.Origin)
    {
        var key = await Host.Keys.SigningKeyAsync(JwsAlgorithm.RS256, default);
        return IdToken(key, session, clientId, typ, issuer);
    }

    protected static string IdToken(SigningKey key, Session session, string clientId = "spa", string typ = "JWT", string issuer = ProtocolHost.Origin)
    {
        var claims = new JsonObject
        {
            ["iss"] = issuer,
            ["sub"] = session.UserId.ToString("D"),
            ["aud"] = clientId,
            ["sid"] = session.Id.ToString("D"),
            ["exp"] = 1,
        };
        return JwsWriter.Sign(key, typ, System.Text.Encoding.UTF8.GetBytes(claims.ToJsonString()));
    }

    /// <summary>The request is answered at the client with this error, by 303, with <c>state</c> and <c>iss</c>, and nothing was written.</summary>
    protected void AssertRedirected(string error, Answer answer)
    {
        Assert.Equal(HttpStatusCode.SeeOther, answer.Status);
        Assert.Equal(Callback, answer.Place);
        Assert.Equal(error, answer.Parameter("error"));
        Assert.Equal(State, answer.Parameter("state"));
        Assert.Equal(ProtocolHost.Origin, answer.Parameter("iss"));
        Assert.Matches("^[ -!#-\\[\\]-~]+$", answer.Parameter("error_description")!);
        Assert.Null(answer.Parameter("code"));
        Assert.Equal(0, Host.Ledger.Writes);
    }

    /// <summary>The request is answered on this server's error page, and nothing was written.</summary>
    protected void AssertShown(string error, Answer answer)
    {
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Null(answer.Location);
        Assert.Equal(error, answer.Shown);
        Assert.Empty(answer.Body);
        Assert.Equal(0, Host.Ledger.Writes);
    }

    /// <summary>The browser is sent to this page with a parked request, which is returned.</summary>
    protected string AssertAsked(Interaction step, Answer answer)
    {
        Assert.Equal(HttpStatusCode.SeeOther, answer.Status);
        Assert.Equal($"/page/{step}", answer.Place);
        return answer.Parameter("request")!;
    }

    protected AuthorizeRequest Open(string parked) => Host.Services.GetRequiredService<ParkedRequests>().Open(parked)!;

    protected sealed record Answer(HttpStatusCode Status, string? Location, string? Shown, string Body, IReadOnlyDictionary<string, string> Headers)
    {
        public string? Place => Location?.Split('?', '#')[0];

        public string? Parameter(string name)
        {
            var parameters = Location?.Split(['?', '#'], 2) is [_, var query] ? QueryHelpers.ParseQuery(query) : [];
            return parameters.TryGetValue(name, out var value) && value.Count == 1 ? value[0] : null;
        }
    }

    // Stands in for the host's error page.
    private sealed class ShownErrors : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.UsePathBase("/base");
            app.Use(async (context, following) =>
            {
                await following(context);
                if (context.Features.Get<ShownError>() is { } shown)
                    context.Response.Headers["Shown-Error"] = new StringValues(shown.Error.Code);
            });
            next(app);
        };
    }
}
