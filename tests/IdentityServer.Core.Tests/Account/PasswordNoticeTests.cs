using IdentityServer.Core.Account;
using IdentityServer.Core.SignIn;
using IdentityServer.Core.Tests.SignIn;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Core.Tests.Account;

public sealed class SqlitePasswordNoticeTests(SqliteDatabase database) : PasswordNoticeTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresPasswordNoticeTests(PostgresDatabase database) : PasswordNoticeTests(database), IClassFixture<PostgresDatabase>;

/// <summary>Who is told of a new password, where, and when nobody is.</summary>
public abstract class PasswordNoticeTests
{
    private const string First = "Vogel-beisst-3x";
    private const string Second = "Fisch-singt-4y!";
    private readonly AccountServer server;

    protected PasswordNoticeTests(TestDatabase database)
    {
        database.SkipIfMissing();
        server = new AccountServer(database, new() { ["SignIn:Password:Enabled"] = "true" });
    }

    [Fact]
    public async Task Each_change_is_told_to_the_proved_mailbox_in_the_owner_s_language()
    {
        var (email, number) = (SignInServer.NewAddress(), SignInServer.NewNumber());
        var user = await server.Core.AddUserAsync(email, true, number, true);
        await server.Core.ReadAsync(db => db.Users.Where(row => row.Id == user).ExecuteUpdateAsync(set => set.SetProperty(row => row.Locale, "de")));

        await SetAsync(user, First);
        server.Core.Clock.Advance(TimeSpan.FromSeconds(1));
        await SetAsync(user, Second);
        server.Core.Clock.Advance(TimeSpan.FromSeconds(1));
        await RemoveAsync(user);
        await RemoveAsync(user);

        var notices = await server.NoticesAsync(email);
        Assert.Equal(["PasswordChanged", "PasswordChanged", "PasswordRemoved"], notices.Select(mail => mail.Template));
        Assert.All(notices, mail => Assert.Equal(("de", "id.example"), (mail.Locale, mail.Model["host"])));
        Assert.Empty(await server.NoticesAsync(number));
    }

    [Fact]
    public async Task Without_a_proved_mailbox_it_is_a_text_message()
    {
        var (email, number) = (SignInServer.NewAddress(), SignInServer.NewNumber());
        var user = await server.Core.AddUserAsync(email, false, number, true);
        await SetAsync(user, First);
        Assert.Equal("PasswordChanged", Assert.Single(await server.NoticesAsync(number)).Template);
        Assert.Empty(await server.NoticesAsync(email));
    }

    [Fact]
    public async Task What_was_not_done_is_not_told()
    {
        var email = SignInServer.NewAddress();
        var user = await server.Core.AddUserAsync(email, disabled: true);
        Assert.IsType<SetPasswordOutcome.Gone>(await TryAsync(user, First));
        Assert.IsType<SetPasswordOutcome.Unfit>(await TryAsync(await server.Core.AddUserAsync(SignInServer.NewAddress()), "short"));
        Assert.Empty(await server.NoticesAsync(email));
    }

    [Fact]
    public async Task A_forgotten_password_is_told_to_the_mailbox_and_not_to_the_phone_that_just_proved_it()
    {
        var (email, number, phoneAlone) = (SignInServer.NewAddress(), SignInServer.NewNumber(), SignInServer.NewNumber());
        foreach (var user in new[] { await server.Core.AddUserAsync(email, true, number, true), await server.Core.AddUserAsync(phoneAlone) })
            await SetAsync(user, First);
        server.Core.Clock.Advance(TimeSpan.FromSeconds(1));

        await ResetAsync(email);
        await ResetAsync(number);
        await ResetAsync(phoneAlone);

        Assert.Equal(3, (await server.NoticesAsync(email)).Count);
        Assert.Empty(await server.NoticesAsync(number));

        // The one of the password that it replaced.
        Assert.Single(await server.NoticesAsync(phoneAlone));
    }

    private async Task ResetAsync(string address)
    {
        var browser = SignInServer.NewBrowser();
        var challenge = await server.Core.StartAsync(address, browser);
        Assert.IsType<VerifyOutcome.PasswordNeeded>(await server.Core.VerifyAsync(challenge, await server.Core.CodeAsync(challenge), browser));
        Assert.IsType<NewPasswordOutcome.SignedIn>(await server.Core.RunAsync<ResetPassword, NewPasswordOutcome>(reset => reset.ResetAsync(challenge, Second, browser, default)));
        server.Core.Clock.Advance(TimeSpan.FromSeconds(1));
    }

    private async Task SetAsync(Guid user, string password) => Assert.IsType<SetPasswordOutcome.Done>(await TryAsync(user, password));

    private Task<SetPasswordOutcome> TryAsync(Guid user, string password) =>
        server.Core.RunAsync<OwnPassword, SetPasswordOutcome>(own => own.SetAsync(SessionOf(user), password, SignInServer.NewBrowser(), default));

    private Task<bool> RemoveAsync(Guid user) => server.Core.RunAsync<OwnPassword, bool>(async own =>
    {
        await own.RemoveAsync(SessionOf(user), SignInServer.NewBrowser(), default);
        return true;
    });

    private Session SessionOf(Guid user) => new(Guid.CreateVersion7(server.Now), user, server.Now, server.Now, ["otp"]);
}
