using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.SignIn;
using IdentityServer.Protocol.Authorize;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

public sealed class SqliteStartSignInTests(SqliteDatabase database) : StartSignInTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresStartSignInTests(PostgresDatabase database) : StartSignInTests(database), IClassFixture<PostgresDatabase>;

public abstract class StartSignInTests
{
    private readonly SignInServer server;
    private readonly SignInServer closed;

    protected StartSignInTests(TestDatabase database)
    {
        database.SkipIfMissing();
        server = new SignInServer(database);
        closed = new SignInServer(database, new() { ["SignIn:SignUp"] = "false" });
    }

    [Theory]
    [InlineData("")]
    [InlineData("alice")]
    [InlineData("alice@example.com\r\nBcc: bob@example.com")]
    public async Task What_is_no_address_writes_nothing(string typed)
    {
        var before = await RowsAsync();

        Assert.IsType<StartOutcome.NotAnAddress>(await server.TryStartAsync(typed, SignInServer.NewBrowser()));

        Assert.Equal(before, await RowsAsync());
    }

    [Fact]
    public async Task The_message_goes_to_the_address_as_its_owner_proved_it()
    {
        var address = SignInServer.NewAddress();
        await server.AddUserAsync(address);
        var browser = SignInServer.NewBrowser();

        var challenge = await server.StartAsync(address.ToUpperInvariant(), browser);

        Assert.Equal(address, (await server.MailAsync(challenge)).To);
        Assert.Equal(address.ToUpperInvariant().Replace("MAIL.EXAMPLE", "mail.example", StringComparison.Ordinal), (await server.LookAsync(challenge, browser))!.Address);
    }

    [Fact]
    public async Task The_message_speaks_the_language_of_the_page()
    {
        var challenge = await server.StartAsync(SignInServer.NewAddress(), SignInServer.NewBrowser() with { Locale = "de-AT" });
        var mail = await server.MailAsync(challenge);

        Assert.Equal(("de-AT", "5", "id.example"), (mail.Locale, mail.Model["minutes"], mail.Model["host"]));
        Assert.StartsWith("https://id.example/sign-in/link?token=", mail.Model["link"], StringComparison.Ordinal);
    }

