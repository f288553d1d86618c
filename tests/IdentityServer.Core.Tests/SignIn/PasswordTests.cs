using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.SignIn;
using IdentityServer.Core.Users;
using IdentityServer.Core.Users.Passwords;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

public sealed class SqlitePasswordTests(SqliteDatabase database) : PasswordTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresPasswordTests(PostgresDatabase database) : PasswordTests(database), IClassFixture<PostgresDatabase>;

/// <summary>A password before the code, and what goes round it.</summary>
public abstract class PasswordTests
{
    private const string Right = "Vogel-beisst-3x";
    private const string New = "Fisch-singt-4y!";

    private readonly SignInServer server;
    private readonly CountingHasher hasher = new();

    protected PasswordTests(TestDatabase database)
    {
        database.SkipIfMissing();
        server = new SignInServer(
            database,
            new() { ["SignIn:Password:Enabled"] = "true", ["Limits:MessagesPerAddressAndHour"] = "1000", ["Limits:MessagesPerAddressAndDay"] = "1000" },
            services: services => services.AddSingleton<IPasswordHasher<User>>(hasher));
    }

    [Fact]
    public async Task The_right_password_and_the_right_code_sign_in_with_both_methods()
    {
        var (address, browser) = await NewPersonAsync(Right);
        var challenge = Started(await CheckAsync(address, Right, browser));

        var outcome = Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser));

        Assert.Equal(["pwd", "otp"], await MethodsAsync(outcome));
    }

    [Fact]
    public async Task A_wrong_password_an_unknown_address_and_an_account_without_one_cost_one_hash_and_answer_alike()
    {
        var (known, browser) = await NewPersonAsync(Right);
        var (without, _) = await NewPersonAsync(null);
        var disabled = SignInServer.NewAddress();
        await server.AddUserAsync(disabled, disabled: true);
        await CheckAsync(without, "warm-Up-7!", browser);

        foreach (var address in new[] { known, without, SignInServer.NewAddress(), disabled })
        {
            hasher.Count = 0;
            Assert.IsType<PasswordOutcome.Wrong>(await CheckAsync(address, "Not-it-at-all-5", browser));
            Assert.Equal(1, hasher.Count);
        }
    }

    [Fact]
    public async Task Guesses_that_come_all_at_once_are_never_compared_more_often_than_the_budget_allows()
    {
        var (address, _) = await NewPersonAsync(Right);
        await CheckAsync(SignInServer.NewAddress(), "warm-Up-7!", SignInServer.NewBrowser());
        hasher.Count = 0;

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => CheckAsync(address, "Not-it-at-all-5", SignInServer.NewBrowser())));

        // The tenth in a row begins the pause.
        Assert.Equal(10, outcomes.OfType<PasswordOutcome.Wrong>().Count());
        Assert.Equal(40, outcomes.OfType<PasswordOutcome.Paused>().Count());
        Assert.Equal(10, hasher.Count);
        Assert.IsType<PasswordOutcome.Paused>(await CheckAsync(address, Right, SignInServer.NewBrowser()));
    }

    [Fact]
    public async Task Signing_in_forgets_wrong_passwords_and_a_right_password_alone_does_not()
    {
        var (address, browser) = await NewPersonAsync(Right);
        for (var tries = 0; tries < 8; tries++)
            Assert.IsType<PasswordOutcome.Wrong>(await CheckAsync(address, "Not-it-at-all-5", browser));
        var challenge = Started(await CheckAsync(address, Right, browser));
        Assert.Equal(8, await FailuresAsync(challenge));

        await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser);

        Assert.Equal(0, await FailuresAsync(challenge));
    }

    [Fact]
    public async Task A_code_or_a_link_alone_opens_no_account_that_has_a_password()
    {
        var (address, browser) = await NewPersonAsync(Right);
        var byCode = await server.StartAsync(address, browser);
        Assert.IsType<VerifyOutcome.PasswordNeeded>(await server.VerifyAsync(byCode, await server.CodeAsync(byCode), browser));
        var byLink = await server.StartAsync(address, browser);
        Assert.IsType<VerifyOutcome.PasswordNeeded>(await server.UseLinkAsync((await server.MailAsync(byLink)).Token, browser));

        Assert.IsType<DetailsOutcome.Gone>(await server.ConfirmAsync(byCode, "Somebody Else", browser));
        Assert.Equal(0, await server.SessionsAsync(address));
    }

    [Fact]
    public async Task A_challenge_that_still_waits_for_its_code_sets_no_password()
    {
        var (address, browser) = await NewPersonAsync(Right);
        var challenge = await server.StartAsync(address, browser);

        Assert.IsType<NewPasswordOutcome.Gone>(await ResetAsync(challenge, New, browser));
        Assert.IsType<NewPasswordOutcome.Gone>(await ResetAsync(challenge, New, SignInServer.NewBrowser()));

        Assert.IsType<PasswordOutcome.Passed>(await CheckAsync(address, Right, browser));
    }

    [Fact]
    public async Task After_the_code_a_new_password_signs_in_and_ends_all_other_sessions()
    {
        var (address, browser) = await NewPersonAsync(Right);
        var elsewhere = SignInServer.NewBrowser();
        var earlier = Started(await CheckAsync(address, Right, elsewhere));
        await server.VerifyAsync(earlier, await server.CodeAsync(earlier), elsewhere);
        var waiting = Started(await CheckAsync(address, Right, elsewhere));
        var codeThere = await server.CodeAsync(waiting);

        var challenge = await server.StartAsync(address, browser);
        await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser);
        Assert.Contains(PasswordRule.Uncommon, Assert.IsType<NewPasswordOutcome.Unfit>(await ResetAsync(challenge, "Password1!", browser)).Unmet);
        Assert.IsType<NewPasswordOutcome.Gone>(await ResetAsync(challenge, New, elsewhere));
        var first = Assert.IsType<NewPasswordOutcome.SignedIn>(await ResetAsync(challenge, New, browser));
        var again = Assert.IsType<NewPasswordOutcome.SignedIn>(await ResetAsync(challenge, "Other-one-than-5!", browser));

        Assert.Equal(first.Ticket.SessionId, again.Ticket.SessionId);
        var live = await server.ReadAsync(db => db.Sessions.Where(row => row.EndedAt == null).Select(row => row.Id).ToListAsync());
        Assert.Contains(first.Ticket.SessionId, live);
        Assert.Equal(1, await LiveSessionsAsync(address));

        // The old password was right when that challenge began; it is worth nothing now.
        Assert.IsType<VerifyOutcome.PasswordNeeded>(await server.VerifyAsync(waiting, codeThere, elsewhere));
        Assert.IsType<PasswordOutcome.Wrong>(await CheckAsync(address, Right, browser));
        Assert.IsType<PasswordOutcome.Passed>(await CheckAsync(address, New, browser));
    }

    [Fact]
    public async Task New_people_and_accounts_without_a_password_sign_in_by_code_alone()
    {
        var (address, browser) = await NewPersonAsync(null);
        var challenge = await server.StartAsync(address, browser);
        Assert.Equal(["otp"], await MethodsAsync(Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser))));

        var stranger = SignInServer.NewBrowser();
        var fresh = await server.StartAsync(SignInServer.NewAddress(), stranger);
        Assert.IsType<VerifyOutcome.DetailsNeeded>(await server.VerifyAsync(fresh, await server.CodeAsync(fresh), stranger));
    }

    [Fact]
    public async Task An_old_hash_is_replaced_when_its_password_was_right()
    {
        var (address, browser) = await NewPersonAsync(null);
        var old = new PasswordHasher<User>(Options.Create(new PasswordHasherOptions { IterationCount = 1_000 })).HashPassword(new User(), Right);
        var user = (await server.UserIdsAsync(address)).Single();
        await server.ReadAsync(db => db.Users.Where(row => row.Id == user).ExecuteUpdateAsync(set => set.SetProperty(row => row.PasswordHash, old)));

        var challenge = Started(await CheckAsync(address, Right, browser));

        Assert.NotEqual(old, (await server.UserAsync(user)).PasswordHash);
        Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser));
    }

    [Fact]
    public async Task An_address_is_sealed_for_one_browser_and_half_an_hour()
    {
        var (address, browser) = await NewPersonAsync(Right);
        var who = await WhoAsync(address, browser);

        Assert.IsType<PasswordOutcome.Gone>(await server.RunAsync<CheckPassword, PasswordOutcome>(check => check.CheckAsync(who, Right, null, SignInServer.NewBrowser(), default)));
        Assert.IsType<PasswordOutcome.Gone>(await server.RunAsync<CheckPassword, PasswordOutcome>(check => check.SkipAsync(who[..^2], null, browser, default)));
        server.Clock.Advance(TimeSpan.FromMinutes(31));
        Assert.IsType<PasswordOutcome.Gone>(await server.RunAsync<CheckPassword, PasswordOutcome>(check => check.CheckAsync(who, Right, null, browser, default)));
    }

    private async Task<(string Address, Visitor Browser)> NewPersonAsync(string? password)
    {
        var address = SignInServer.NewAddress();
        var user = await server.AddUserAsync(address);
        var hash = password is null ? null : hasher.HashPassword(new User(), password);
        await server.ReadAsync(db => db.Users.Where(row => row.Id == user).ExecuteUpdateAsync(set => set.SetProperty(row => row.PasswordHash, hash)));
        return (address, SignInServer.NewBrowser());
    }

    private Task<string> WhoAsync(string address, Visitor browser) =>
        server.RunAsync<CheckPassword, string>(check => Task.FromResult(check.Introduce(address, browser).Who!));

    private async Task<PasswordOutcome> CheckAsync(string address, string password, Visitor browser)
    {
        var who = await WhoAsync(address, browser);
        return await server.RunAsync<CheckPassword, PasswordOutcome>(check => check.CheckAsync(who, password, null, browser, default));
    }

    private Task<NewPasswordOutcome> ResetAsync(Guid challenge, string password, Visitor browser) =>
        server.RunAsync<ResetPassword, NewPasswordOutcome>(reset => reset.ResetAsync(challenge, password, browser, default));

    private static Guid Started(PasswordOutcome outcome) => Assert.IsType<StartOutcome.Started>(Assert.IsType<PasswordOutcome.Passed>(outcome).Start).ChallengeId;

    private Task<IReadOnlyList<string>> MethodsAsync(VerifyOutcome.SignedIn outcome) =>
        server.ReadAsync(db => db.Sessions.Where(row => row.Id == outcome.Ticket.SessionId).Select(row => row.Methods).SingleAsync());

    private async Task<int> LiveSessionsAsync(string address)
    {
        var user = (await server.UserIdsAsync(address)).Single();
        return await server.ReadAsync(db => db.Sessions.CountAsync(row => row.UserId == user && row.EndedAt == null));
    }

    private async Task<long> FailuresAsync(Guid challenge)
    {
        var key = "password-failures:" + System.Buffers.Text.Base64Url.EncodeToString((await server.ChallengeAsync(challenge)).AddressHash);
        return await server.ReadAsync(db => db.Counters.Where(row => row.Key == key).Select(row => row.Count).SingleOrDefaultAsync());
    }

    // The real thing with few rounds, counted: the clock would tell of the machine's other work.
    private sealed class CountingHasher : IPasswordHasher<User>
    {
        private readonly PasswordHasher<User> inner = new(Options.Create(new PasswordHasherOptions { IterationCount = 2_000 }));
        private int count;

        public int Count
        {
            get => count;
            set => count = value;
        }

        public string HashPassword(User user, string password)
        {
            Interlocked.Increment(ref count);
            return inner.HashPassword(user, password);
        }

        public PasswordVerificationResult VerifyHashedPassword(User user, string hashedPassword, string providedPassword)
        {
            Interlocked.Increment(ref count);
            return inner.VerifyHashedPassword(user, hashedPassword, providedPassword);
        }
    }
}
