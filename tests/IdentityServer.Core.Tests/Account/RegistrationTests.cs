using IdentityServer.Core.Account;
using IdentityServer.Core.Audit;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.SignIn;
using IdentityServer.Core.Tests.SignIn;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Core.Tests.Account;

public sealed class SqliteRegistrationTests(SqliteDatabase database) : RegistrationTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresRegistrationTests(PostgresDatabase database) : RegistrationTests(database), IClassFixture<PostgresDatabase>;

public abstract class RegistrationTests
{
    private readonly AccountServer server;
    private readonly TestDatabase database;

    protected RegistrationTests(TestDatabase database)
    {
        database.SkipIfMissing();
        this.database = database;
        server = new AccountServer(database);
    }

    [Fact]
    public async Task A_registered_account_is_nobodys_until_its_code_activates_it()
    {
        var (email, phone) = (SignInServer.NewAddress(), SignInServer.NewNumber());
        await server.RegisterAsync(email, phone, "Nora New");

        var user = await server.UserAsync(email);
        Assert.Equal((false, "Nora New", phone, false), (user.IsActive, user.Name, user.PhoneNumber, user.PhoneNumberConfirmed));
        Assert.Equal((email, "ActivationCode"), ((await server.MailAsync(email)).To, (await server.MailAsync(email)).Template));

        Assert.True(await server.ActivateAsync(email, await server.CodeAsync(email)));
        user = await server.UserAsync(email);
        Assert.Equal((true, null), (user.EmailConfirmed, user.PhoneNumber));
        Assert.Equal(1, await server.AuditAsync(user.Id, AuditKind.Activated));
        Assert.False(await server.ActivateAsync(email, "000000"));
    }

    [Fact]
    public async Task A_phone_number_alone_is_enough()
    {
        var phone = SignInServer.NewNumber();
        await server.RegisterAsync(null, phone);
        Assert.True(await server.ActivateAsync(phone, await server.CodeAsync(phone)));
        Assert.True((await server.UserAsync(phone)).PhoneNumberConfirmed);
    }

    // Taken and free alike.
    [Fact]
    public async Task Free_taken_disabled_and_registered_addresses_are_answered_alike()
    {
        var (taken, disabled, registered, free) = (SignInServer.NewAddress(), SignInServer.NewAddress(), SignInServer.NewAddress(), SignInServer.NewAddress());
        await server.Core.AddUserAsync(taken);
        await server.Core.AddUserAsync(disabled, disabled: true);
        await server.RegisterAsync(registered, name: "First Name");
        var before = await server.UserAsync(taken);

        var outcomes = new List<(RegisterOutcome, int, int)>();
        foreach (var address in new[] { taken, disabled, registered, free })
        {
            var (challenges, messages) = await RowsAsync();
            var outcome = await server.TryRegisterAsync(address, name: "Second Name");
            var after = await RowsAsync();
            outcomes.Add((outcome, after.Challenges - challenges, after.Messages - messages));
        }

        Assert.Single(outcomes.Distinct());
        Assert.Equal(["AddressTaken", "AccountDisabled", "ActivationCode", "ActivationCode"],
            [(await server.MailAsync(taken)).Template, (await server.MailAsync(disabled)).Template, (await server.MailAsync(registered)).Template, (await server.MailAsync(free)).Template]);
        Assert.Equivalent(before, await server.UserAsync(taken));
        Assert.Equal("Second Name", (await server.UserAsync(registered)).Name);
    }

    [Fact]
    public async Task No_code_activates_a_taken_address()
    {
        var taken = SignInServer.NewAddress();
        await server.Core.AddUserAsync(taken);
        await server.RegisterAsync(taken);
        Assert.False((await server.MailAsync(taken)).Model.ContainsKey("code"));
        Assert.True((await server.ChallengeAsync(taken)).Decoy);
    }

    // Squatting and pre-hijacking: whoever registers first has nothing of who proves.
    [Fact]
    public async Task Registering_again_overwrites_all_that_somebody_else_said()
    {
        var (victim, attackers) = (SignInServer.NewAddress(), SignInServer.NewNumber());
        await server.RegisterAsync(victim, attackers, "Mallory");
        server.Core.Clock.Advance(TimeSpan.FromSeconds(1));
        await server.RegisterAsync(victim, name: "Vera Victim");

        Assert.True(await server.ActivateAsync(victim, await server.CodeAsync(victim)));
        var user = await server.UserAsync(victim);
        Assert.Equal(("Vera Victim", null), (user.Name, user.PhoneNumber));
    }

    [Fact]
    public async Task A_new_code_kills_the_old_one_and_waits_its_turn()
    {
        var email = SignInServer.NewAddress();
        await server.RegisterAsync(email);
        var first = await server.CodeAsync(email);
        Assert.IsType<RegisterOutcome.TryLater>(await server.SendCodeAsync(email));

        server.Core.Clock.Advance(TimeSpan.FromSeconds(31));
        Assert.IsType<RegisterOutcome.Accepted>(await server.SendCodeAsync(email));
        var second = await server.CodeAsync(email);
        Assert.True(first == second || !await server.ActivateAsync(email, first));
        Assert.True(await server.ActivateAsync(email, second));
    }

