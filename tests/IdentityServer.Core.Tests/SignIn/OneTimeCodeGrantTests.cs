using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Proofs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

public sealed class SqliteOneTimeCodeGrantTests(SqliteDatabase database) : OneTimeCodeGrantTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresOneTimeCodeGrantTests(PostgresDatabase database) : OneTimeCodeGrantTests(database), IClassFixture<PostgresDatabase>;

/// <summary>Signing in by the one-time-code grant.</summary>
public abstract class OneTimeCodeGrantTests(TestDatabase database) : OneTimeCodeGrantSetup(database)
{
    // G4
    [Fact]
    public async Task A_known_person_gets_what_was_asked_for()
    {
        var address = SignInServer.NewAddress();
        var user = await Server.AddUserAsync(address);
        var (challenge, code) = await StartAsync(address, ("scope", "openid email"));

        var approval = Approved(await RedeemAsync("native", ("challenge", challenge), ("otp", code)));

        Assert.Equal(user, approval.UserId);
        Assert.Equal(["otp"], approval.Methods);
        Assert.Equal(["openid", "email"], approval.Scopes);
        Assert.Equal(Server.Clock.Now, approval.AuthenticatedAt);
        Assert.Null(approval.SessionId);
        Assert.Equal(0, await Server.SessionsAsync(address));
        AssertRefused("invalid_grant", await RedeemAsync("native", ("challenge", challenge), ("otp", code)));
    }

    [Fact]
    public async Task Where_the_person_is_is_written_down()
    {
        var address = SignInServer.NewAddress();
        var user = await Server.AddUserAsync(address);
        var (challenge, code) = await StartAsync(address);
        Approved(await RedeemAsync("native", ("challenge", challenge), ("otp", code)));

        Assert.Equal(PersonsIp, await Server.RunAsync<ServerDb, string?>(db => db.AuditEvents
            .Where(entry => entry.UserId == user && entry.Kind == nameof(AuditKind.SignedIn)).Select(entry => entry.Ip).SingleAsync()));
    }

    [Fact]
    public async Task A_number_is_taken_like_an_address_and_its_method_is_told()
    {
        var number = SignInServer.NewNumber();
        var (challenge, code) = await StartAsync($"{number[..6]} {number[6..]}");

        AssertRefused("registration_required", await RedeemAsync("native", ("challenge", challenge), ("otp", code)));
        var approval = Approved(await RedeemAsync("native", ("challenge", challenge), ("otp", code), ("name", "Ada")));

        Assert.Equal(["otp", "sms"], approval.Methods);
        Assert.Equal([approval.UserId!.Value], await Server.UserIdsAsync(number));
    }

    // E3
    [Fact]
    public async Task A_disabled_number_is_answered_like_any_other()
    {
        var disabled = SignInServer.NewNumber();
        await Server.AddUserAsync(disabled, disabled: true);

        var one = await PostAsync(("client_id", "native"), ("address", disabled));
        var other = await PostAsync(("client_id", "native"), ("address", SignInServer.NewNumber()));

        Assert.Equal((other.Status, other.Context.Response.ContentLength), (one.Status, one.Context.Response.ContentLength));
        AssertRefused("invalid_grant", await RedeemAsync("native", ("challenge", one.Body.GetProperty("challenge").GetString()!), ("otp", "000000")));
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
        Assert.False(await Server.ReadAsync(db => db.Users.AnyAsync(user => user.Email == address)));
        AssertRefused("invalid_grant", await RedeemAsync("native", ("challenge", challenge), ("otp", SignInServer.Other(code)), ("name", "Ada")));
        var approval = Approved(await RedeemAsync("native", ("challenge", challenge), ("otp", code), ("name", "Ada")));

        Assert.Equal(approval.UserId, await Server.ReadAsync(db => db.Users.Where(user => user.Email == address).Select(user => (Guid?)user.Id).SingleAsync()));
    }

    // E3
    [Fact]
    public async Task A_disabled_address_is_answered_like_any_other()
    {
        var disabled = SignInServer.NewAddress();
        await Server.AddUserAsync(disabled, disabled: true);

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
        await Server.AddUserAsync(address);
        var (challenge, first) = await StartAsync(address);

        var (status, body, context) = await PostAsync(("client_id", "native"), ("challenge", challenge));
        Assert.Equal((429, "too_many_requests", "30"), (status, body.GetProperty("error").GetString(), context.Response.Headers.RetryAfter.ToString()));
        Server.Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(challenge, (await PostAsync(("client_id", "native"), ("challenge", challenge))).Body.GetProperty("challenge").GetString());

        AssertRefused("invalid_grant", await RedeemAsync("native", ("challenge", challenge), ("otp", first)));
        var second = await Server.CodeAsync(ChallengeHandle.Read(challenge)!.Value.Id);
        Approved(await RedeemAsync("native", ("challenge", challenge), ("otp", second)));
    }

    [Fact]
    public async Task Its_mail_has_no_link_since_no_page_waits_for_it()
    {
        var (challenge, _) = await StartAsync(SignInServer.NewAddress());

        Assert.False((await Server.MailAsync(ChallengeHandle.Read(challenge)!.Value.Id)).Model.ContainsKey("link"));
    }
}
