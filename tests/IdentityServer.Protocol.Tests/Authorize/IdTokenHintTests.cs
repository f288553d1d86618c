using System.Buffers.Text;
using System.Text;
using IdentityServer.Protocol.Jose;
using Xunit;

namespace IdentityServer.Protocol.Tests.Authorize;

/// <summary><c>id_token_hint</c> at the authorization endpoint (OpenID Connect Core §3.1.2.1).</summary>
public sealed class IdTokenHintTests : BrowserTests
{
    [Fact]
    public async Task The_hinted_person_gets_a_code_however_old_the_token_is()
    {
        var session = SignIn();
        var hint = await IdTokenAsync(session);
        Host.Clock.Advance(TimeSpan.FromDays(300));
        Assert.NotNull((await AuthorizeAsync(("id_token_hint", hint), ("prompt", "none"))).Parameter("code"));
    }

    [Fact]
    public async Task Somebody_else_is_login_required_with_prompt_none_OpenIdConnectCore_3_1_2_1()
    {
        var hint = await IdTokenAsync(SignIn());
        SignIn();
        AssertRedirected("login_required", await AuthorizeAsync(("id_token_hint", hint), ("prompt", "none")));
    }

    [Fact]
    public async Task Somebody_else_is_asked_to_sign_in_and_refused_when_they_do_it_as_somebody_else_again()
    {
        var ann = SignIn();
        var hint = await IdTokenAsync(ann);
        SignIn();
        var parked = AssertAsked(Interaction.SignIn, await AuthorizeAsync(("id_token_hint", hint)));
        Assert.Equal(ann.UserId, Open(parked).ExpectedUserId);

        Host.Clock.Advance(TimeSpan.FromMinutes(1));
        SignIn();
        AssertRedirected("login_required", await GetAsync("/connect/authorize/resume?request=" + parked));
        SignIn(ann.UserId);
        Assert.NotNull((await GetAsync("/connect/authorize/resume?request=" + parked)).Parameter("code"));
    }

    [Fact]
    public async Task A_hint_by_a_foreign_key_is_refused()
    {
        var times = new SigningKeyTimes(Host.Clock.Now, Host.Clock.Now, Host.Clock.Now.AddDays(1), Host.Clock.Now.AddDays(1));
        using var key = SigningKey.Generate(JwsAlgorithm.ES256, times);
        await RefusesAsync(IdToken(key, SignIn()));
    }

    [Fact]
    public async Task A_hint_without_a_signature_is_refused_RFC8725_3_1()
    {
        var payload = (await IdTokenAsync(SignIn())).Split('.')[1];
        await RefusesAsync(Base64Url.EncodeToString(Encoding.UTF8.GetBytes("""{"alg":"none","typ":"JWT"}""")) + $".{payload}.");
    }

    [Fact]
    public async Task An_access_token_is_no_hint_RFC8725_3_11() => await RefusesAsync(await IdTokenAsync(SignIn(), typ: "at+jwt"));

    [Fact]
    public async Task A_hint_of_another_issuer_is_refused() => await RefusesAsync(await IdTokenAsync(SignIn(), issuer: "http://localhost:5000"));

    [Fact]
    public async Task A_hint_for_another_application_is_refused() => await RefusesAsync(await IdTokenAsync(SignIn(), clientId: "web"));

    [Theory]
    [InlineData("x")]
    [InlineData("a.b.c")]
    [InlineData("....")]
    public Task Nonsense_is_refused(string hint) => RefusesAsync(hint);

    private async Task RefusesAsync(string hint) => AssertRedirected("invalid_request", await AuthorizeAsync(("id_token_hint", hint)));
}
