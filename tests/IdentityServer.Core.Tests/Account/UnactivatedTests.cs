using System.Globalization;
using IdentityServer.Core.Account;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.SignIn;
using IdentityServer.Core.Tests.Persistence;
using IdentityServer.Core.Tests.SignIn;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Core.Tests.Account;

public sealed class SqliteUnactivatedTests(SqliteDatabase database) : UnactivatedTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresUnactivatedTests(PostgresDatabase database) : UnactivatedTests(database), IClassFixture<PostgresDatabase>;

/// <summary>Who registered and proved nothing is forgotten: see <see cref="User.RegisteredAt"/>.</summary>
public abstract class UnactivatedTests
{
    private static readonly Operator Admin = new(null, "test");
    private readonly TestDatabase database;
    private readonly AccountServer server;

    protected UnactivatedTests(TestDatabase database)
    {
        database.SkipIfMissing();
        this.database = database;
        server = new AccountServer(database);
    }

    [Fact]
    public async Task An_account_that_nobody_activates_is_forgotten_after_its_time()
    {
        var (email, number) = (SignInServer.NewAddress(), SignInServer.NewNumber());
        await server.RegisterAsync(email);
        await server.RegisterAsync(null, number);

        server.Core.Clock.Advance(TimeSpan.FromDays(7));
        await PruneAsync();
        await server.IdAsync(email);
        await server.IdAsync(number);

        server.Core.Clock.Advance(TimeSpan.FromSeconds(1));
        await PruneAsync();
        Assert.Empty(await server.Core.UserIdsAsync(email));
        Assert.Empty(await server.Core.UserIdsAsync(number));

        await server.RegisterAndActivateAsync(email);
    }

    [Fact]
    public async Task Its_time_is_a_setting_and_begins_anew_with_each_registration()
    {
        var email = SignInServer.NewAddress();
        await server.RegisterAsync(email);
        server.Core.Clock.Advance(TimeSpan.FromHours(20));
        await server.RegisterAsync(email, name: "Nora New");
        server.Core.Clock.Advance(TimeSpan.FromHours(20));
        await PruneAsync(("Prune:UnactivatedRetention", "1.00:00:00"));
        await server.IdAsync(email);

        server.Core.Clock.Advance(TimeSpan.FromHours(5));
        await PruneAsync(("Prune:UnactivatedRetention", "1.00:00:00"));
        Assert.Empty(await server.Core.UserIdsAsync(email));
    }

    [Fact]
    public async Task Who_ever_proved_an_address_stays()
    {
        var (activated, signedIn) = (SignInServer.NewAddress(), SignInServer.NewAddress());
        await server.RegisterAndActivateAsync(activated);
        await server.RegisterAsync(signedIn);
        await server.Core.SignInAsync(signedIn, SignInServer.NewBrowser());
        foreach (var email in new[] { activated, signedIn })
            Assert.Null((await server.UserAsync(email)).RegisteredAt);

        await LaterAsync();
        foreach (var email in new[] { activated, signedIn })
            await server.IdAsync(email);
    }

    [Fact]
    public async Task Whom_an_administrator_made_or_changed_or_configuration_declares_stays()
    {
        var emails = Enumerable.Range(0, 7).Select(_ => SignInServer.NewAddress()).ToList();
        await CreateAsync(emails[0]);
        await CreateAsync(emails[1]);
        server.Core.Clock.Advance(TimeSpan.FromMinutes(2));
        await server.RegisterAsync(emails[1], name: "Registered Besides");
        foreach (var email in emails[2..])
            await server.RegisterAsync(email);
        await ChangeAsync(emails[2], (users, id) => users.SetRolesAsync(id, [RoleNames.Admin], Admin, default));
        await ChangeAsync(emails[3], (users, id) => users.DisableAsync(id, Admin, default));
        var edited = await server.IdAsync(emails[4]);
        Assert.IsType<EditOutcome.Edited>(await server.Core.RunAsync<ProfileEditing, EditOutcome>(
            profiles => profiles.EditAsync(edited, new ProfileChanges { Name = "Known To Us" }, null, Admin, default)));
        Assert.Null(await server.Core.RunAsync<UserDirectory, string?>(users => users.PutAsync(emails[5], "Declared", disabled: false, phone: null, default)));

        await LaterAsync();
        foreach (var email in emails[..6])
            await server.IdAsync(email);
        Assert.Empty(await server.Core.UserIdsAsync(emails[6]));
    }

    [Fact]
    public async Task Who_was_just_sent_a_code_may_use_it()
    {
        var email = SignInServer.NewAddress();
        await server.RegisterAsync(email);
        server.Core.Clock.Advance(TimeSpan.FromDays(7) - TimeSpan.FromMinutes(1));
        Assert.IsType<RegisterOutcome.Accepted>(await server.SendCodeAsync(email));
        server.Core.Clock.Advance(TimeSpan.FromMinutes(2));
        await PruneAsync();
        Assert.True(await server.ActivateAsync(email, await server.CodeAsync(email)));
    }

    [Fact]
    public async Task More_than_a_batch_holds_goes_at_once()
    {
        var emails = Enumerable.Range(0, 25).Select(_ => SignInServer.NewAddress()).ToList();
        foreach (var email in emails)
            await server.RegisterAsync(email);
        server.Core.Clock.Advance(TimeSpan.FromDays(8));
        await PruneAsync(("Prune:BatchSize", "10"));
        foreach (var email in emails)
            Assert.Empty(await server.Core.UserIdsAsync(email));
    }

