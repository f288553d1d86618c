using IdentityServer.Core.Account;
using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Tests.SignIn;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Core.Tests.Account;

public sealed class SqliteChangeAddressTests(SqliteDatabase database) : ChangeAddressTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresChangeAddressTests(PostgresDatabase database) : ChangeAddressTests(database), IClassFixture<PostgresDatabase>;

public abstract class ChangeAddressTests
{
    private readonly TestDatabase database;
    private readonly AccountServer server;

    protected ChangeAddressTests(TestDatabase database)
    {
        database.SkipIfMissing();
        this.database = database;
        server = new AccountServer(database);
    }

    [Fact]
    public async Task A_proved_new_address_takes_the_old_ones_place_and_its_owner_is_told()
    {
        var (old, fresh, phone) = (SignInServer.NewAddress(), SignInServer.NewAddress(), SignInServer.NewNumber());
        var user = await server.Core.AddUserAsync(old, true, phone, true);
        var stamp = (await server.UserAsync(user)).ConcurrencyStamp;

        var challenge = await server.StartChangeAsync(user, fresh);
        Assert.Equal(old, (await server.UserAsync(user)).Email);
        Assert.IsType<ConfirmOutcome.Wrong>(await server.ConfirmChangeAsync(user, challenge, SignInServer.Other(await server.CodeAsync(fresh))));
        Assert.IsType<ConfirmOutcome.Confirmed>(await server.ConfirmChangeAsync(user, challenge, await server.CodeAsync(fresh)));

        var changed = await server.UserAsync(user);
        Assert.Equal((fresh, true, phone, true), (changed.Email, changed.EmailConfirmed, changed.PhoneNumber, changed.PhoneNumberConfirmed));
        Assert.NotEqual(stamp, changed.ConcurrencyStamp);
        var told = Assert.Single(await server.NoticesAsync(old));
        Assert.Equal(("AddressChanged", MaskedAddress.Of(fresh), "7"), (told.Template, told.Model["address"], told.Model["days"]));
        Assert.Equal(1, await server.AuditAsync(user, AuditKind.AddressChanged));
    }

    [Fact]
    public async Task A_first_address_of_a_kind_is_added_and_told_to_the_other()
    {
        var (email, phone) = (SignInServer.NewAddress(), SignInServer.NewNumber());
        var user = await server.Core.AddUserAsync(email);
        await server.ChangeAsync(user, phone);
        var changed = await server.UserAsync(user);
        Assert.Equal((email, phone, true), (changed.Email, changed.PhoneNumber, changed.PhoneNumberConfirmed));
        var told = Assert.Single(await server.NoticesAsync(email));
        Assert.Equal(("AddressAdded", MaskedAddress.Of(phone), "id.example"), (told.Template, told.Model["address"], told.Model["host"]));
        Assert.Empty(await server.NoticesAsync(phone));
    }

    [Fact]
    public async Task The_address_stays_beside_a_number_that_the_server_cannot_send_to()
    {
        var user = await server.Core.AddUserAsync(SignInServer.NewAddress(), true, SignInServer.NewNumber(), true);
        var silent = new AccountServer(database, sms: false);
        Assert.Equal(RemoveOutcome.LastOne, await silent.RemoveAsync(user, Channel.Email));
        Assert.Equal(RemoveOutcome.Removed, await server.RemoveAsync(user, Channel.Email));
    }

    [Fact]
    public async Task The_challenge_is_its_askers_alone()
    {
        var (fresh, other) = (SignInServer.NewAddress(), await server.Core.AddUserAsync(SignInServer.NewAddress()));
        var user = await server.Core.AddUserAsync(SignInServer.NewAddress());
        var challenge = await server.StartChangeAsync(user, fresh);
        var code = await server.CodeAsync(fresh);

        Assert.IsType<ConfirmOutcome.Gone>(await server.ConfirmChangeAsync(other, challenge, code));
        Assert.IsType<ConfirmOutcome.Gone>(await server.ConfirmChangeAsync(user, "nonsense", code));
        Assert.IsType<ConfirmOutcome.Gone>(await server.Core.RunAsync<ConfirmPresence, ConfirmOutcome>(confirm => confirm.CheckAsync(challenge, code, AccountServer.From(user), default)));
        Assert.IsType<ConfirmOutcome.Confirmed>(await server.ConfirmChangeAsync(user, challenge, code));
    }

