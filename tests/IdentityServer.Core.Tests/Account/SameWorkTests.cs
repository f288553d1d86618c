using IdentityServer.Core.Account;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Tests.SignIn;
using Xunit;

namespace IdentityServer.Core.Tests.Account;

public sealed class SqliteSameWorkTests(SqliteDatabase database) : SameWorkTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresSameWorkTests(PostgresDatabase database) : SameWorkTests(database), IClassFixture<PostgresDatabase>;

/// <summary>
/// Free, taken, disabled and registered addresses cost the same round trips, writes and transactions: who measures the time of an answer does not learn
/// which one it is. Each kind is asked in the same state: whether a code is on its way is no secret from who asked for it.
/// </summary>
public abstract class SameWorkTests
{
    private static readonly TimeSpan CodesEnd = TimeSpan.FromMinutes(40);
    private readonly CommandLog log = new();
    private readonly AccountServer server;

    protected SameWorkTests(TestDatabase database)
    {
        database.SkipIfMissing();
        server = new AccountServer(database, services: log.Add);
    }

    public static TheoryData<bool> Kinds { get; } = [true, false];

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Registering(bool byMail) => SameAsync(byMail, prepare: null, async address =>
        Assert.IsType<RegisterOutcome.Accepted>(await (byMail ? server.TryRegisterAsync(address, name: "Nora New") : server.TryRegisterAsync(null, address, "Nora New"))));

    [Fact]
    public Task Registering_with_both_addresses() => SameAsync(byMail: true, prepare: null, async address =>
        Assert.IsType<RegisterOutcome.Accepted>(await server.TryRegisterAsync(address, SignInServer.NewNumber())));

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Asking_for_an_activation_code(bool byMail) => SameAsync(byMail, prepare: null, async address =>
        Assert.IsType<RegisterOutcome.Accepted>(await server.SendCodeAsync(address)));

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Asking_for_another_one(bool byMail) => SameAsync(byMail, RegisterAsync, async address =>
    {
        server.Core.Clock.Advance(TimeSpan.FromSeconds(31));
        Assert.IsType<RegisterOutcome.Accepted>(await server.SendCodeAsync(address));
    });

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Activating_with_a_wrong_code(bool byMail) => SameAsync(byMail, RegisterAsync, async address => Assert.False(await server.ActivateAsync(address, await WrongAsync(address))));

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Activating_without_having_asked(bool byMail) => SameAsync(byMail, prepare: null, async address => Assert.False(await server.ActivateAsync(address, "123456")));

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Starting_to_sign_in(bool byMail) => SameAsync(byMail, prepare: null, async address =>
        Assert.IsType<StartOutcome.Started>(await server.Core.TryStartAsync(address, SignInServer.NewBrowser())));

    private async Task SameAsync(bool byMail, Func<string, Task>? prepare, Func<string, Task> ask)
    {
        var addresses = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var kind in new[] { "first of all", "free", "taken", "disabled", "registered", "registered again", "borne unproved" })
            addresses[kind] = byMail ? SignInServer.NewAddress() : SignInServer.NewNumber();
        await server.Core.AddUserAsync(addresses["taken"]);
        await server.Core.AddUserAsync(addresses["disabled"], disabled: true);
        foreach (var kind in new[] { "registered", "registered again", "registered again" })
            await RegisterAsync(addresses[kind]);
        await (byMail ? server.Core.AddUserAsync(addresses["borne unproved"], false, SignInServer.NewNumber(), true)
            : server.Core.AddUserAsync(SignInServer.NewAddress(), true, addresses["borne unproved"], false));
        server.Core.Clock.Advance(CodesEnd);
        if (prepare is not null)
        {
            foreach (var address in addresses.Values)
                await prepare(address);
        }

        var work = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (kind, address) in addresses)
        {
            log.Clear();
            await ask(address);
            work[kind] = log.Work;
        }

        // Keys are made and models compiled at the first.
        work.Remove("first of all");
        Assert.Matches("^[1-9]", work["free"]);
        Assert.True(work.Values.Distinct(StringComparer.Ordinal).Count() == 1, string.Join(Environment.NewLine, work.Select(pair => $"{pair.Key}: {pair.Value}")));
    }

    private Task RegisterAsync(string address) => address.Contains('@', StringComparison.Ordinal) ? server.RegisterAsync(address) : server.RegisterAsync(null, address);

    private async Task<string> WrongAsync(string address) =>
        (await server.MailAsync(address)).Model.TryGetValue("code", out var code) ? SignInServer.Other(code) : "123456";
}
