using IdentityServer.Protocol.Authorize;
using IdentityServer.Protocol.Model;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace IdentityServer.Protocol.Tests.Authorize;

/// <summary>What a valid request is read as; the refusals are in <see cref="AuthorizeRejectionTests"/>.</summary>
public sealed class AuthorizeValidationTests
{
    private const string Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Application Application = new()
    {
        Id = Guid.Empty,
        ClientId = "app",
        DisplayName = "App",
        GrantTypes = [GrantTypes.AuthorizationCode, GrantTypes.RefreshToken],
        Scopes = ["openid", "email", "offline_access"],
    };

    private static readonly Dictionary<string, Scope> Scopes = new[] { "openid", "email", "offline_access", "other" }
        .ToDictionary(name => name, name => new Scope { Name = name }, StringComparer.Ordinal);

    [Fact]
    public void Everything_that_is_kept_is_read()
    {
        var request = Read(("state", "s"), ("nonce", "n"), ("prompt", "login consent"), ("max_age", "60"), ("login_hint", "ann@example.com"), ("response_mode", "form_post"));
        Assert.Equivalent(
            new AuthorizeRequest
            {
                ClientId = "app",
                RedirectUri = "https://app.example/",
                ResponseMode = ResponseModes.FormPost,
                Scopes = ["openid"],
                State = "s",
                Nonce = "n",
                CodeChallenge = Challenge,
                Prompts = ["login", "consent"],
                MaxAge = 60,
                LoginHint = "ann@example.com",
                ReceivedAt = Now,
            },
            request,
            strict: true);
    }

    [Theory]
    [InlineData("openid", "openid")]
    [InlineData(" email  openid email ", "email openid")]
    [InlineData("openid offline_access", "openid offline_access")]
    public void Scopes_are_read_once_each_in_their_order(string asked, string read) =>
        Assert.Equal(read, string.Join(' ', Read(("scope", asked)).Scopes));

    [Theory]
    [InlineData("0", 0)]
    [InlineData("00060", 60)]
    [InlineData("2147483647", int.MaxValue)]
    [InlineData("99999999999999999999", int.MaxValue)]
    public void Max_age_is_any_number(string text, int seconds) => Assert.Equal(seconds, Read(("max_age", text)).MaxAge);

    [Theory]
    [InlineData("de-CH fr en", "de-CH fr en")]
    [InlineData("de de", "de")]
    [InlineData("zh-Hant-TW x_y <b> toolonglanguage -", "zh-Hant-TW")]
    [InlineData("a b c d e f g h i j k l", "a b c d e f g h i j")]
    public void Languages_are_wishes(string asked, string read) => Assert.Equal(read, string.Join(' ', Read(("ui_locales", asked)).UiLocales));

    [Fact]
    public void Repeated_prompts_are_one() => Assert.Equal("none", string.Join(' ', Read(("prompt", "none none")).Prompts));

    [Fact]
    public void Offline_access_alone_without_the_refresh_grant_leaves_nothing_to_grant()
    {
        var refused = Assert.IsType<AuthorizeValidation.Refused>(Check(Application with { GrantTypes = [GrantTypes.AuthorizationCode] }, ("scope", "offline_access")));
        Assert.Equal("invalid_scope", refused.Error.Code);
    }

    [Fact]
    public void What_is_not_kept_may_be_long() => Assert.NotNull(Read(("claims", new string('x', 10_000)), ("unknown", "a\nb")));

    private static AuthorizeRequest Read(params (string Name, string Value)[] more) =>
        Assert.IsType<AuthorizeValidation.Valid>(Check(Application, more)).Request;

    private static AuthorizeValidation Check(Application application, params (string Name, string Value)[] more)
    {
        var source = new Dictionary<string, StringValues>(StringComparer.Ordinal)
        {
            ["client_id"] = "app",
            ["redirect_uri"] = "https://app.example/",
            ["response_type"] = "code",
            ["scope"] = "openid",
            ["code_challenge"] = Challenge,
            ["code_challenge_method"] = "S256",
        };
        foreach (var (name, value) in more)
            source[name] = value;
        var parameters = Assert.IsType<ParametersResult.Read>(Parameters.From(source)).Parameters;
        return AuthorizeValidation.Check(parameters, application, Scopes, Now);
    }
}
