using System.Text;
using System.Text.Json;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.SignIn;
using IdentityServer.Protocol.Clients;
using IdentityServer.Protocol.Grants;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

/// <summary>The endpoint and the grant with a real form; the token endpoint around the grant is the protocol's to test.</summary>
public abstract class OneTimeCodeGrantSetup : IAsyncLifetime
{
    protected const string PersonsIp = "192.0.2.9";
    private const string GrantType = "urn:identityserver:params:oauth:grant-type:otp";

    protected OneTimeCodeGrantSetup(TestDatabase database)
    {
        database.SkipIfMissing();
        Server = new SignInServer(database, sms: true);
    }

    public async ValueTask InitializeAsync()
    {
        var writer = Server.Services.GetRequiredService<RegistryWriter>();
        await writer.SeedAsync(default);
        Assert.Empty(await writer.PutAsync(
            [],
            [
                NewApplication("native", ApplicationKind.Native, [GrantType]),
                NewApplication("other", ApplicationKind.Native, [GrantType]),
                NewApplication("off", ApplicationKind.Native, [GrantTypes.RefreshToken]),
                NewApplication("browser", ApplicationKind.Web, [GrantType]),
            ],
            default));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected SignInServer Server { get; }

    private Application NewApplication(string clientId, ApplicationKind kind, IReadOnlyList<string> grantTypes) => new()
    {
        Id = Guid.CreateVersion7(Server.Clock.Now),
        ClientId = clientId,
        DisplayName = clientId,
        Type = ApplicationType.Public,
        Kind = kind,
        GrantTypes = grantTypes,
        Scopes = ["openid", "email", "offline_access"],
    };

    private protected static Approval Approved(GrantResult result) => Assert.IsType<GrantResult.Approved>(result).Approval;

    private protected static Protocol.ProtocolError AssertRefused(string code, GrantResult result)
    {
        var error = Assert.IsType<GrantResult.Refused>(result).Error;
        Assert.Equal(code, error.Code);
        return error;
    }

    private protected async Task<(string Challenge, string Code)> StartAsync(string address, params (string, string)[] more)
    {
        var (status, body, _) = await PostAsync([("client_id", "native"), ("address", address), .. more]);
        Assert.Equal(200, status);
        var challenge = body.GetProperty("challenge").GetString()!;
        return (challenge, await Server.CodeAsync(ChallengeHandle.Read(challenge)!.Value.Id));
    }

    private protected async Task<(int Status, JsonElement Body, HttpContext Context)> PostAsync(params (string Name, string Value)[] form)
    {
        await using var scope = Server.Services.CreateAsyncScope();
        var context = Form(form);
        context.RequestServices = scope.ServiceProvider;
        await scope.ServiceProvider.GetRequiredService<OneTimeCodeEndpoint>().HandleAsync(context);
        context.Response.Body.Position = 0;
        using var body = await JsonDocument.ParseAsync(context.Response.Body);
        return (context.Response.StatusCode, body.RootElement.Clone(), context);
    }

    private protected Task<GrantResult> RedeemAsync(string client, params (string, string)[] form) => RedeemAsync(client, scopes: null, form);

    private protected async Task<GrantResult> RedeemAsync(string client, IReadOnlyList<string>? scopes, params (string, string)[] form)
    {
        await using var scope = Server.Services.CreateAsyncScope();
        var read = await scope.ServiceProvider.GetRequiredService<ClientAuthenticator>().ReadAsync(Form([("client_id", client), .. form]).Request, default);
        var accepted = Assert.IsType<ClientRequest.Accepted>(read);
        var grant = scope.ServiceProvider.GetServices<IGrant>().Single(grant => grant.GrantType == GrantType);
        return await grant.AuthorizeAsync(new TokenRequest(accepted.Client, accepted.Parameters, scopes, Server.Clock.Now) { Ip = PersonsIp }, default);
    }

    private static DefaultHttpContext Form((string Name, string Value)[] form)
    {
        var context = new DefaultHttpContext();
        var bytes = Encoding.UTF8.GetBytes(string.Join('&', form.Select(pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value)}")));
        context.Request.Method = "POST";
        context.Request.Scheme = "https";
        context.Request.Host = new HostString("localhost", 5001);
        context.Request.ContentType = "application/x-www-form-urlencoded";
        context.Request.ContentLength = bytes.Length;
        context.Request.Body = new MemoryStream(bytes);
        context.Response.Body = new MemoryStream();
        context.Connection.RemoteIpAddress = System.Net.IPAddress.Parse(SignInServer.NewBrowser().Ip!);
        return context;
    }
}