    [Fact]
    public async Task An_address_that_somebody_proved_cannot_be_taken_over_and_its_owner_alone_is_told()
    {
        var taken = SignInServer.NewAddress();
        var owner = await server.Core.AddUserAsync(taken);
        var user = await server.Core.AddUserAsync(SignInServer.NewAddress());
        var challenge = await server.StartChangeAsync(user, taken);
        Assert.Equal("AddressTaken", (await server.MailAsync(taken)).Template);
        Assert.IsType<ConfirmOutcome.Wrong>(await server.ConfirmChangeAsync(user, challenge, "123456"));
        Assert.Equal(taken, (await server.UserAsync(owner)).Email);
    }

    [Fact]
    public async Task An_address_that_somebody_bears_unproved_goes_to_who_proves_it()
    {
        var phone = SignInServer.NewNumber();
        var bearer = await server.Core.AddUserAsync(SignInServer.NewAddress(), true, phone, false);
        var user = await server.Core.AddUserAsync(SignInServer.NewAddress());
        await server.ChangeAsync(user, phone);
        Assert.Equal((phone, null), ((await server.UserAsync(user)).PhoneNumber, (await server.UserAsync(bearer)).PhoneNumber));
    }

    [Fact]
    public async Task Two_accounts_that_prove_one_address_at_once_end_with_one_owner()
    {
        var phone = SignInServer.NewNumber();
        var users = new[] { await server.Core.AddUserAsync(SignInServer.NewAddress()), await server.Core.AddUserAsync(SignInServer.NewAddress()) };
        var proofs = new List<(Guid User, string Challenge, string Code)>();
        foreach (var user in users)
        {
            server.Core.Clock.Advance(TimeSpan.FromSeconds(1));
            proofs.Add((user, await server.StartChangeAsync(user, phone), await server.CodeAsync(phone)));
        }

        var outcomes = await Task.WhenAll(proofs.Select(proof => server.ConfirmChangeAsync(proof.User, proof.Challenge, proof.Code)));
        Assert.Single(outcomes, outcome => outcome is ConfirmOutcome.Confirmed);
        Assert.Single(await server.Core.UserIdsAsync(phone));
    }

