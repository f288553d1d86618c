using IdentityServer.Core.Proofs;
using IdentityServer.Core.SignIn;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

public sealed class SqliteSmsWithheldTests(SqliteDatabase database) : SmsWithheldTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresSmsWithheldTests(PostgresDatabase database) : SmsWithheldTests(database), IClassFixture<PostgresDatabase>;

/// <summary>Text messages that are not sent, as the whole sign-in meets them.</summary>
public abstract class SmsWithheldTests
{
    private readonly TestDatabase database;

    protected SmsWithheldTests(TestDatabase database)
    {
        database.SkipIfMissing();
        this.database = database;
    }

    // A5
    [Fact]
    public async Task A_number_of_another_country_gets_the_same_answer_nothing_is_sent_and_it_is_written_down()
    {
        var server = new SignInServer(database, sms: true);
        var traces = new List<(string View, string Wrong, string Resent, int Messages, int Withheld)>();
        foreach (var number in new[] { SignInServer.NewNumber(), "+989123456789" })
        {
            var before = await CountsAsync(server);
            var browser = SignInServer.NewBrowser();
            var challenge = await server.StartAsync(number, browser);
            var view = (await server.LookAsync(challenge, browser))! with { Address = "" };
            var wrong = await server.VerifyAsync(challenge, "nonsense", browser);
            server.Clock.Advance(TimeSpan.FromSeconds(30));
            var resent = await server.ResendAsync(challenge, browser);
            var after = await CountsAsync(server);
            traces.Add((
                $"{view.CodeLength} {view.ParkedRequest} {server.Clock.Now - view.ResendAt} {server.Clock.Now - view.ExpiresAt}",
                wrong.ToString(),
                resent.ToString(),
                after.Messages - before.Messages,
                after.Withheld - before.Withheld));
        }

        Assert.Equal((traces[0].View, traces[0].Wrong, traces[0].Resent), (traces[1].View, traces[1].Wrong, traces[1].Resent));
        Assert.Equal([(2, 0), (0, 2)], traces.Select(trace => (trace.Messages, trace.Withheld)));
    }

    // A7
    [Fact]
    public async Task With_the_budget_spent_sign_in_goes_on_silently_and_mail_is_sent()
    {
        var server = new SignInServer(database, sms: true, smsBudget: 2);
        await server.ReadAsync(db => db.Counters.ExecuteDeleteAsync());
        for (var message = 0; message < 5; message++)
            await server.StartAsync(SignInServer.NewNumber(), SignInServer.NewBrowser());

        var sent = await server.ReadAsync(db => db.Counters.Where(row => row.Key == SmsGate.DayKey).Select(row => row.Count).SingleAsync());
        Assert.Equal(20_000, sent);
        await server.MailAsync(await server.StartAsync(SignInServer.NewAddress(), SignInServer.NewBrowser()));
    }

    // A2: the day's count of text messages outlives sign-ins: each costs money.
    [Fact]
    public async Task Who_signs_in_by_text_message_again_and_again_gets_ten_a_day()
    {
        var server = new SignInServer(database, sms: true);
        var number = SignInServer.NewNumber();
        for (var signIn = 0; signIn < 8; signIn++)
        {
            var browser = SignInServer.NewBrowser();
            var challenge = await server.StartAsync(number, browser);
            Assert.IsType<VerifyOutcome.DetailsNeeded>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser));
        }

        await server.StartAsync(number, SignInServer.NewBrowser());
        await server.StartAsync(number, SignInServer.NewBrowser());
        Assert.IsType<StartOutcome.TryLater>(await server.TryStartAsync(number, SignInServer.NewBrowser()));
    }

    private static Task<(int Messages, int Withheld)> CountsAsync(SignInServer server) => server.ReadAsync(async db =>
        (await db.Messages.CountAsync(), await db.AuditEvents.CountAsync(entry => entry.Kind == "SmsWithheld")));
}