    // L6 and thread 20: the link goes on with the request that waited.
    [Fact]
    public async Task The_parked_request_comes_back_with_code_and_link()
    {
        var parked = server.Services.GetRequiredService<ParkedRequests>().Park(new AuthorizeRequest
        {
            ClientId = "app",
            RedirectUri = "https://app.example/back",
            ResponseMode = "query",
            Scopes = ["openid"],
            State = "state",
            ReceivedAt = server.Clock.Now,
        });
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        await server.AddUserAsync(address);

        var challenge = await server.StartAsync(address, browser, parked);

        Assert.Equal(parked, (await server.LookAsync(challenge, browser))!.ParkedRequest);
        Assert.Equal(parked, Assert.IsType<LinkView.Ready>(await server.LookAtLinkAsync((await server.MailAsync(challenge)).Token, browser)).ParkedRequest);
        Assert.Equal(parked, Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser)).ParkedRequest);
    }

    [Fact]
    public async Task A_request_that_cannot_be_opened_is_not_kept()
    {
        var browser = SignInServer.NewBrowser();
        var challenge = await server.StartAsync(SignInServer.NewAddress(), browser, "forged");

        Assert.Null((await server.LookAsync(challenge, browser))!.ParkedRequest);
    }

    // E1: known, new, disabled, known to be dead, and unknown while sign-up is closed: the same rows, the same answers.
    [Fact]
    public async Task Nothing_tells_who_has_an_account()
    {
        var (known, disabled) = (SignInServer.NewAddress(), SignInServer.NewAddress());
        await server.AddUserAsync(known);
        await server.AddUserAsync(disabled, disabled: true);
        var dead = SignInServer.NewAddress();
        await server.AddUserAsync(dead);
        await server.ReadAsync(db =>
        {
            var (hash, at) = (server.Services.GetRequiredService<MessageSeal>().Hash(Channel.Email, dead), server.Clock.Now);
            db.Suppressions.Add(new Suppression { Hash = hash, Reason = nameof(SuppressionReason.DeadAddress), Provider = "smtp", At = at, ExpiresAt = at.AddHours(1) });
            return db.SaveChangesAsync();
        });

        // The first of all makes the rows that count everybody.
        await TraceAsync(SignInServer.NewAddress());
        var traces = new List<string>();
        foreach (var address in new[] { known, disabled, dead, SignInServer.NewAddress() })
            traces.Add(await TraceAsync(address));

        Assert.Single(traces.Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Only_the_mail_tells_why_nobody_can_sign_in()
    {
        var disabled = SignInServer.NewAddress();
        await closed.AddUserAsync(disabled, disabled: true);

        var toDisabled = await closed.MailAsync(await closed.StartAsync(disabled, SignInServer.NewBrowser()));
        var toUnknown = await closed.MailAsync(await closed.StartAsync(SignInServer.NewAddress(), SignInServer.NewBrowser()));

        Assert.Equal(("AccountDisabled", "NoAccount"), (toDisabled.Template, toUnknown.Template));
        Assert.Equal(["host"], toDisabled.Model.Keys);
        Assert.Equal(["host"], toUnknown.Model.Keys);
    }

    // E4, A2
    [Fact]
    public async Task A_sixth_message_within_an_hour_is_refused_alike_for_known_and_unknown()
    {
        var (known, unknown) = (SignInServer.NewAddress(), SignInServer.NewAddress());
        await server.AddUserAsync(known);
        foreach (var address in new[] { known, unknown })
        {
            for (var start = 0; start < 5; start++)
                await server.StartAsync(start % 2 == 0 ? address : address.ToUpperInvariant(), SignInServer.NewBrowser());
        }

        var before = await RowsAsync();
        var answers = new[] { await server.TryStartAsync(known, SignInServer.NewBrowser()), await server.TryStartAsync(unknown, SignInServer.NewBrowser()) };

        // One note for each limit that was full, alike for both; what is refused once more leaves none.
        Assert.All(answers, answer => Assert.Equal(new StartOutcome.TryLater(server.Clock.Now.AddHours(1)), answer));
        var noted = (before.Item1, before.Item2, before.Item3 + 2, before.Item4 + 2);
        Assert.Equal(noted, await RowsAsync());
        await server.TryStartAsync(known, SignInServer.NewBrowser());
        Assert.Equal(noted, await RowsAsync());
        server.Clock.Advance(TimeSpan.FromHours(1));
        await server.StartAsync(known, SignInServer.NewBrowser());
    }

    [Fact]
    public async Task Who_answers_messages_may_ask_for_more()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        await server.AddUserAsync(address);

        for (var signIn = 0; signIn < 8; signIn++)
            await server.SignInAsync(address, browser);
    }

    // A3
    [Fact]
    public async Task A_network_starts_a_hundred_sign_ins_an_hour()
    {
        for (var start = 0; start < 100; start++)
            await server.StartAsync(SignInServer.NewAddress(), SignInServer.NewBrowser($"203.0.113.{start}"));

        var refused = await server.TryStartAsync(SignInServer.NewAddress(), SignInServer.NewBrowser("203.0.113.200"));

        Assert.Equal(new StartOutcome.TryLater(server.Clock.Now.AddHours(1)), refused);
        Assert.IsType<StartOutcome.Started>(await server.TryStartAsync(SignInServer.NewAddress(), SignInServer.NewBrowser("203.0.114.1")));
    }

    [Fact]
    public async Task A_resend_waits_and_ends_with_the_fifth_message()
    {
        var generous = SignInServer.NewAddress();
        var browser = SignInServer.NewBrowser();
        var challenge = await server.StartAsync(generous, browser);
        Assert.Equal(new ResendOutcome.TooSoon(server.Clock.Now.AddSeconds(30)), await server.ResendAsync(challenge, browser));

        for (var send = 2; send <= 5; send++)
        {
            server.Clock.Advance(TimeSpan.FromSeconds(30));
            Assert.IsType<ResendOutcome.Sent>(await server.ResendAsync(challenge, browser));
        }

        server.Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.IsType<ResendOutcome.Gone>(await server.ResendAsync(challenge, browser));
    }

    [Fact]
    public async Task Looking_at_the_code_page_tells_what_it_shows()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        var challenge = await server.StartAsync(address, browser);

        Assert.Equal(
            new ChallengeView(address, Channel.Email, null, 6, server.Clock.Now.AddSeconds(30), server.Clock.Now.AddMinutes(5)),
            await server.LookAsync(challenge, browser));
    }

    // Everything that an outsider could see or measure: rows written, and what each step answers.
    private async Task<string> TraceAsync(string address)
    {
        var browser = SignInServer.NewBrowser();
        var before = await RowsAsync();
        var challenge = await server.StartAsync(address, browser);
        var started = await RowsAsync();
        var view = (await server.LookAsync(challenge, browser))! with { Address = "" };
        var wrong = await server.VerifyAsync(challenge, await server.WrongCodeAsync(challenge), browser);
        var verified = await RowsAsync();
        server.Clock.Advance(TimeSpan.FromSeconds(30));
        var resent = await server.ResendAsync(challenge, browser);
        var after = await RowsAsync();
        var sinceStart = server.Clock.Now - view.ResendAt;
        return $"{Difference(before, started)} {sinceStart} {view.CodeLength} {wrong} {Difference(started, verified)} {resent} {Difference(verified, after)}";
    }

    private static string Difference((int, int, int, int) from, (int, int, int, int) to) =>
        $"{to.Item1 - from.Item1}/{to.Item2 - from.Item2}/{to.Item3 - from.Item3}/{to.Item4 - from.Item4}";

    private Task<(int Challenges, int Messages, int Audit, int Counters)> RowsAsync() => server.ReadAsync(async db =>
        (await db.Challenges.CountAsync(), await db.Messages.CountAsync(), await db.AuditEvents.CountAsync(), await db.Counters.CountAsync()));
}