    [Fact]
    public async Task The_same_code_twenty_times_at_once_changes_once()
    {
        var (old, fresh) = (SignInServer.NewAddress(), SignInServer.NewAddress());
        var user = await server.Core.AddUserAsync(old);
        var (challenge, code) = (await server.StartChangeAsync(user, fresh), await server.CodeAsync(fresh));
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => server.ConfirmChangeAsync(user, challenge, code)));
        Assert.Single(outcomes, outcome => outcome is ConfirmOutcome.Confirmed);
        Assert.Single(await server.NoticesAsync(old));
    }

    [Fact]
    public async Task Two_changes_at_once_each_tell_the_owner_of_what_they_took()
    {
        var (old, a, b) = (SignInServer.NewAddress(), SignInServer.NewAddress(), SignInServer.NewAddress());
        var user = await server.Core.AddUserAsync(old);
        var (first, second) = (await server.StartChangeAsync(user, a), await server.StartChangeAsync(user, b));
        await Task.WhenAll(server.ConfirmChangeAsync(user, first, await server.CodeAsync(a)), server.ConfirmChangeAsync(user, second, await server.CodeAsync(b)));
        Assert.Single(await server.NoticesAsync(old));
        Assert.Equal(1, (await server.NoticesAsync(a)).Count + (await server.NoticesAsync(b)).Count);
    }

    [Fact]
    public async Task The_last_proved_address_stays()
    {
        var (email, phone) = (SignInServer.NewAddress(), SignInServer.NewNumber());
        var user = await server.Core.AddUserAsync(email, true, phone, false);
        Assert.Equal(RemoveOutcome.LastOne, await server.RemoveAsync(user, Channel.Email));
        Assert.Equal(RemoveOutcome.Removed, await server.RemoveAsync(user, Channel.Sms));
        Assert.Equal(RemoveOutcome.Removed, await server.RemoveAsync(user, Channel.Sms));
        Assert.Equal((email, null), ((await server.UserAsync(user)).Email, (await server.UserAsync(user)).PhoneNumber));
    }

    [Fact]
    public async Task Of_two_addresses_removed_at_once_one_stays()
    {
        for (var round = 0; round < 10; round++)
        {
            var user = await server.Core.AddUserAsync(SignInServer.NewAddress(), true, SignInServer.NewNumber(), true);
            var outcomes = await Task.WhenAll(server.RemoveAsync(user, Channel.Email), server.RemoveAsync(user, Channel.Sms));
            Assert.Single(outcomes, RemoveOutcome.Removed);
            Assert.True((await server.UserAsync(user)).IsActive);
        }
    }

    [Fact]
    public async Task Who_holds_the_link_takes_the_old_address_back_and_signs_everybody_out()
    {
        var (old, fresh, later) = (SignInServer.NewAddress(), SignInServer.NewAddress(), SignInServer.NewAddress());
        var user = await server.Core.AddUserAsync(old);
        await server.ChangeAsync(user, fresh);
        server.Core.Clock.Advance(TimeSpan.FromSeconds(1));
        await server.ChangeAsync(user, later);
        await server.Core.SignInAsync(later, SignInServer.NewBrowser());
        var (_, token) = await server.GrantAsync(user, Guid.Empty);
        var (link, attackers) = ((await server.NoticesAsync(old)).Single().Token, (await server.NoticesAsync(fresh)).Single().Token);

        Assert.Equal(new UndoView(Channel.Email, MaskedAddress.Of(old)!, MaskedAddress.Of(later)), await LookAsync(link));
        Assert.Equal(UndoOutcome.Undone, await server.UndoAsync(link));

        Assert.Equal((old, true), ((await server.UserAsync(user)).Email, (await server.UserAsync(user)).EmailConfirmed));
        Assert.Equal(0, await server.Core.ReadAsync(db => db.Sessions.CountAsync(row => row.UserId == user && row.EndedAt == null)));
        Assert.False(await server.IsValidAsync(token));
        Assert.Equal(1, await server.AuditAsync(user, AuditKind.AddressChangeUndone));

        // Whoever stole the account must not undo the undoing.
        Assert.Equal((UndoOutcome.Gone, UndoOutcome.Gone), (await server.UndoAsync(attackers), await server.UndoAsync(link)));
        Assert.Null(await LookAsync(link));
    }

    [Fact]
    public async Task A_removed_address_comes_back_too()
    {
        var (email, phone) = (SignInServer.NewAddress(), SignInServer.NewNumber());
        var user = await server.Core.AddUserAsync(email, true, phone, true);
        await server.RemoveAsync(user, Channel.Email);
        var told = Assert.Single(await server.NoticesAsync(email));
        Assert.Equal(MaskedAddress.Of(phone), told.Model["address"]);
        Assert.Equal(UndoOutcome.Undone, await server.UndoAsync(told.Token));
        Assert.Equal((email, phone), ((await server.UserAsync(user)).Email, (await server.UserAsync(user)).PhoneNumber));
    }

    [Fact]
    public async Task Sixteen_undoings_at_once_undo_once()
    {
        var (old, fresh) = (SignInServer.NewAddress(), SignInServer.NewAddress());
        var user = await server.Core.AddUserAsync(old);
        await server.ChangeAsync(user, fresh);
        var link = (await server.NoticesAsync(old)).Single().Token;
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => server.UndoAsync(link)));
        Assert.Single(outcomes, UndoOutcome.Undone);
        Assert.Equal(1, await server.AuditAsync(user, AuditKind.AddressChangeUndone));
    }

    [Fact]
    public async Task After_seven_days_and_when_the_address_has_an_account_nothing_is_undone()
    {
        var (old, fresh) = (SignInServer.NewAddress(), SignInServer.NewAddress());
        var user = await server.Core.AddUserAsync(old);
        await server.ChangeAsync(user, fresh);
        var link = (await server.NoticesAsync(old)).Single().Token;

        var newcomer = await server.Core.AddUserAsync(old);
        Assert.Equal(UndoOutcome.Taken, await server.UndoAsync(link));
        Assert.Equal((fresh, old), ((await server.UserAsync(user)).Email, (await server.UserAsync(newcomer)).Email));

        server.Core.Clock.Advance(TimeSpan.FromDays(7) + TimeSpan.FromSeconds(1));
        Assert.Equal(UndoOutcome.Gone, await server.UndoAsync(link));
        Assert.Equal(UndoOutcome.Gone, await server.UndoAsync("nonsense"));
    }

    [Fact]
    public async Task The_secret_of_the_link_and_the_old_address_are_not_in_the_database()
    {
        var (old, fresh) = (SignInServer.NewAddress(), SignInServer.NewAddress());
        var user = await server.Core.AddUserAsync(old);
        await server.ChangeAsync(user, fresh);
        var row = await server.Core.ReadAsync(db => db.AddressChanges.AsNoTracking().SingleAsync(change => change.UserId == user));
        Assert.DoesNotContain(old, row.OldAddress, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(32, row.UndoHash.Length);
    }

    private Task<UndoView?> LookAsync(string token) => server.Core.RunAsync<UndoAddressChange, UndoView?>(undo => undo.LookAsync(token, default));
}