    [Fact]
    public async Task A_code_for_an_address_that_nobody_registered_is_answered_alike_and_is_none()
    {
        var (unknown, registered) = (SignInServer.NewAddress(), SignInServer.NewAddress());
        await server.RegisterAsync(registered);
        server.Core.Clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(await server.SendCodeAsync(registered), await server.SendCodeAsync(unknown));
        Assert.Equal(nameof(MessageTemplate.NoAccount), (await server.MailAsync(unknown)).Template);
        Assert.Empty(await server.Core.UserIdsAsync(unknown));
    }

    [Fact]
    public async Task A_code_for_one_mailbox_proves_no_other_that_is_counted_with_it()
    {
        var address = SignInServer.NewAddress();
        var tagged = address.Replace("@", "+x@", StringComparison.Ordinal);
        await server.RegisterAsync(address);
        server.Core.Clock.Advance(TimeSpan.FromSeconds(1));
        await server.RegisterAsync(tagged);
        var code = await server.CodeAsync(tagged);
        Assert.False(await server.ActivateAsync(address, code));
        Assert.True(await server.ActivateAsync(tagged, code));
        Assert.False((await server.UserAsync(address)).IsActive);
    }

    [Fact]
    public async Task Twenty_right_codes_at_once_activate_once()
    {
        var email = SignInServer.NewAddress();
        await server.RegisterAsync(email);
        var code = await server.CodeAsync(email);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => server.ActivateAsync(email, code)));
        Assert.Single(answers, answer => answer);
        Assert.Equal(1, await server.AuditAsync(await server.IdAsync(email), AuditKind.Activated));
    }

    [Fact]
    public async Task Ten_registrations_of_one_address_at_once_make_one_account()
    {
        var email = SignInServer.NewAddress();
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => server.TryRegisterAsync(email)));
        Assert.Contains(answers, answer => answer is RegisterOutcome.Accepted);
        Assert.Single(await server.Core.UserIdsAsync(email));
    }

    [Fact]
    public async Task Five_wrong_codes_use_the_code_up()
    {
        var email = SignInServer.NewAddress();
        await server.RegisterAsync(email);
        var code = await server.CodeAsync(email);
        for (var tries = 0; tries < 5; tries++)
            Assert.False(await server.ActivateAsync(email, SignInServer.Other(code)));
        Assert.False(await server.ActivateAsync(email, code));
    }

    [Fact]
    public async Task Where_registration_is_closed_or_by_invitation_the_answer_says_so()
    {
        var closed = new AccountServer(database, new() { ["SignIn:SignUp"] = "false" });
        Assert.IsType<RegisterOutcome.Closed>(await closed.TryRegisterAsync(SignInServer.NewAddress()));

        var inviting = new AccountServer(database, new() { ["SignIn:InviteOnly"] = "true" });
        var email = SignInServer.NewAddress();
        var host = await server.UserAsync(await server.RegisterAndActivateAsync(SignInServer.NewAddress()));
        foreach (var wrong in new[] { null, "", "AAAAAA", "nonsense" })
            Assert.Equal("invitation", Assert.Single(Assert.IsType<RegisterOutcome.Invalid>(await inviting.TryRegisterAsync(email, invitation: wrong)).Problems).Key);
        await inviting.RegisterAsync(email, invitation: host.InvitationCode.ToLowerInvariant());
        Assert.Equal(host.Id, (await server.UserAsync(email)).InvitedById);
    }

    [Fact]
    public async Task On_the_pages_a_new_person_needs_the_invitation_too()
    {
        var inviting = new AccountServer(database, new() { ["SignIn:InviteOnly"] = "true" });
        var host = await server.UserAsync(await server.RegisterAndActivateAsync(SignInServer.NewAddress()));
        var (email, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        var challenge = await inviting.Core.StartAsync(email, browser);
        Assert.IsType<VerifyOutcome.DetailsNeeded>(await inviting.Core.VerifyAsync(challenge, await inviting.Core.CodeAsync(challenge), browser));

        Assert.IsType<DetailsOutcome.InvitationNeeded>(await inviting.Core.ConfirmAsync(challenge, "Nora New", browser));
        Assert.IsType<DetailsOutcome.InvitationNeeded>(await inviting.Core.ConfirmAsync(challenge, "Nora New", browser, "AAAAAA"));
        Assert.Empty(await server.Core.UserIdsAsync(email));
        Assert.IsType<DetailsOutcome.SignedIn>(await inviting.Core.ConfirmAsync(challenge, "Nora New", browser, host.InvitationCode));
        Assert.Equal(host.Id, (await server.UserAsync(email)).InvitedById);
    }

    [Fact]
    public async Task Problems_are_named_by_field_and_nothing_is_written()
    {
        var rows = await RowsAsync();
        var outcome = Assert.IsType<RegisterOutcome.Invalid>(await server.TryRegisterAsync("no address", "12", "two\nlines", "AAAAAA"));
        Assert.Equal(["email", "invitation", "name", "phone_number"], outcome.Problems.Keys.Order(StringComparer.Ordinal));
        Assert.IsType<RegisterOutcome.Invalid>(await server.TryRegisterAsync(null));
        Assert.Equal(rows, await RowsAsync());
    }

    private Task<(int Challenges, int Messages)> RowsAsync() => server.Core.ReadAsync(async db => (await db.Challenges.CountAsync(), await db.Messages.CountAsync()));
}
