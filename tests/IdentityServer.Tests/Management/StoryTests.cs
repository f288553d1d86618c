using System.Text.Json;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Tests.Management;

/// <summary>Why did Anna not get in? And what administrators do about messages and keys.</summary>
public sealed class StoryTests : IAsyncDisposable
{
    private readonly Server server = new();

    [Fact]
    public async Task The_timeline_of_a_user_tells_tries_messages_sessions_and_tokens_in_order()
    {
        var machine = await Api.OfMachineAsync(server);
        var browser = server.NewBrowser();
        var (page, mail) = await server.AskForCodeAsync(browser, "anna@example.com", server.Spa().Authorize().Url);
        await browser.SubmitAsync(page, "Continue", ("Code", mail.Code == "000000" ? "111111" : "000000"));
        await browser.SubmitAsync(page, "Continue", ("Code", mail.Code!));
        var id = (await machine.GetAsync("/users?search=anna@")).Body.GetProperty("results")[0].GetProperty("id").GetString();

        var told = Entries(await machine.GetAsync($"/users/{id}/timeline"));

        string[] inOrder = ["audit.sign_in_started", "message.sent", "audit.wrong_code", "session.opened"];
        var kinds = told.Select(entry => entry.Kind).ToList();
        Assert.Equal(inOrder.Order(), inOrder.Where(kinds.Contains).Order());
        Assert.Equal(told.Select(entry => entry.At).Order(), told.Select(entry => entry.At));
        foreach (var kind in new[] { "challenge.started", "challenge.state", "message.queued", "audit.signed_in", "access.granted", "token.code" })
            Assert.Contains(kind, kinds);
        Assert.All(told, entry => Assert.EndsWith(".", entry.Text, StringComparison.Ordinal));
        Assert.Contains(told, entry => entry.Text == "Typed a wrong code; 1 wrong ones in a row now.");
        var all = (await machine.GetAsync($"/users/{id}/timeline")).Body.ToString();
        Assert.DoesNotContain("anna@", all, StringComparison.Ordinal);
        Assert.DoesNotContain(mail.Code!, all, StringComparison.Ordinal);
        Assert.Single(Entries(await machine.GetAsync($"/users/{id}/timeline?limit=1")));
        Assert.Equal(404, (await machine.GetAsync($"/users/{Guid.Empty}/timeline")).Status);
    }

    [Fact]
    public async Task An_address_without_an_account_has_a_story_with_its_limits()
    {
        var machine = await Api.OfMachineAsync(server);
        await server.AskForCodeAsync(server.NewBrowser(), "stranger@example.com");
        for (var i = 0; i < 5; i++)
        {
            var browser = server.NewBrowser();
            await browser.SubmitAsync(await browser.GetAsync("/sign-in"), "Continue", ("Address", "Stranger+tag@example.com"));
        }

        var answer = await machine.GetAsync("/timeline?address=STRANGER@example.com");

        Assert.Equal(JsonValueKind.Null, answer.Body.GetProperty("user_id").ValueKind);
        var told = Entries(answer);
        Assert.Contains(told, entry => entry.Text == "Was refused: this address asked for codes too quickly.");
        Assert.Contains(told, entry => entry.Kind == "message.sent");

        // However often it refused: once a limit and window, and without the address.
        var log = await machine.GetAsync("/audit-events?kind=limit_reached");
        Assert.Equal("1", log.Value("count"));
        Assert.Equal("address-starts-minute", log.Body.GetProperty("results")[0].GetProperty("facts").GetProperty("limit").GetString());
        Assert.Empty(Entries(await machine.GetAsync("/timeline?address=never@example.com")));
        Assert.True((await machine.GetAsync("/timeline?address=nonsense")).HasError("address"));
        Assert.True((await machine.GetAsync("/timeline")).HasError("address"));
    }

