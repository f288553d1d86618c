using System.Text;
using System.Text.Json;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.SignIn;
using IdentityServer.Protocol.Clients;
using IdentityServer.Protocol.Grants;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

public sealed class SqliteOneTimeCodeGrantTests(SqliteDatabase database) : OneTimeCodeGrantTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresOneTimeCodeGrantTests(PostgresDatabase database) : OneTimeCodeGrantTests(database), IClassFixture<PostgresDatabase>;

/// <summary>The endpoint and the grant with a real form; the token endpoint around the grant is the protocol's to test.</summary>
public abstract class OneTimeCodeGrantTests : IAsyncLifetime
{
    private const string GrantType = "urn:identityserver:params:oauth:grant-type:otp";

    private readonly SignInServer server;

    protected OneTimeCodeGrantTests(TestDatabase database)
    {
        database.SkipIfMissing();
        server = new SignInServer(database, sms: true);
    }

    public async ValueTask InitializeAsync()
    {
        var writer = server.Services.GetRequiredService<RegistryWriter>();
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

    // G4
    [Fact]
    public async Task A_known_person_gets_what_was_asked_for()
    {
        var address = SignInServer.NewAddress();
        var user = await server.AddUserAsync(address);
        var (challenge, code) = await StartAsync(address, ("scope", "openid email"));

        var approval = Approved(await RedeemAsync("native", ("challenge", challenge), ("otp", code)));

        Assert.Equal(user, approval.UserId);
        Assert.Equal(["otp"], approval.Methods);
        Assert.Equal(["openid", "email"], approval.Scopes);
        Assert.Equal(server.Clock.Now, approval.AuthenticatedAt);
        Assert.Null(approval.SessionId);
        Assert.Equal(0, await server.SessionsAsync(address));
        AssertRefused("invalid_grant", await RedeemAsync("native", ("challenge", challenge), ("otp", code)));
    }

    [Fact]
    public async Task A_number_is_taken_like_an_address_and_its_method_is_told()
    {
        var number = SignInServer.NewNumber();
        var (challenge, code) = await StartAsync($"{number[..6]} {number[6..]}");

        AssertRefused("registration_required", await RedeemAsync("native", ("challenge", challenge), ("otp", code)));
        var approval = Approved(await RedeemAsync("native", ("challenge", challenge), ("otp", code), ("name", "Ada")));

        Assert.Equal(["otp", "sms"], approval.Methods);
        Assert.Equal([approval.UserId!.Value], await server.UserIdsAsync(number));
    }

    // E3
    [Fact]
    public async Task A_disabled_number_is_answered_like_any_other()
    {
        var disabled = SignInServer.NewNumber();
        await server.AddUserAsync(disabled, disabled: true);

        var one = await PostAsync(("client_id", "native"), ("address", disabled));
        var other = await PostAsync(("client_id", "native"), ("address", SignInServer.NewNumber()));

        Assert.Equal((other.Status, other.Context.Response.ContentLength), (one.Status, one.Context.Response.ContentLength));
        AssertRefused("invalid_grant", await RedeemAsync("native", ("challenge", one.Body.GetProperty("challenge").GetString()!), ("otp", "000000")));
    }

    [Fact]
    public async Task A_number_that_is_sent_no_messages_is_refused_with_the_reason()
    {
        var (status, body, _) = await PostAsync(("client_id", "native"), ("address", "+442079460958"));

        Assert.Equal((400, "invalid_request"), (status, body.GetProperty("error").GetString()));
        Assert.Contains("no text messages", body.GetProperty("error_description").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_answer_tells_how_long_and_how_many_digits()
    {
        var (status, body, context) = await PostAsync(("client_id", "native"), ("address", SignInServer.NewAddress()));

        Assert.Equal(200, status);
        Assert.Equal((300, 30, 6), (body.GetProperty("expires_in").GetInt32(), body.GetProperty("resend_in").GetInt32(), body.GetProperty("code_length").GetInt32()));
        Assert.Equal("no-store", context.Response.Headers.CacheControl);
        Assert.False(context.Response.Headers.ContainsKey("Set-Cookie"));
    }

    [Fact]
    public async Task A_new_person_gives_a_name_with_the_same_code()
    {
        var address = SignInServer.NewAddress();
        var (challenge, code) = await StartAsync(address);

        AssertRefused("registration_required", await RedeemAsync("native", ("challenge", challenge), ("otp", code)));
        Assert.False(await server.ReadAsync(db => db.Users.AnyAsync(user => user.Email == address)));
        AssertRefused("invalid_grant", await RedeemAsync("native", ("challenge", challenge), ("otp", SignInServer.Other(code)), ("name", "Ada")));
        var approval = Approved(await RedeemAsync("native", ("challenge", challenge), ("otp", code), ("name", "Ada")));

        Assert.Equal(approval.UserId, await server.ReadAsync(db => db.Users.Where(user => user.Email == address).Select(user => (Guid?)user.Id).SingleAsync()));
    }

    // G1
    [Theory]
    [InlineData("off")]
    [InlineData("browser")]
    public async Task Only_native_and_confidential_applications_with_the_switch_may_start(string client)
    {
        var (status, body, _) = await PostAsync(("client_id", client), ("address", SignInServer.NewAddress()));

        Assert.Equal((400, "unauthorized_client"), (status, body.GetProperty("error").GetString()));
    }

    [Fact]
    public async Task A_browser_application_redeems_nothing_even_with_a_challenge()
    {
        var (challenge, code) = await StartAsync(SignInServer.NewAddress());

        AssertRefused("unauthorized_client", await RedeemAsync("browser", ("challenge", challenge), ("otp", code)));
    }

    [Theory]
    [InlineData("invalid_client", 401, "nobody", "address", "a@mail.example")]
    [InlineData("invalid_request", 400, "native", "adress", "a@mail.example")]
    [InlineData("invalid_request", 400, "native", "address", "nonsense")]
    [InlineData("invalid_grant", 400, "native", "challenge", "nonsense")]
    public async Task What_is_wrong_is_refused_in_the_words_of_the_standard(string error, int status, string client, string name, string value)
    {
        var before = await server.ReadAsync(db => db.Challenges.CountAsync());

        var answer = await PostAsync(("client_id", client), (name, value));

        Assert.Equal((status, error), (answer.Status, answer.Body.GetProperty("error").GetString()));
        Assert.Equal(before, await server.ReadAsync(db => db.Challenges.CountAsync()));
    }

    [Fact]
    public async Task A_scope_that_is_not_the_applications_is_refused_before_anything_is_sent()
    {
        var (status, body, _) = await PostAsync(("client_id", "native"), ("address", SignInServer.NewAddress()), ("scope", "openid phone"));

        Assert.Equal((400, "invalid_scope"), (status, body.GetProperty("error").GetString()));
    }

    [Fact]
    public async Task A_scope_that_was_not_asked_for_costs_no_code()
    {
        var address = SignInServer.NewAddress();
        await server.AddUserAsync(address);
        var (challenge, code) = await StartAsync(address, ("scope", "openid"));

        AssertRefused("invalid_scope", await RedeemAsync("native", ["openid", "email"], ("challenge", challenge), ("otp", code)));
        Assert.Equal(["openid"], Approved(await RedeemAsync("native", ["openid"], ("challenge", challenge), ("otp", code))).Scopes);
    }

    // G2: the counters are those of the pages.
    [Fact]
    public async Task Wrong_codes_count_on_pages_and_here_together()
    {
        var address = SignInServer.NewAddress();
        await server.AddUserAsync(address);
        var browser = SignInServer.NewBrowser();
        var (challenge, code) = await StartAsync(address);
        for (var failure = 0; failure < 5; failure++)
            AssertRefused("invalid_grant", await RedeemAsync("native", ("challenge", challenge), ("otp", SignInServer.Other(code))));
        AssertRefused("invalid_grant", await RedeemAsync("native", ("challenge", challenge), ("otp", code)));

        var onPage = await server.StartAsync(address, browser);
        for (var failure = 0; failure < 5; failure++)
            await server.VerifyAsync(onPage, await server.WrongCodeAsync(onPage), browser);

        var (third, right) = await StartAsync(address);
        var refused = AssertRefused("too_many_requests", await RedeemAsync("native", ("challenge", third), ("otp", right)));
        Assert.Equal((429, TimeSpan.FromSeconds(30)), (refused.Status, refused.RetryAfter));
    }

    // C10, G2: what began here ends here, and what began on a page ends there.
    [Fact]
    public async Task A_challenge_belongs_to_the_application_that_started_it()
    {
        var address = SignInServer.NewAddress();
        await server.AddUserAsync(address);
        var (challenge, code) = await StartAsync(address);
        var read = ChallengeHandle.Read(challenge)!.Value;

        AssertRefused("invalid_grant", await RedeemAsync("other", ("challenge", challenge), ("otp", code)));
        AssertRefused("invalid_grant", await RedeemAsync("native", ("challenge", (read with { Secret = new byte[32] }).ToString()), ("otp", code)));
        Assert.IsType<VerifyOutcome.Gone>(await server.VerifyAsync(read.Id, code, SignInServer.NewBrowser() with { BrowserSecret = read.Secret }));
        Assert.Equal(0, (await server.ChallengeAsync(read.Id)).Attempts);
    }

    // E3
    [Fact]
    public async Task A_disabled_address_is_answered_like_any_other()
    {
        var disabled = SignInServer.NewAddress();
        await server.AddUserAsync(disabled, disabled: true);

        var one = await PostAsync(("client_id", "native"), ("address", disabled));
        var other = await PostAsync(("client_id", "native"), ("address", SignInServer.NewAddress()));

        Assert.Equal(other.Status, one.Status);
        Assert.Equal(other.Context.Response.ContentLength, one.Context.Response.ContentLength);
        var challenge = one.Body.GetProperty("challenge").GetString()!;
        AssertRefused("invalid_grant", await RedeemAsync("native", ("challenge", challenge), ("otp", "000000")));
    }

    [Fact]
    public async Task Another_code_waits_and_replaces_the_first()
    {
        var address = SignInServer.NewAddress();
        await server.AddUserAsync(address);
        var (challenge, first) = await StartAsync(address);

        var (status, body, context) = await PostAsync(("client_id", "native"), ("challenge", challenge));
        Assert.Equal((429, "too_many_requests", "30"), (status, body.GetProperty("error").GetString(), context.Response.Headers.RetryAfter.ToString()));
        server.Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(challenge, (await PostAsync(("client_id", "native"), ("challenge", challenge))).Body.GetProperty("challenge").GetString());

        AssertRefused("invalid_grant", await RedeemAsync("native", ("challenge", challenge), ("otp", first)));
        var second = await server.CodeAsync(ChallengeHandle.Read(challenge)!.Value.Id);
        Approved(await RedeemAsync("native", ("challenge", challenge), ("otp", second)));
    }

    [Fact]
    public async Task Its_mail_has_no_link_since_no_page_waits_for_it()
    {
        var (challenge, _) = await StartAsync(SignInServer.NewAddress());

        Assert.False((await server.MailAsync(ChallengeHandle.Read(challenge)!.Value.Id)).Model.ContainsKey("link"));
    }

    [Theory]
    [InlineData("challenge")]
    [InlineData("otp")]
    public async Task A_missing_parameter_is_named(string present) =>
        AssertRefused("invalid_request", await RedeemAsync("native", (present, "123456")));

    private Application NewApplication(string clientId, ApplicationKind kind, IReadOnlyList<string> grantTypes) => new()
    {
        Id = Guid.CreateVersion7(server.Clock.Now),
        ClientId = clientId,
        DisplayName = clientId,
        Type = ApplicationType.Public,
        Kind = kind,
        GrantTypes = grantTypes,
        Scopes = ["openid", "email", "offline_access"],
    };

    private static Approval Approved(GrantResult result) => Assert.IsType<GrantResult.Approved>(result).Approval;

    private static Protocol.ProtocolError AssertRefused(string code, GrantResult result)
    {
        var error = Assert.IsType<GrantResult.Refused>(result).Error;
        Assert.Equal(code, error.Code);
        return error;
    }

    private async Task<(string Challenge, string Code)> StartAsync(string address, params (string, string)[] more)
    {
        var (status, body, _) = await PostAsync([("client_id", "native"), ("address", address), .. more]);
        Assert.Equal(200, status);
        var challenge = body.GetProperty("challenge").GetString()!;
        return (challenge, await server.CodeAsync(ChallengeHandle.Read(challenge)!.Value.Id));
    }

    private async Task<(int Status, JsonElement Body, HttpContext Context)> PostAsync(params (string Name, string Value)[] form)
    {
        await using var scope = server.Services.CreateAsyncScope();
        var context = Form(form);
        context.RequestServices = scope.ServiceProvider;
        await scope.ServiceProvider.GetRequiredService<OneTimeCodeEndpoint>().HandleAsync(context);
        context.Response.Body.Position = 0;
        using var body = await JsonDocument.ParseAsync(context.Response.Body);
        return (context.Response.StatusCode, body.RootElement.Clone(), context);
    }

    private Task<GrantResult> RedeemAsync(string client, params (string, string)[] form) => RedeemAsync(client, scopes: null, form);

    private async Task<GrantResult> RedeemAsync(string client, IReadOnlyList<string>? scopes, params (string, string)[] form)
    {
        await using var scope = server.Services.CreateAsyncScope();
        var read = await scope.ServiceProvider.GetRequiredService<ClientAuthenticator>().ReadAsync(Form([("client_id", client), .. form]).Request, default);
        var accepted = Assert.IsType<ClientRequest.Accepted>(read);
        var grant = scope.ServiceProvider.GetServices<IGrant>().Single(grant => grant.GrantType == GrantType);
        return await grant.AuthorizeAsync(new TokenRequest(accepted.Client, accepted.Parameters, scopes, server.Clock.Now), default);
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
