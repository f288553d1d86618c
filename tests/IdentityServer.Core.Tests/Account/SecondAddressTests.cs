using IdentityServer.Core.Account;
using IdentityServer.Core.Tests.SignIn;
using IdentityServer.Core.Users;
using Xunit;

namespace IdentityServer.Core.Tests.Account;

public sealed class SqliteSecondAddressTests(SqliteDatabase database) : SecondAddressTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresSecondAddressTests(PostgresDatabase database) : SecondAddressTests(database), IClassFixture<PostgresDatabase>;

/// <summary>Who registers may write down somebody else's address beside their own: it must give them nothing, and tell them nothing.</summary>
public abstract class SecondAddressTests
{
    private readonly AccountServer server;

    protected SecondAddressTests(TestDatabase database)
    {
        database.SkipIfMissing();
        server = new AccountServer(database);
    }

    [Fact]
    public async Task Who_activates_by_the_second_address_keeps_the_owner_of_the_first_out_and_the_owner_gets_their_own()
    {
        var (victim, attackers) = (SignInServer.NewAddress(), SignInServer.NewNumber());
        await server.RegisterAsync(victim, attackers, "Mallory");
        var victimsCode = await server.CodeAsync(victim);
        Assert.IsType<RegisterOutcome.Accepted>(await server.SendCodeAsync(attackers));
        Assert.True(await server.ActivateAsync(attackers, await server.CodeAsync(attackers)));
        var mallory = await server.IdAsync(attackers);

        // Into Mallory's account nobody is led by a code that Mallory asked for.
        Assert.False(await server.ActivateAsync(victim, victimsCode));
        server.Core.Clock.Advance(TimeSpan.FromMinutes(1));
        await server.RegisterAsync(victim, name: "Vera Victim");
        Assert.True(await server.ActivateAsync(victim, await server.CodeAsync(victim)));

        var user = await server.UserAsync(victim);
        Assert.Equal(("Vera Victim", true), (user.Name, user.EmailConfirmed));
        Assert.NotEqual(mallory, user.Id);
        Assert.Null((await server.UserAsync(mallory)).Email);
    }

    [Fact]
    public async Task Only_a_proof_takes_an_unproved_address_from_an_owned_account()
    {
        var (email, number) = (SignInServer.NewAddress(), SignInServer.NewNumber());
        var owner = await server.Core.AddUserAsync(email, true, number, false);

        await server.RegisterAsync(null, number, "Somebody Else");
        Assert.Equal(number, (await server.UserAsync(owner)).PhoneNumber);
        Assert.True(await server.ActivateAsync(number, await server.CodeAsync(number)));

        Assert.Null((await server.UserAsync(owner)).PhoneNumber);
        Assert.NotEqual(owner, await server.IdAsync(number));
    }

    [Fact]
    public async Task A_second_address_tells_nobody_whether_somebody_has_it()
    {
        var (first, second, number) = (SignInServer.NewAddress(), SignInServer.NewAddress(), SignInServer.NewNumber());
        await server.RegisterAsync(first, number);
        await server.RegisterAsync(second, number);
        Assert.Null((await server.UserAsync(second)).PhoneNumber);
        Assert.Equal(number, (await server.UserAsync(first)).PhoneNumber);

        foreach (var address in new[] { first, second })
        {
            Assert.True(await server.ActivateAsync(address, await server.CodeAsync(address)));
            Assert.Null((await server.UserAsync(address)).PhoneNumber);
        }
    }

    [Fact]
    public async Task What_an_administrator_wrote_down_stays()
    {
        var (email, number) = (SignInServer.NewAddress(), SignInServer.NewNumber());
        Assert.IsType<CreateOutcome.Created>(await server.Core.RunAsync<CreateUser, CreateOutcome>(create => create.CreateAsync(
            new() { Email = email, Phone = number, SendCode = true }, AccountServer.From(), new Operator(null, "test"), default)));

        Assert.True(await server.ActivateAsync(email, await server.CodeAsync(email)));
        Assert.Equal(number, (await server.UserAsync(email)).PhoneNumber);
    }

    [Fact]
    public async Task Roles_do_not_go_to_who_proves_the_other_of_two_addresses()
    {
        var (email, number) = (SignInServer.NewAddress(), SignInServer.NewNumber());
        await server.RegisterAsync(email, number);
        var id = await server.IdAsync(email);
        await MakeAdminAsync(id);

        await server.SendCodeAsync(number);
        Assert.True(await server.ActivateAsync(number, await server.CodeAsync(number)));
        Assert.False(await server.Core.RunAsync<UserQueries, bool>(users => users.HasRoleAsync(id, RoleNames.Admin, default)));
    }

    [Fact]
    public async Task An_account_with_roles_is_sent_its_code_and_not_overwritten()
    {
        var (email, number) = (SignInServer.NewAddress(), SignInServer.NewNumber());
        await server.RegisterAsync(email, name: "Ada Admin");
        await MakeAdminAsync(await server.IdAsync(email));
        server.Core.Clock.Advance(TimeSpan.FromSeconds(1));
        await server.RegisterAsync(email, number, "Mallory");

        var user = await server.UserAsync(email);
        Assert.Equal(("Ada Admin", null), (user.Name, user.PhoneNumber));
        Assert.True(await server.ActivateAsync(email, await server.CodeAsync(email)));
        Assert.True(await server.Core.RunAsync<UserQueries, bool>(users => users.HasRoleAsync(user.Id, RoleNames.Admin, default)));
    }

    [Fact]
    public async Task Of_both_codes_at_once_one_activates_and_its_address_alone_stays()
    {
        for (var round = 0; round < 8; round++)
        {
            var (email, number) = (SignInServer.NewAddress(), SignInServer.NewNumber());
            await server.RegisterAsync(email, number);
            var id = await server.IdAsync(email);
            Assert.IsType<RegisterOutcome.Accepted>(await server.SendCodeAsync(number));
            var codes = new List<(string Address, string Code)> { (email, await server.CodeAsync(email)), (number, await server.CodeAsync(number)) };

            var answers = await Task.WhenAll(codes.Select(code => Task.Run(() => server.ActivateAsync(code.Address, code.Code))));

            Assert.Single(answers, true);
            var user = await server.UserAsync(id);
            Assert.Equal(answers[0] ? (email, null) : (null, number), (user.Email, user.PhoneNumber));
        }
    }

    private async Task MakeAdminAsync(Guid id) =>
        Assert.Equal(UserChange.Done, await server.Core.RunAsync<UserAdministration, UserChange>(users => users.SetRolesAsync(id, [RoleNames.Admin], new Operator(null, "test"), default)));
}