    [Fact]
    public async Task A_message_that_was_given_up_is_sent_anew_while_somebody_waits_for_it()
    {
        var machine = await Api.OfMachineAsync(server);
        var browser = server.NewBrowser();
        var (page, first) = await server.AskForCodeAsync(browser, "anna@example.com");
        var message = (await machine.GetAsync("/messages?limit=1")).Body.GetProperty("results")[0];
        var id = message.GetProperty("id").GetString();
        Assert.Equal("a•••@e•••.com", message.GetProperty("to").GetString());
        Assert.Equal("sent", message.GetProperty("status").GetString());
        Assert.Equal(409, (await machine.PostAsync($"/messages/{id}/retry")).Status);

        await using (var scope = server.Services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<ServerDb>().Messages.ExecuteUpdateAsync(set => set.SetProperty(row => row.Status, MessageStatus.Failed));
        Assert.Equal(429, (await machine.PostAsync($"/messages/{id}/retry")).Status);
        server.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(204, (await machine.PostAsync($"/messages/{id}/retry")).Status);

        var second = (await server.MailsAsync("anna@example.com", 2))[0];
        Assert.NotEqual(first.Code, second.Code);
        Assert.Equal("/account", (await browser.SubmitAsync(page, "Continue", ("Code", second.Code!))).Url.AbsolutePath);
        Assert.Equal(409, (await machine.PostAsync($"/messages/{id}/retry")).Status);
        Assert.Equal("1", (await machine.GetAsync("/audit-events?kind=message_retried")).Value("count"));
        Assert.DoesNotContain(second.Code!, (await machine.GetAsync($"/messages/{id}")).Body.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task New_keys_are_known_a_day_before_they_sign_unless_one_leaked()
    {
        var machine = await Api.OfMachineAsync(server);
        var before = Keys(await machine.GetAsync("/signing-keys"));
        Assert.All(before, key => Assert.Equal("signs", key.State));

        var after = Keys(await machine.PostAsync("/signing-keys/rotate", new { }));
        Assert.All(after.Where(key => key.State == "next"), key => Assert.True(key.ActivatesAt >= server.Clock.Now.AddDays(1)));
        Assert.Equal(2, after.Count(key => key.State == "next"));
        Assert.Equal(before.Select(key => key.Kid), after.Where(key => key.State == "signs").Select(key => key.Kid));
        Assert.Equal(after, Keys(await machine.PostAsync("/signing-keys/rotate")));

        var leaked = Keys(await machine.PostAsync("/signing-keys/rotate", new { immediately = true }));
        Assert.Empty(leaked.Where(key => key.State == "signs").Select(key => key.Kid).Intersect(before.Select(key => key.Kid)));
        Assert.Equal(2, leaked.Count(key => key.State == "retired"));
        Assert.Equal(200, (await machine.GetAsync("/signing-keys")).Status);
        Assert.Equal("3", (await machine.GetAsync("/audit-events?kind=keys_rotated")).Value("count"));
    }

    [Fact]
    public async Task Sessions_and_authorizations_are_listed_and_ended()
    {
        var admin = await Api.OfAsync(server, "admin@example.com");
        var anna = await Api.OfAsync(server, "anna@example.com");
        var authorization = (await admin.GetAsync($"/authorizations?user_id={anna.UserId}&client_id=swagger&active=true")).Body.GetProperty("results")[0];
        Assert.Equal("swagger", authorization.GetProperty("client_id").GetString());
        Assert.Equal(204, (await admin.DeleteAsync($"/authorizations/{authorization.GetProperty("id").GetString()}")).Status);
        Assert.Equal(401, (await anna.GetAsync("/me")).Status);

        anna = await Api.OfAsync(server, "anna@example.com");
        foreach (var session in (await admin.GetAsync($"/sessions?user_id={anna.UserId}&active=true")).Body.GetProperty("results").EnumerateArray())
            Assert.Equal(204, (await admin.DeleteAsync($"/sessions/{session.GetProperty("id").GetString()}")).Status);
        Assert.Equal(401, (await anna.GetAsync("/me")).Status);
        Assert.Equal("0", (await admin.GetAsync("/authorizations?client_id=none")).Value("count"));
        Assert.Equal(admin.UserId.ToString(), (await admin.GetAsync($"/audit-events?kind=session_ended&user_id={anna.UserId}")).Body.GetProperty("results")[0].GetProperty("facts").GetProperty("by").GetString());
    }

    [Fact]
    public async Task A_reset_leaves_what_is_declared_and_only_the_own_machine_may_ask_for_it()
    {
        var machine = await Api.OfMachineAsync(server);
        await machine.PostAsync("/scopes", new { name = "left" });
        await server.AskForCodeAsync(server.NewBrowser(), "anna@example.com");
        using var client = server.NewClient();
        foreach (var (header, value) in new[] { ("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.example"), ("Origin", "null"), ("Host", "evil.example") })
        {
            using var foreign = new HttpRequestMessage(HttpMethod.Post, "/dev/reset");
            foreign.Headers.Add(header, value);
            Assert.Equal(404, (int)(await client.SendAsync(foreign)).StatusCode);
        }

        Assert.Equal(200, (await machine.GetAsync("/scopes/left")).Status);

        Assert.Equal(204, (int)(await client.PostAsync("/dev/reset", content: null)).StatusCode);

        machine = await Api.OfMachineAsync(server);
        Assert.Equal(404, (await machine.GetAsync("/scopes/left")).Status);
        Assert.Equal("3", (await machine.GetAsync("/users")).Value("count"));
        Assert.Equal("1", (await machine.GetAsync("/users?role=admin")).Value("count"));
        Assert.Empty(await server.MailsAsync("anna@example.com", 0));
    }

    private static List<(DateTimeOffset At, string Kind, string Text)> Entries(ApiAnswer answer) =>
        [.. answer.Body.GetProperty("entries").EnumerateArray().Select(entry => (entry.GetProperty("at").GetDateTimeOffset(), entry.GetProperty("kind").GetString()!, entry.GetProperty("text").GetString()!))];

    private static List<(string Kid, string State, DateTimeOffset ActivatesAt)> Keys(ApiAnswer answer) =>
        [.. answer.Body.EnumerateArray().Select(key => (key.GetProperty("kid").GetString()!, key.GetProperty("state").GetString()!, key.GetProperty("activates_at").GetDateTimeOffset()))];

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
