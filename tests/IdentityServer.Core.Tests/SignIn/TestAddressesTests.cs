using IdentityServer.Core.Proofs;
using IdentityServer.Core.SignIn;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

public sealed class SqliteTestAddressesTests(SqliteDatabase database) : TestAddressesTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresTestAddressesTests(PostgresDatabase database) : TestAddressesTests(database), IClassFixture<PostgresDatabase>;

public abstract class TestAddressesTests
{
    private const string Code = "271828";

    private readonly TestDatabase database;
    private readonly string address = SignInServer.NewAddress();
    private readonly string number = SignInServer.NewNumber();
    private readonly SignInServer server;

    protected TestAddressesTests(TestDatabase database)
    {
        database.SkipIfMissing();
        this.database = database;
        var end = database.Clock.Now.AddDays(1).ToString("O");
        server = new SignInServer(database, new()
        {
            [$"SignIn:TestAddresses:{address.ToUpperInvariant()}:Code"] = Code,
            [$"SignIn:TestAddresses:{address.ToUpperInvariant()}:EndsAt"] = end,
            [$"SignIn:TestAddresses:0{number[3..]}:Code"] = Code,
            [$"SignIn:TestAddresses:0{number[3..]}:EndsAt"] = end,
            ["SignIn:DefaultRegion"] = "GB",
        });
    }

    // The number works without text messages being set up: nothing is sent.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_fixed_code_signs_in_nothing_is_sent_and_the_audit_log_says_so(bool byPhone)
    {
        var (typed, browser) = (byPhone ? number : address, SignInServer.NewBrowser());
        await server.AddUserAsync(typed);
        var challenge = await server.StartAsync(typed, browser);

        Assert.IsType<VerifyOutcome.Wrong>(await server.VerifyAsync(challenge, "000000", browser));
        Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(challenge, Code, browser));

        Assert.False(await server.ReadAsync(db => db.Messages.AnyAsync(message => message.ChallengeId == challenge)));
        var user = (await server.UserIdsAsync(typed))[0];
        var entries = await server.ReadAsync(db => db.AuditEvents.Where(entry => entry.UserId == user).Select(entry => entry.Kind + entry.Data).ToListAsync());
        Assert.Equal(
            ["SignInStarted{\"decoy\":\"false\",\"test\":\"true\"}", "SignedIn{\"test\":\"true\"}", "WrongCode{\"failures\":\"1\"}"],
            entries.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task It_signs_up_with_the_same_code_after_a_resend()
    {
        var browser = SignInServer.NewBrowser();
        var challenge = await server.StartAsync(address, browser);
        server.Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.IsType<ResendOutcome.Sent>(await server.ResendAsync(challenge, browser));

        Assert.IsType<VerifyOutcome.DetailsNeeded>(await server.VerifyAsync(challenge, Code, browser));
        Assert.IsType<DetailsOutcome.SignedIn>(await server.ConfirmAsync(challenge, "App Reviewer", browser));
    }

    [Fact]
    public async Task It_is_counted_and_limited_like_any_other()
    {
        for (var start = 0; start < 5; start++)
        {
            var browser = SignInServer.NewBrowser();
            var challenge = await server.StartAsync(address, browser);
            if (start == 0)
            {
                for (var failure = 0; failure < 5; failure++)
                    await server.VerifyAsync(challenge, "000000", browser);
                Assert.IsType<VerifyOutcome.Spent>(await server.VerifyAsync(challenge, Code, browser));
            }
        }

        Assert.IsType<StartOutcome.TryLater>(await server.TryStartAsync(address, SignInServer.NewBrowser()));
    }

    [Fact]
    public async Task A_disabled_one_does_not_sign_in()
    {
        await server.AddUserAsync(address, disabled: true);
        var browser = SignInServer.NewBrowser();

        Assert.IsType<VerifyOutcome.Wrong>(await server.VerifyAsync(await server.StartAsync(address, browser), Code, browser));
    }

    [Fact]
    public async Task It_ends_when_it_was_said_to()
    {
        server.Clock.Advance(TimeSpan.FromDays(1) - TimeSpan.FromMinutes(1));
        var browser = SignInServer.NewBrowser();
        var challenge = await server.StartAsync(address, browser);
        server.Clock.Advance(TimeSpan.FromMinutes(1));

        Assert.IsType<VerifyOutcome.Spent>(await server.VerifyAsync(challenge, Code, browser));
        var later = await server.StartAsync(address, browser);
        Assert.IsType<VerifyOutcome.Wrong>(await server.VerifyAsync(later, Code, browser));
        Assert.NotEqual(Code, await server.CodeAsync(later));
        Assert.IsType<StartOutcome.OnlyEmail>(await server.TryStartAsync(number, browser));
    }

    [Theory]
    [InlineData("Production", "a@mail.example", Code, null, "EndsAt is missing")]
    [InlineData("Production", "a@mail.example", Code, 400, "at most a year ahead")]
    [InlineData("Production", "a@mail.example", Code, -1, "EndsAt is over")]
    [InlineData("Production", "a@mail.example", "12345", 30, "as many digits")]
    [InlineData("Production", "a@mail.example", "1234567", 30, "as many digits")]
    [InlineData("Production", "a@mail.example", "12345x", 30, "as many digits")]
    [InlineData("Production", "nobody", Code, 30, "neither an e-mail address nor a phone number")]
    [InlineData("Development", "+442079460958", Code, null, "neither an e-mail address nor a phone number")]
    [InlineData("Development", "a@mail.example", "1", null, "as many digits")]
    [InlineData("Production", "a@mail.example", Code, 30, null)]
    [InlineData("Development", "a@mail.example", Code, null, null)]
    [InlineData("Development", "a@mail.example", Code, -1, null)]
    public void What_could_stay_open_unnoticed_stops_the_start(string environment, string typed, string code, int? days, string? problem)
    {
        List<(string, string)> settings = [($"SignIn:TestAddresses:{typed}:Code", code)];
        if (days is { } ahead)
            settings.Add(($"SignIn:TestAddresses:{typed}:EndsAt", database.Clock.Now.AddDays(ahead).ToString("O")));

        var said = Problems(environment, settings);

        if (problem is null)
            Assert.Empty(said);
        else
            Assert.Contains(problem, said, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_address_twice_stops_the_start() =>
        Assert.Contains("are the same address", Problems("Development",
            [("SignIn:TestAddresses:+447400123456:Code", Code), ("SignIn:TestAddresses:+44 7400 123456:Code", Code)]), StringComparison.Ordinal);

    [Fact]
    public void A_default_region_that_is_none_stops_the_start() =>
        Assert.Contains("SignIn:DefaultRegion", Problems("Production", [("SignIn:DefaultRegion", "Germany")]), StringComparison.Ordinal);

    private string Problems(string environment, IEnumerable<(string, string)> settings)
    {
        var services = database.Start(settings, add => add.AddCore(), environment);
        try
        {
            _ = services.GetRequiredService<IOptions<SignInOptions>>().Value;
            return "";
        }
        catch (OptionsValidationException exception)
        {
            return exception.Message;
        }
    }
}
