using IdentityServer.Protocol.Authorize;
using IdentityServer.Protocol.Model;
using Xunit;

namespace IdentityServer.Protocol.Tests.Authorize;

/// <summary>The decision as a table. The request was received at noon, and it is one minute past noon.</summary>
public sealed class AuthorizationDecisionTests
{
    private const string Ann = "00000000-0000-7000-8000-00000000000a";
    private const string Bob = "00000000-0000-7000-8000-00000000000b";

    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("", null, nameof(AuthorizationDecision.SignIn))]
    [InlineData("", -3600, nameof(AuthorizationDecision.Issue))]
    [InlineData("none", null, "login_required")]
    [InlineData("none", -3600, nameof(AuthorizationDecision.Issue))]
    [InlineData("login", null, nameof(AuthorizationDecision.SignIn))]
    [InlineData("login", -1, nameof(AuthorizationDecision.SignIn))]
    [InlineData("login", 0, nameof(AuthorizationDecision.SignIn))]
    [InlineData("login", 1, nameof(AuthorizationDecision.Issue))]
    [InlineData("select_account", null, nameof(AuthorizationDecision.SignIn))]
    [InlineData("select_account", -1, nameof(AuthorizationDecision.SelectAccount))]
    [InlineData("select_account", 1, nameof(AuthorizationDecision.Issue))]
    [InlineData("login select_account", -1, nameof(AuthorizationDecision.SignIn))]
    [InlineData("login select_account", 1, nameof(AuthorizationDecision.Issue))]
    [InlineData("consent", -1, nameof(AuthorizationDecision.Consent))]
    public void Prompts_are_satisfied_by_signing_in_after_the_request(string prompt, int? signedInAt, string expected) =>
        Assert.Equal(expected, Decide(Request(prompt), signedInAt));

    [Theory]
    [InlineData(0, -1, nameof(AuthorizationDecision.SignIn))]
    [InlineData(0, 0, nameof(AuthorizationDecision.SignIn))]
    [InlineData(0, 1, nameof(AuthorizationDecision.Issue))]
    [InlineData(120, -61, nameof(AuthorizationDecision.SignIn))]
    [InlineData(120, -60, nameof(AuthorizationDecision.Issue))]
    [InlineData(5, 1, nameof(AuthorizationDecision.Issue))]
    [InlineData(int.MaxValue, -86400, nameof(AuthorizationDecision.Issue))]
    public void Max_age_forces_a_sign_in_unless_one_followed_the_request(int maxAge, int signedInAt, string expected) =>
        Assert.Equal(expected, Decide(Request() with { MaxAge = maxAge }, signedInAt));

    [Fact]
    public void Max_age_with_prompt_none_is_login_required() =>
        Assert.Equal("login_required", Decide(Request("none") with { MaxAge = 0 }, -1));

    [Fact]
    public void Choosing_the_account_after_the_request_satisfies_select_account_without_signing_in_again()
    {
        var session = Session(-3600) with { ChosenAt = Noon.AddSeconds(1) };
        Assert.Equal(nameof(AuthorizationDecision.Issue), Decide(Request("select_account"), session));
        Assert.Equal(nameof(AuthorizationDecision.SignIn), Decide(Request("login"), session));
    }

    [Theory]
    [InlineData("", Bob, null, nameof(AuthorizationDecision.SignIn))]
    [InlineData("", Bob, -1, nameof(AuthorizationDecision.SignIn))]
    [InlineData("none", Bob, -1, "login_required")]
    [InlineData("", Bob, 1, "login_required")]
    [InlineData("", Ann, -1, nameof(AuthorizationDecision.Issue))]
    public void Only_the_hinted_person_may_answer_OpenIdConnectCore_3_1_2_1(string prompt, string hinted, int? signedInAt, string expected) =>
        Assert.Equal(expected, Decide(Request(prompt) with { ExpectedUserId = new Guid(hinted) }, signedInAt));

    [Theory]
    [InlineData(ConsentMode.Implicit, "", null, null, nameof(AuthorizationDecision.Issue))]
    [InlineData(ConsentMode.Explicit, "", null, null, nameof(AuthorizationDecision.Consent))]
    [InlineData(ConsentMode.Explicit, "none", null, null, "consent_required")]
    [InlineData(ConsentMode.Explicit, "", "openid", -60, nameof(AuthorizationDecision.Consent))]
    [InlineData(ConsentMode.Explicit, "", "openid email", -60, nameof(AuthorizationDecision.Issue))]
    [InlineData(ConsentMode.Explicit, "", "email openid phone", -60, nameof(AuthorizationDecision.Issue))]
    [InlineData(ConsentMode.Explicit, "consent", "openid email", -60, nameof(AuthorizationDecision.Consent))]
    [InlineData(ConsentMode.Explicit, "consent", "openid email", 0, nameof(AuthorizationDecision.Consent))]
    [InlineData(ConsentMode.Explicit, "consent", "openid email", 1, nameof(AuthorizationDecision.Issue))]
    [InlineData(ConsentMode.Explicit, "consent", "openid", 1, nameof(AuthorizationDecision.Consent))]
    [InlineData(ConsentMode.Implicit, "consent", null, null, nameof(AuthorizationDecision.Consent))]
    [InlineData(ConsentMode.Implicit, "consent", "openid email", 1, nameof(AuthorizationDecision.Issue))]
    public void Consent_must_cover_every_scope(ConsentMode mode, string prompt, string? scopes, int? grantedAt, string expected)
    {
        var consent = scopes is null ? null : Consent(scopes, grantedAt!.Value);
        Assert.Equal(expected, Decide(Request(prompt, "openid", "email"), Session(-3600), mode, consent));
    }

    [Fact]
    public void Consent_that_was_taken_back_is_none()
    {
        var consent = Consent("openid", -60) with { RevokedAt = Noon };
        Assert.Equal(nameof(AuthorizationDecision.Consent), Decide(Request(), Session(-3600), ConsentMode.Explicit, consent));
    }

    [Fact]
    public void A_no_is_access_denied_whatever_else_is_there()
    {
        Assert.Equal("access_denied", Decide(Request() with { Denied = true }, -1));
        Assert.Equal("access_denied", Decide(Request("login") with { Denied = true }, (Session?)null));
    }

    [Fact]
    public void The_code_is_for_the_session_that_was_looked_at()
    {
        var session = Session(-1);
        var decision = AuthorizationDecision.Make(Request(), Application(ConsentMode.Implicit), session, consent: null, Noon);
        Assert.Same(session, Assert.IsType<AuthorizationDecision.Issue>(decision).Session);
    }

    private static string Decide(AuthorizeRequest request, int? signedInAt) => Decide(request, signedInAt is { } at ? Session(at) : null);

    private static string Decide(AuthorizeRequest request, Session? session, ConsentMode mode = ConsentMode.Implicit, Model.Authorization? consent = null)
    {
        var decision = AuthorizationDecision.Make(request, Application(mode), session, consent, Noon.AddMinutes(1));
        return decision is AuthorizationDecision.Reject { Error.Code: var code } ? code : decision.GetType().Name;
    }

    private static AuthorizeRequest Request(string prompt = "", params string[] scopes) => new()
    {
        ClientId = "app",
        RedirectUri = "https://app.example/",
        ResponseMode = ResponseModes.Query,
        Scopes = scopes.Length == 0 ? ["openid"] : scopes,
        Prompts = prompt.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        ReceivedAt = Noon,
    };

    private static Session Session(int signedInAt) => new(Guid.Empty, new Guid(Ann), Noon.AddSeconds(signedInAt), Noon.AddSeconds(signedInAt), ["otp"]);

    private static Application Application(ConsentMode mode) => new() { Id = Guid.Empty, ClientId = "app", DisplayName = "App", Consent = mode };

    private static Model.Authorization Consent(string scopes, int grantedAt) => new()
    {
        Id = Guid.Empty,
        ApplicationId = Guid.Empty,
        Kind = AuthorizationKind.Permanent,
        Scopes = scopes.Split(' '),
        GrantedAt = Noon.AddSeconds(grantedAt),
    };
}
