using IdentityServer.Core.Account;
using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Tests.SignIn;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Core.Tests.Account;

public sealed class SqliteOwnAccountTests(SqliteDatabase database) : OwnAccountTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresOwnAccountTests(PostgresDatabase database) : OwnAccountTests(database), IClassFixture<PostgresDatabase>;

public abstract class OwnAccountTests
{
    private readonly AccountServer server;

    protected OwnAccountTests(TestDatabase database)
    {
        database.SkipIfMissing();
        server = new AccountServer(database);
    }

    [Fact]
    public async Task A_code_to_the_own_address_confirms_once()
    {
        var email = SignInServer.NewAddress();
        var user = await server.Core.AddUserAsync(email, true, SignInServer.NewNumber(), false);
        Assert.IsType<SendOutcome.Unusable>(await SendAsync(user, Channel.Sms));
        var challenge = Assert.IsType<SendOutcome.Sent>(await SendAsync(user, channel: null)).Code.Challenge!;
        var code = await server.CodeAsync(email);
        Assert.Equal("ConfirmationCode", (await server.MailAsync(email)).Template);

        Assert.IsType<ConfirmOutcome.Wrong>(await CheckAsync(user, challenge, SignInServer.Other(code)));
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => CheckAsync(user, challenge, code)));
        Assert.Single(outcomes, outcome => outcome is ConfirmOutcome.Confirmed);
        Assert.Equal(1, await server.AuditAsync(user, AuditKind.PresenceConfirmed));
    }

    [Fact]
    public async Task An_invitation_is_used_once_however_often_it_is_tried_at_once()
    {
        var hosts = new[] { await NewUserAsync(), await NewUserAsync() };
        var guest = await NewUserAsync();
        var codes = new List<string>();
        foreach (var host in hosts)
            codes.Add((await server.UserAsync(host)).InvitationCode);
        Assert.False(await UseAsync(guest, (await server.UserAsync(guest)).InvitationCode));
        Assert.False(await UseAsync(guest, "AAAAAA"));
        Assert.False(await UseAsync(guest, null));

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(round => UseAsync(guest, codes[round % 2])));
        Assert.Single(answers, answer => answer);
        Assert.Equal(1, await server.AuditAsync(guest, AuditKind.InvitationUsed));

        var winner = (await server.UserAsync(guest)).InvitedById!.Value;
        var view = await server.Core.RunAsync<UseInvitation, InvitationView>(use => use.LookAsync(winner, default));
        Assert.Equal(1, view.Count);
        Assert.Equal(MaskedAddress.Of((await server.UserAsync(guest)).Email), Assert.Single(view.Invited).Email);
        Assert.Contains((await server.Core.RunAsync<UseInvitation, InvitationView>(use => use.LookAsync(guest, default))).UsedCode, codes);
    }

    [Fact]
    public async Task Codes_of_those_who_are_not_active_invite_nobody()
    {
        var registered = SignInServer.NewAddress();
        await server.RegisterAsync(registered);
        Assert.False(await UseAsync(await NewUserAsync(), (await server.UserAsync(registered)).InvitationCode));
    }

    [Fact]
    public async Task Of_two_edits_of_what_both_saw_one_wins()
    {
        var user = await NewUserAsync();
        var stamp = (await server.UserAsync(user)).ConcurrencyStamp;
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(round => EditAsync(user, new() { Name = $"Name {round}" }, stamp)));
        var won = Assert.IsType<EditOutcome.Edited>(Assert.Single(outcomes, outcome => outcome is EditOutcome.Edited));
        Assert.All(outcomes.Where(outcome => outcome != won), outcome => Assert.IsType<EditOutcome.Stale>(outcome));
        Assert.Equal(won.User.User.Name, (await server.UserAsync(user)).Name);
        Assert.IsType<EditOutcome.Gone>(await EditAsync(Guid.Empty, new() { Name = "Nobody" }, stamp: null));
    }

    [Fact]
    public async Task A_profile_is_checked_field_by_field_and_what_is_not_named_stays()
    {
        var user = await NewUserAsync();
        var outcome = await EditAsync(user, new()
        {
            Name = "Åsa Öberg",
            GivenName = "Åsa",
            Locale = "de",
            BirthDate = "1990-02-28",
            Gender = "–",
            ZoneInfo = "Europe/Berlin",
            Picture = "https://pictures.example/a.png",
        });
        Assert.True(outcome is EditOutcome.Edited, string.Join(' ', (outcome as EditOutcome.Invalid)?.Problems.Keys ?? []));
        var edited = ((EditOutcome.Edited)outcome).User.User;
        Assert.Equal(("Åsa Öberg", "de", new DateOnly(1990, 2, 28), "–", "Europe/Berlin"), (edited.Name, edited.Locale, edited.BirthDate, edited.Gender, edited.ZoneInfo));

        var cleared = Assert.IsType<EditOutcome.Edited>(await EditAsync(user, new() { GivenName = null })).User.User;
        Assert.Equal(("Åsa Öberg", null), (cleared.Name, cleared.GivenName));
    }

    [Fact]
    public async Task A_full_name_that_nobody_chose_is_made_of_its_parts()
    {
        var created = Assert.IsType<CreateOutcome.Created>(await CreateAsync(new() { Email = SignInServer.NewAddress(), Profile = new() { GivenName = "Zoe", FamilyName = "Zeta" } }));
        Assert.Equal("Zoe Zeta", (await server.UserAsync(created.Id)).Name);

        await EditAsync(created.Id, new() { FamilyName = null });
        Assert.Equal("Zoe", (await server.UserAsync(created.Id)).Name);
        await EditAsync(created.Id, new() { GivenName = null });
        Assert.Equal("Zoe", (await server.UserAsync(created.Id)).Name);

        await EditAsync(created.Id, new() { GivenName = "Zoe", FamilyName = new string('z', 100) });
        Assert.Equal("Zoe", (await server.UserAsync(created.Id)).Name);
        await EditAsync(created.Id, new() { Name = "Z" });
        await EditAsync(created.Id, new() { FamilyName = "Zeta" });
        Assert.Equal("Z", (await server.UserAsync(created.Id)).Name);
    }

    [Theory]
    [InlineData("name", null)]
    [InlineData("name", "a\u202eb")]
    [InlineData("given_name", "  ")]
    [InlineData("locale", "tlh")]
    [InlineData("birth_date", "1990-02-30")]
    [InlineData("birth_date", "2999-01-01")]
    [InlineData("gender", "a\nb")]
    [InlineData("zone_info", "Europe/Atlantis")]
    [InlineData("zone_info", "W. Europe Standard Time")]
    [InlineData("picture", "http://pictures.example/a.png")]
    [InlineData("picture", "https://good.example@evil.example/")]
    [InlineData("picture", "javascript:alert(1)")]
    public async Task Nothing_wrong_gets_into_a_profile(string field, string? value)
    {
        var changes = field switch
        {
            "name" => new ProfileChanges { Name = value },
            "given_name" => new ProfileChanges { GivenName = value },
            "locale" => new ProfileChanges { Locale = value },
            "birth_date" => new ProfileChanges { BirthDate = value },
            "gender" => new ProfileChanges { Gender = value },
            "zone_info" => new ProfileChanges { ZoneInfo = value },
            _ => new ProfileChanges { Picture = value },
        };
        Assert.Equal(field, Assert.Single(Assert.IsType<EditOutcome.Invalid>(await EditAsync(await NewUserAsync(), changes)).Problems).Key);
    }

    [Fact]
    public async Task Deleting_takes_everything_but_the_trace_of_it()
    {
        var email = SignInServer.NewAddress();
        var user = await server.Core.AddUserAsync(email);
        await server.Core.SignInAsync(email, SignInServer.NewBrowser());
        var (_, token) = await server.GrantAsync(user, Guid.Empty);
        Assert.Equal(UserChange.Done, await DeleteAsync(user));
        Assert.Empty(await server.Core.UserIdsAsync(email));
        Assert.Equal(0, await server.Core.SessionsAsync(email));
        Assert.False(await server.Core.ReadAsync(db => db.Tokens.AnyAsync(row => row.Id == token)));
        Assert.Equal(1, await server.AuditAsync(user, AuditKind.UserDeleted));
    }

    [Fact]
    public async Task Of_the_last_two_administrators_who_leave_at_once_one_stays()
    {
        await server.Core.ReadAsync(db => db.UserRoles.ExecuteDeleteAsync());
        var admins = new[] { await NewUserAsync(), await NewUserAsync() };
        foreach (var admin in admins)
            await server.Core.RunAsync<UserAdministration, UserChange>(users => users.SetRolesAsync(admin, [RoleNames.Admin], new Operator(null, "test"), default));
        var outcomes = await Task.WhenAll(admins.Select(DeleteAsync));
        Assert.Equal([UserChange.Done, UserChange.LastAdministrator], outcomes.Order());
    }

    [Fact]
    public async Task Sessions_of_others_are_out_of_reach_and_the_others_of_oneself_end_together()
    {
        var (email, stranger) = (SignInServer.NewAddress(), await NewUserAsync());
        var user = await server.Core.AddUserAsync(email);
        var here = await server.Core.SignInAsync(email, SignInServer.NewBrowser());
        var there = await server.Core.SignInAsync(email, SignInServer.NewBrowser());
        var (mine, kept) = await server.GrantAsync(user, Guid.Empty, here.SessionId);
        var (_, ended) = await server.GrantAsync(user, Guid.Empty);

        Assert.False(await server.Core.RunAsync<OwnSessions, bool>(own => own.EndAsync(stranger, there.SessionId, null, default)));
        Assert.Equal(2, (await ListAsync(user, here.SessionId)).Count);
        await server.Core.RunAsync<OwnSessions, bool>(async own =>
        {
            await own.EndOthersAsync(user, here.SessionId, mine, null, default);
            return true;
        });
        Assert.True(Assert.Single((await ListAsync(user, here.SessionId)).Items).IsCurrent);
        Assert.Equal((true, false), (await server.IsValidAsync(kept), await server.IsValidAsync(ended)));
        Assert.True(await server.Core.RunAsync<OwnSessions, bool>(own => own.EndAsync(user, here.SessionId, null, default)));
        Assert.False(await server.IsValidAsync(kept));
    }

    [Fact]
    public async Task An_administrator_makes_accounts_with_addresses_that_are_vouched_for_or_sent_a_code()
    {
        var (vouched, asked) = (SignInServer.NewAddress(), SignInServer.NewAddress());
        var made = Assert.IsType<CreateOutcome.Created>(await CreateAsync(new() { Email = vouched, EmailVerified = true, Profile = new() { Name = "Vera" } }));
        Assert.True((await server.UserAsync(made.Id)).IsActive);
        Assert.Equal(new CreateOutcome.Taken("email"), await CreateAsync(new() { Email = vouched }));
        Assert.Equal("send_code", Assert.Single(Assert.IsType<CreateOutcome.Invalid>(await CreateAsync(new() { Email = asked, EmailVerified = true, SendCode = true })).Problems).Key);
        Assert.IsType<CreateOutcome.Created>(await CreateAsync(new() { Email = asked, SendCode = true }));
        Assert.True(await server.ActivateAsync(asked, await server.CodeAsync(asked)));
        Assert.Equal(1, await server.AuditAsync(made.Id, AuditKind.UserCreated));
    }

    [Theory]
    [InlineData("anna@example.com", "a•••@e•••.com")]
    [InlineData("a@b.example", "•••@•••.example")]
    [InlineData("+491701234567", "+49•••67")]
    [InlineData(null, null)]
    public void Addresses_are_masked(string? address, string? masked) => Assert.Equal(masked, MaskedAddress.Of(address));

    private async Task<Guid> NewUserAsync() => await server.IdAsync(await server.RegisterAndActivateAsync(SignInServer.NewAddress(), name: "Some Body"));

    private Task<SendOutcome> SendAsync(Guid user, Channel? channel) =>
        server.Core.RunAsync<ConfirmPresence, SendOutcome>(confirm => confirm.SendAsync(channel, AccountServer.From(user), default));

    private Task<ConfirmOutcome> CheckAsync(Guid user, string challenge, string code) =>
        server.Core.RunAsync<ConfirmPresence, ConfirmOutcome>(confirm => confirm.CheckAsync(challenge, code, AccountServer.From(user), default));

    private Task<bool> UseAsync(Guid user, string? code) => server.Core.RunAsync<UseInvitation, bool>(use => use.UseAsync(user, code, null, default));

    private Task<EditOutcome> EditAsync(Guid user, ProfileChanges changes, string? stamp = null) =>
        server.Core.RunAsync<ProfileEditing, EditOutcome>(editing => editing.EditAsync(user, changes, stamp, new Operator(user, "api"), default));

    private Task<UserChange> DeleteAsync(Guid user) =>
        server.Core.RunAsync<UserAdministration, UserChange>(users => users.DeleteAsync(user, new Operator(user, "api"), default));

    private Task<Listed<SessionView>> ListAsync(Guid user, Guid? current) =>
        server.Core.RunAsync<OwnSessions, Listed<SessionView>>(own => own.ListAsync(user, current, 0, 50, default));

    private Task<CreateOutcome> CreateAsync(CreatedAccount account) =>
        server.Core.RunAsync<CreateUser, CreateOutcome>(create => create.CreateAsync(account, AccountServer.From(), new Operator(null, "test"), default));
}