    // Whoever is told that they are in has an account; whoever is not has none, and none is left without a proof.
    [Fact]
    public async Task Signing_in_while_it_is_forgotten_ends_with_an_account_or_without()
    {
        var people = Enumerable.Range(0, 16).Select(_ => (Email: SignInServer.NewAddress(), Browser: SignInServer.NewBrowser())).ToList();
        foreach (var (email, _) in people)
            await server.RegisterAsync(email);
        server.Core.Clock.Advance(TimeSpan.FromDays(8));
        var proofs = new List<(Guid Challenge, string Code)>();
        foreach (var (email, browser) in people)
        {
            var challenge = await server.Core.StartAsync(email, browser);
            proofs.Add((challenge, await server.Core.CodeAsync(challenge)));
        }

        var prunings = Enumerable.Range(0, 3).Select(_ => Task.Run(() => PruneAsync(("Prune:BatchSize", "1")))).ToList();
        var outcomes = await Task.WhenAll(people.Select((person, i) => Task.Run(() => server.Core.VerifyAsync(proofs[i].Challenge, proofs[i].Code, person.Browser))));
        await Task.WhenAll(prunings);
        await PruneAsync();

        for (var i = 0; i < people.Count; i++)
        {
            var ids = await server.Core.UserIdsAsync(people[i].Email);
            Assert.Equal(outcomes[i] switch { VerifyOutcome.SignedIn => 1, VerifyOutcome.DetailsNeeded => 0, _ => -1 }, ids.Count);
            Assert.All(ids, id => Assert.True(server.UserAsync(id).Result.EmailConfirmed));
        }
    }

    [Fact]
    public async Task Activating_while_others_are_forgotten_always_succeeds()
    {
        var emails = Enumerable.Range(0, 12).Select(_ => SignInServer.NewAddress()).ToList();
        foreach (var email in emails)
            await server.RegisterAsync(email);
        server.Core.Clock.Advance(TimeSpan.FromDays(8));
        foreach (var email in emails)
            Assert.IsType<RegisterOutcome.Accepted>(await server.SendCodeAsync(email));
        var codes = new List<string>();
        foreach (var email in emails)
            codes.Add(await server.CodeAsync(email));

        var prunings = Enumerable.Range(0, 3).Select(_ => Task.Run(() => PruneAsync())).ToList();
        var answers = await Task.WhenAll(emails.Select((email, i) => Task.Run(() => server.ActivateAsync(email, codes[i]))));
        await Task.WhenAll(prunings);
        Assert.DoesNotContain(false, answers);
        foreach (var email in emails)
            Assert.True((await server.UserAsync(email)).EmailConfirmed);
    }

    // P2: where there are many accounts, and few of them to be forgotten.
    [Fact]
    public async Task They_are_found_by_the_index_and_so_are_their_codes()
    {
        await using var db = await database.OpenAsync();
        for (var i = 0; i < 3000; i++)
        {
            var at = server.Now.AddMinutes(i);
            var user = Accounts.New(i.ToString("D6", CultureInfo.InvariantCulture), at);
            (user.EmailConfirmed, user.RegisteredAt) = (i % 100 > 0, i % 100 > 0 ? null : at);
            db.AddRange(user, NewChallenge(user.Id, at));
        }

        await db.SaveChangesAsync();
        await db.Database.ExecuteSqlRawAsync("ANALYZE");
        var plan = await Plans.OfAsync(db, PruneJob.UnactivatedSql(db), Plans.Stored(db, server.Now.AddDays(-7)), 1000, Plans.Stored(db, server.Now));
        Assert.Contains("IX_Users_RegisteredAt", plan, StringComparison.Ordinal);
        Assert.Contains("IX_Challenges_UserId", plan, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_declared_user_has_no_last_sign_in_before_the_first()
    {
        var email = SignInServer.NewAddress();
        Assert.Null(await server.Core.RunAsync<UserDirectory, string?>(users => users.PutAsync(email, "Declared", disabled: false, phone: null, default)));
        Assert.Null((await server.UserAsync(email)).LastSignInAt);
        await server.Core.SignInAsync(email, SignInServer.NewBrowser());
        Assert.Equal(server.Now, (await server.UserAsync(email)).LastSignInAt);
    }

    private static Challenge NewChallenge(Guid user, DateTimeOffset at) => new()
    {
        Id = Guid.CreateVersion7(at),
        Purpose = ChallengePurpose.Registration,
        Channel = Channel.Email,
        AddressHash = user.ToByteArray(),
        Address = "",
        UserId = user,
        Codes = [],
        BrowserHash = [1],
        Locale = "en",
        LastSentAt = at,
        CreatedAt = at,
        ExpiresAt = at,
    };

    private async Task LaterAsync()
    {
        server.Core.Clock.Advance(TimeSpan.FromDays(400));
        await PruneAsync();
    }

    private Task<long> PruneAsync(params (string Key, string Value)[] settings) => database.Start(settings).GetRequiredService<PruneJob>().RunAsync(default);

    private async Task CreateAsync(string email) => Assert.IsType<CreateOutcome.Created>(await server.Core.RunAsync<CreateUser, CreateOutcome>(
        create => create.CreateAsync(new CreatedAccount { Email = email, SendCode = true }, AccountServer.From(), Admin, default)));

    private async Task ChangeAsync(string email, Func<UserAdministration, Guid, Task<UserChange>> change)
    {
        var id = await server.IdAsync(email);
        Assert.Equal(UserChange.Done, await server.Core.RunAsync<UserAdministration, UserChange>(users => change(users, id)));
    }
}
