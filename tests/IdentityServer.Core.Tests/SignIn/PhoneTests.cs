using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.SignIn;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

public sealed class SqlitePhoneTests(SqliteDatabase database) : PhoneTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresPhoneTests(PostgresDatabase database) : PhoneTests(database), IClassFixture<PostgresDatabase>;

public abstract class PhoneTests
{
    private readonly SignInServer server;
    private readonly SignInServer closed;
    private readonly SignInServer onlyEmail;

    protected PhoneTests(TestDatabase database)
    {
        database.SkipIfMissing();
        server = new SignInServer(database, new() { ["SignIn:DefaultRegion"] = "GB" }, sms: true);
        closed = new SignInServer(database, new() { ["SignIn:SignUp"] = "false" }, sms: true);
        onlyEmail = new SignInServer(database);
    }

    [Fact]
    public async Task A_known_number_signs_in_with_the_code_of_a_text_message()
    {
        var (number, browser) = (SignInServer.NewNumber(), SignInServer.NewBrowser());
        var user = await server.AddUserAsync(number);

        var challenge = await server.StartAsync(number, browser);
        var message = await server.MailAsync(challenge);
        var signedIn = Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(challenge, message.Code, browser));

        Assert.Equal((number, "SignInCode", "id.example"), (message.To, message.Template, message.Model["host"]));
        var session = await server.ReadAsync(db => db.Sessions.SingleAsync(row => row.Id == signedIn.Ticket.SessionId));
        Assert.Equal(user, session.UserId);
        Assert.Equal(["otp", "sms"], session.Methods);
    }

    [Fact]
    public async Task A_text_message_holds_no_link_and_names_the_host_without_its_port()
    {
        var browser = SignInServer.NewBrowser() with { Origin = "https://bücher.example:5001" };
        var challenge = await server.StartAsync(SignInServer.NewNumber(), browser);
        var message = await server.MailAsync(challenge);

        Assert.Equal(["application", "code", "host", "minutes"], message.Model.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("xn--bcher-kva.example", message.Model["host"]);
        Assert.Equal(Channel.Sms, await server.ReadAsync(db => db.Messages.Where(row => row.ChallengeId == challenge).Select(row => row.Channel).SingleAsync()));
        Assert.Null((await server.ChallengeAsync(challenge)).LinkHash);
    }

    [Fact]
    public async Task A_new_number_confirms_details_like_a_new_address()
    {
        var (number, browser) = (SignInServer.NewNumber(), SignInServer.NewBrowser());
        var challenge = await server.StartAsync(number, browser);

        Assert.Equal(new VerifyOutcome.DetailsNeeded(challenge), await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser));
        Assert.Empty(await server.UserIdsAsync(number));
        Assert.Equal(
            new DetailsView(number, Channel.Sms, null),
            await server.RunAsync<ConfirmDetails, DetailsView?>(details => details.LookAsync(challenge, browser, default)));
        Assert.IsType<DetailsOutcome.SignedIn>(await server.ConfirmAsync(challenge, "Ada", browser));

        var user = await server.UserAsync(Assert.Single(await server.UserIdsAsync(number)));
        Assert.Equal((number, true, null, null, false), (user.PhoneNumber, user.PhoneNumberConfirmed, user.Email, user.NormalizedEmail, user.EmailConfirmed));
    }

    [Fact]
    public async Task A_resend_goes_to_the_number_and_replaces_the_code()
    {
        var (number, browser) = (SignInServer.NewNumber(), SignInServer.NewBrowser());
        await server.AddUserAsync(number);
        var challenge = await server.StartAsync(number, browser);
        var first = await server.CodeAsync(challenge);
        server.Clock.Advance(TimeSpan.FromSeconds(30));

        Assert.IsType<ResendOutcome.Sent>(await server.ResendAsync(challenge, browser));

        var second = await server.MailAsync(challenge);
        Assert.Equal(number, second.To);
        Assert.IsType<VerifyOutcome.Superseded>(await server.VerifyAsync(challenge, first, browser));
        Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(challenge, second.Code, browser));
    }

    // C14
    [Theory]
    [InlineData("{0} {1}")]
    [InlineData("{0}-{1}")]
    public async Task Codes_are_taken_as_people_type_them(string format)
    {
        var (number, browser) = (SignInServer.NewNumber(), SignInServer.NewBrowser());
        await server.AddUserAsync(number);
        var challenge = await server.StartAsync(number, browser);
        var code = await server.CodeAsync(challenge);

        var typed = string.Concat(string.Format(format, code[..3], code[3..]).Select(c => char.IsAsciiDigit(c) ? (char)('۰' + (c - '0')) : c));

        Assert.IsType<VerifyOutcome.SignedIn>(await server.VerifyAsync(challenge, typed, browser));
    }

    // A1: one number, one budget and one account, however it is written.
    [Fact]
    public async Task Limits_and_accounts_know_a_number_in_every_spelling()
    {
        var number = SignInServer.NewNumber();
        await server.AddUserAsync(number);
        var national = "0" + number[3..];
        string[] spellings =
        [
            number, national, $"0044 {number[3..]}", $"+44 (0){number[3..7]} {number[7..]}",
            string.Concat(national.Select(digit => (char)('٠' + (digit - '0')))),
        ];
        foreach (var spelling in spellings)
        {
            var challenge = await server.StartAsync(spelling, SignInServer.NewBrowser());
            Assert.Equal((number, "SignInCode"), ((await server.MailAsync(challenge)).To, (await server.MailAsync(challenge)).Template));
            Assert.NotNull((await server.ChallengeAsync(challenge)).UserId);
        }

        Assert.All(
            await Task.WhenAll(spellings.Select(spelling => server.TryStartAsync(spelling, SignInServer.NewBrowser()))),
            answer => Assert.Equal(new StartOutcome.TryLater(server.Clock.Now.AddHours(1)), answer));
    }

    // E1
    [Fact]
    public async Task Known_unknown_and_disabled_numbers_are_treated_alike()
    {
        var (known, disabled) = (SignInServer.NewNumber(), SignInServer.NewNumber());
        await server.AddUserAsync(known);
        await server.AddUserAsync(disabled, disabled: true);
        // The first of all makes the rows that count everybody.
        await TraceAsync(SignInServer.NewNumber());
        var traces = new List<string>();
        foreach (var number in new[] { known, SignInServer.NewNumber(), disabled })
            traces.Add(await TraceAsync(number));

        Assert.Equal(traces[0], traces[1]);
        Assert.Equal(traces[0], traces[2]);
    }

    [Fact]
    public async Task The_message_alone_tells_why_nobody_can_sign_in()
    {
        var disabled = SignInServer.NewNumber();
        await server.AddUserAsync(disabled, disabled: true);

        var toDisabled = await server.MailAsync(await server.StartAsync(disabled, SignInServer.NewBrowser()));
        var toUnknown = await closed.MailAsync(await closed.StartAsync(SignInServer.NewNumber(), SignInServer.NewBrowser()));

        Assert.Equal(("AccountDisabled", "NoAccount"), (toDisabled.Template, toUnknown.Template));
        Assert.Equal(["host"], toDisabled.Model.Keys);
    }

    // A6: depends on the number alone, whoever has it.
    [Theory]
    [InlineData("+442079460958")]
    [InlineData("020 7946 0958")]
    [InlineData("+18005550100")]
    public async Task A_number_that_is_sent_no_messages_is_refused_and_nothing_is_written(string typed)
    {
        var before = await server.ReadAsync(db => db.Challenges.CountAsync());

        Assert.IsType<StartOutcome.NoMessages>(await server.TryStartAsync(typed, SignInServer.NewBrowser()));
        Assert.IsType<StartOutcome.OnlyEmail>(await onlyEmail.TryStartAsync("+442079460958", SignInServer.NewBrowser()));

        Assert.Equal(before, await server.ReadAsync(db => db.Challenges.CountAsync()));
    }

    [Fact]
    public async Task Without_text_messages_only_email_addresses_are_taken()
    {
        var number = SignInServer.NewNumber();
        await server.AddUserAsync(number);

        Assert.IsType<StartOutcome.OnlyEmail>(await onlyEmail.TryStartAsync(number, SignInServer.NewBrowser()));
        Assert.IsType<StartOutcome.OnlyEmail>(await onlyEmail.TryStartAsync(SignInServer.NewNumber(), SignInServer.NewBrowser()));
        Assert.IsType<StartOutcome.Started>(await onlyEmail.TryStartAsync(SignInServer.NewAddress(), SignInServer.NewBrowser()));
    }

    // C10
    [Fact]
    public async Task A_code_for_one_address_opens_no_challenge_of_another()
    {
        var (number, address, browser) = (SignInServer.NewNumber(), SignInServer.NewAddress(), SignInServer.NewBrowser());
        await server.AddUserAsync(address, true, number, true);
        var (bySms, byEmail) = (await server.StartAsync(number, browser), await server.StartAsync(address, browser));
        var (smsCode, emailCode) = (await server.CodeAsync(bySms), await server.CodeAsync(byEmail));
        Assert.SkipWhen(smsCode == emailCode, "Two codes in a million are the same.");

        Assert.IsType<VerifyOutcome.Wrong>(await server.VerifyAsync(byEmail, smsCode, browser));
        Assert.IsType<VerifyOutcome.Wrong>(await server.VerifyAsync(bySms, emailCode, browser));
    }

    // C4, C12
    [Fact]
    public async Task Fifty_right_codes_at_once_sign_a_new_number_up_once()
    {
        var (number, browser) = (SignInServer.NewNumber(), SignInServer.NewBrowser());
        var challenge = await server.StartAsync(number, browser);
        await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser);

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => server.ConfirmAsync(challenge, "Ada", browser)));

        Assert.Single(await server.UserIdsAsync(number));
        Assert.Equal(1, await server.SessionsAsync(number));
    }

    [Fact]
    public async Task Two_challenges_of_one_new_number_make_one_account()
    {
        var number = SignInServer.NewNumber();
        var proved = new List<(Guid Challenge, Visitor Browser)>();
        for (var i = 0; i < 4; i++)
        {
            var browser = SignInServer.NewBrowser();
            var challenge = await server.StartAsync(number, browser);
            Assert.IsType<VerifyOutcome.DetailsNeeded>(await server.VerifyAsync(challenge, await server.CodeAsync(challenge), browser));
            proved.Add((challenge, browser));
        }

        await Task.WhenAll(proved.Select(one => server.ConfirmAsync(one.Challenge, "Ada", one.Browser)));

        Assert.Single(await server.UserIdsAsync(number));
    }

    // C15: a text message has no link that could open a closed door again, another proved address does.
    [Fact]
    public async Task Signing_in_by_email_forgives_the_wrong_codes_for_the_number()
    {
        var (number, address) = (SignInServer.NewNumber(), SignInServer.NewAddress());
        await server.AddUserAsync(address, true, number, true);
        for (var failure = 0; failure < 10; failure++)
        {
            var browser = SignInServer.NewBrowser();
            var challenge = await server.StartAsync(number, browser);
            await server.VerifyAsync(challenge, await server.WrongCodeAsync(challenge), browser);
            server.Clock.Advance(TimeSpan.FromHours(3));
        }

        server.Clock.Advance(TimeSpan.FromDays(1));
        var key = "code-failures:";
        Assert.True(await server.ReadAsync(db => db.Counters.AnyAsync(counter => counter.Key.StartsWith(key) && counter.Count == 10)));
        await server.SignInAsync(address, SignInServer.NewBrowser());

        Assert.False(await server.ReadAsync(db => db.Counters.AnyAsync(counter => counter.Key.StartsWith(key) && counter.Count == 10)));
    }

    // Everything that an outsider could see or measure: rows written, and what each step answers.
    private async Task<string> TraceAsync(string number)
    {
        var browser = SignInServer.NewBrowser();
        var before = await RowsAsync();
        var challenge = await server.StartAsync(number, browser);
        var started = await RowsAsync();
        var view = (await server.LookAsync(challenge, browser))! with { Address = "", ResendAt = default, ExpiresAt = default };
        var wrong = await server.VerifyAsync(challenge, await server.WrongCodeAsync(challenge), browser);
        var verified = await RowsAsync();
        server.Clock.Advance(TimeSpan.FromSeconds(30));
        var resent = await server.ResendAsync(challenge, browser);
        return $"{view} {Difference(before, started)} {wrong} {Difference(started, verified)} {resent} {Difference(verified, await RowsAsync())}";
    }

    private static string Difference(int[] from, int[] to) => string.Join('/', from.Zip(to, (before, after) => after - before));

    private Task<int[]> RowsAsync() => server.ReadAsync(async db => new[]
    {
        await db.Challenges.CountAsync(), await db.Messages.CountAsync(), await db.AuditEvents.CountAsync(), await db.Counters.CountAsync(),
    });
}
