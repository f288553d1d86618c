using System.Net;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static IdentityServer.Tests.UI.Admin.AdminSite;

namespace IdentityServer.Tests.UI.Admin;

/// <summary>Sessions, authorizations, messages, limits, keys, the audit log and the overview.</summary>
public sealed class OperationPagesTests : IAsyncDisposable
{
    private const string Anna = "anna@example.com";
    private readonly AdminSite site = new();

    [Fact]
    public async Task A_session_is_found_by_address_and_ended()
    {
        var (anna, admin) = (await site.SignInAsync(Anna), await site.SignInAsync());
        var page = await admin.GetAsync("/admin/sessions?user=anna%40example.com");
        Assert.Single(page.Document.QuerySelectorAll("tbody tr"));
        Says(await admin.SubmitAsync(page, "End"), "The session has ended");

        Assert.Equal("/sign-in", (await anna.GetAsync("/account")).Url.AbsolutePath);
        Assert.Contains("No session fits", (await admin.GetAsync("/admin/sessions?user=anna%40example.com")).Text, StringComparison.Ordinal);
        Assert.Contains("ended", (await admin.GetAsync("/admin/sessions?user=anna%40example.com&state=over")).Text, StringComparison.Ordinal);
        Assert.Contains("No session fits", (await admin.GetAsync("/admin/sessions?user=nonsense")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_authorization_is_found_by_application_and_taken_back()
    {
        var app = site.Server.Spa();
        var attempt = app.Authorize("openid offline_access");
        var back = await site.Server.SignInAsync(site.Server.NewBrowser(), Anna, attempt.Url);
        var tokens = await app.RedeemAsync(back.Query("code")!, attempt.Verifier);
        var admin = await site.SignInAsync();

        var page = await admin.GetAsync("/admin/authorizations?application=spa&user=anna%40example.com");
        Assert.Single(page.Document.QuerySelectorAll("tbody tr"));
        Says(await admin.SubmitAsync(page, "Take back"), "taken back");

        Assert.Equal("invalid_grant", (await app.RefreshAsync(tokens.RefreshToken!)).Error);
        Assert.Contains("No authorization fits", (await admin.GetAsync("/admin/authorizations?application=nothing")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_are_masked_and_tell_their_way_and_a_sent_one_is_not_tried_again()
    {
        var (_, mail) = await site.Server.AskForCodeAsync(site.Server.NewBrowser(), Anna);
        var admin = await site.SignInAsync();
        var list = await admin.GetAsync("/admin/messages?status=Sent&channel=Email&provider=file");
        Assert.Contains("a•••@e•••.com", list.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(Anna, list.Html, StringComparison.Ordinal);

        var page = await admin.GetAsync(list.Document.QuerySelectorAll("tbody th a")[^1].GetAttribute("href")!);
        Assert.Contains("took it at try 1", page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(mail.Code!, page.Text, StringComparison.Ordinal);
        page = await admin.SubmitAsync(page, "Try again");
        Assert.Equal(HttpStatusCode.Conflict, page.Status);
        Assert.Contains("A provider took it", Alert(page), StringComparison.Ordinal);
        Assert.Contains("No message fits", (await admin.GetAsync("/admin/messages?status=Failed")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_message_is_the_answer_and_is_tried_again_while_somebody_waits()
    {
        await site.Server.AskForCodeAsync(site.Server.NewBrowser(), Anna);
        var admin = await site.SignInAsync();
        var id = Guid.Empty;
        await using (var scope = site.Server.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<ServerDb>();
            var anna = await site.IdAsync(Anna);
            var message = db.Messages.AsEnumerable().Single(row => db.Challenges.Single(challenge => challenge.Id == row.ChallengeId).UserId == anna);
            (message.Status, message.SentAt, message.LastError) = (MessageStatus.Failed, null, "550 mailbox full");
            id = message.Id;
            await db.SaveChangesAsync();
        }

        var story = await admin.GetAsync($"/admin/people/{await site.IdAsync(Anna):D}");
        Assert.Contains("The last message was not accepted", story.Document.QuerySelector(".answer")!.TextContent, StringComparison.Ordinal);
        Assert.Contains("550 mailbox full", story.Document.QuerySelector(".answer")!.TextContent, StringComparison.Ordinal);
        site.Server.Clock.Advance(TimeSpan.FromMinutes(1));
        Says(await admin.SubmitAsync(await admin.GetAsync($"/admin/messages/{id:D}"), "Try again"), "The message is tried again.");
        Assert.Equal(2, (await site.Server.MailsAsync(Anna, 2)).Length);
    }

    [Fact]
    public async Task Limits_that_are_full_and_what_is_spent_are_counted_without_addresses()
    {
        var admin = await site.SignInAsync();
        await site.Server.CountAsync("network-starts:somebody", 100);
        await site.Server.CountAsync("sms-not-answered:DE", 50);
        await using (var scope = site.Server.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<ServerDb>();
            var today = new DateTimeOffset(site.Server.Clock.Now.UtcDateTime.Date, TimeSpan.Zero);
            db.Counters.Add(new Counter { Key = "sms-spent-day", WindowStart = today, Count = 125_000, ExpiresAt = today.AddDays(1) });
            await db.SaveChangesAsync();
        }

        var page = await admin.GetAsync("/admin/limits");
        Assert.Contains("Limits:StartsPerNetworkAndHour 100 – 1", page.Text, StringComparison.Ordinal);
        Assert.Contains("12.5 of 1,000", page.Text, StringComparison.Ordinal);
        Assert.Contains("DE 1 50 of 50 paused", page.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_get_successors_or_are_replaced_at_once()
    {
        var admin = await site.SignInAsync();
        var page = await admin.GetAsync("/admin/keys");
        Assert.DoesNotContain("next", page.Document.QuerySelector("tbody")!.TextContent, StringComparison.Ordinal);
        page = await admin.SubmitAsync(page, "Publish successors");
        Says(page, "New signing keys are made.");
        Assert.Contains("next", page.Document.QuerySelector("tbody")!.TextContent, StringComparison.Ordinal);

        page = await admin.SubmitAsync(page, "Replace the keys now");
        Assert.Contains("retired", page.Document.QuerySelector("tbody")!.TextContent, StringComparison.Ordinal);
        Assert.Equal(2, (await site.AuditAsync()).Count(kind => kind == "KeysRotated"));
    }

    [Fact]
    public async Task The_audit_log_is_filtered_and_paged()
    {
        await site.SignInAsync(Anna);
        var admin = await site.SignInAsync();
        await admin.SubmitAsync(await admin.GetAsync($"/admin/people/{await site.IdAsync(Anna):D}"), "Disable the account");

        var mine = await admin.GetAsync("/admin/audit?kind=UserDisabled&user=anna%40example.com");
        var row = Assert.Single(mine.Document.QuerySelectorAll("tbody tr"));
        Assert.Contains("Ada Administrator", row.TextContent, StringComparison.Ordinal);
        foreach (var nothing in new[] { "application=nothing", "ip=192.0.2.1", "user=nonsense", "until=2000-01-01T00:00", "since=2100-01-01T00:00", "from=100000" })
            Assert.Contains("No entry fits", (await admin.GetAsync($"/admin/audit?{nothing}")).Text, StringComparison.Ordinal);
        for (var more = 0; more < 60; more++)
            await admin.SubmitAsync(await admin.GetAsync("/admin/keys"), "Publish successors");
        var first = await admin.GetAsync("/admin/audit?kind=KeysRotated");
        Assert.Equal(50, first.Document.QuerySelectorAll("tbody tr").Length);
        Assert.Equal(10, (await admin.GetAsync(first.Document.QuerySelector("a[rel=next]")!.GetAttribute("href")!)).Document.QuerySelectorAll("tbody tr").Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_overview_draws_what_happened(bool onPostgres)
    {
        await using var server = onPostgres ? Server.OnPostgres() : new Server();
        var browser = server.NewBrowser();
        var (page, mail) = await server.AskForCodeAsync(browser, Administrator);
        page = await browser.SubmitAsync(page, "Continue", ("Code", mail.Code == "000000" ? "000001" : "000000"));
        await browser.SubmitAsync(page, "Continue", ("Code", mail.Code!));

        foreach (var path in new[] { "/admin", "/admin?by=day" })
        {
            var overview = await browser.GetAsync(path);
            string Summary(string chart) => overview.Document.QuerySelector($"#{chart} > svg")!.GetAttribute("aria-label")!;
            Assert.Contains("Signed in: 1 in all", Summary("sign-ins"), StringComparison.Ordinal);
            Assert.Contains("Messages sent: 1 in all, at most 1; Addresses proved: 1 in all", Summary("codes"), StringComparison.Ordinal);
            Assert.Contains("Wrong codes: 1 in all", Summary("failures"), StringComparison.Ordinal);
            Assert.Equal(path == "/admin" ? 24 : 30, overview.Document.QuerySelectorAll("#codes tbody tr").Length);
            Assert.Equal(4, overview.Document.QuerySelectorAll(".chart > svg").Length);
        }
    }

    public ValueTask DisposeAsync() => site.DisposeAsync();
}
