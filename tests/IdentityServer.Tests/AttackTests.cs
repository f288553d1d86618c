using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IdentityServer.Tests;

/// <summary>What attackers tried on the whole server.</summary>
public sealed class AttackTests : IAsyncDisposable
{
    private readonly Server server = new(
        ("Logging:LogLevel:Default", "Trace"), ("Logging:LogLevel:Microsoft", "Trace"), ("Logging:LogLevel:Microsoft.AspNetCore", "Trace"), ("Logging:LogLevel:System", "Trace"));

    // Two people at one browser: what one was shown is not allowed in the name of the other.
    [Fact]
    public async Task Consent_that_was_shown_to_somebody_else_is_asked_for_again()
    {
        var (browser, app) = (server.NewBrowser(), server.WebApp());
        var shown = await server.SignInAsync(browser, "anna@example.com", app.Authorize("openid email").Url);
        Assert.Equal("/consent", shown.Url.AbsolutePath);
        await browser.SubmitAsync(await browser.GetAsync("/sign-out"), "Sign out");
        await server.SignInAsync(browser, "other@example.com");

        foreach (var button in (string[])["Allow", "Cancel"])
        {
            var page = await browser.SubmitAsync(shown, button);
            Assert.Equal("/consent", page.Url.AbsolutePath);
            Assert.Contains("other@example.com", page.Text, StringComparison.Ordinal);
        }

        Assert.NotNull((await browser.SubmitAsync(await browser.GetAsync(shown.Url.PathAndQuery), "Allow")).Query("code"));
    }

    [Fact]
    public async Task An_account_that_was_chosen_is_not_another_one()
    {
        var (browser, app) = (server.NewBrowser(), server.Spa());
        await server.SignInAsync(browser, "anna@example.com");
        server.Clock.Advance(TimeSpan.FromSeconds(5));
        var shown = await browser.GetAsync(app.Authorize(more: ("prompt", "select_account")).Url);
        Assert.Equal("/sign-in/choose", shown.Url.AbsolutePath);
        await browser.SubmitAsync(await browser.GetAsync("/sign-out"), "Sign out");
        await server.SignInAsync(browser, "other@example.com");
        var second = await browser.GetAsync(app.Authorize(more: ("prompt", "select_account")).Url);

        var page = await browser.SubmitAsync(shown, "Anna");

        Assert.Equal("/sign-in/choose", page.Url.AbsolutePath);
        Assert.Contains("other@example.com", page.Text, StringComparison.Ordinal);
        Assert.Equal("/sign-in/choose", second.Url.AbsolutePath);
    }

    [Theory]
    [InlineData("localhost:99999")]
    [InlineData("[::1]:70000")]
    [InlineData("evil.example")]
    public async Task A_host_that_is_none_of_ours_is_a_bad_request(string host)
    {
        using var client = server.NewClient();
        foreach (var path in (string[])["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/x", "/sign-in"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation("Host", host);
            using var response = await client.SendAsync(request);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }
    }

    [Fact]
    public async Task A_bad_request_leaves_no_error_and_nothing_of_itself_in_the_log_and_is_not_sniffed()
    {
        using var log = new Lines();
        server.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        using var client = server.NewClient();

        using var response = await client.GetAsync("/dev/inbox?mail=planted-text");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        Assert.DoesNotContain(log.All, line => line.Contains("ExceptionHandlerMiddleware", StringComparison.Ordinal) || line.Contains("planted-text", StringComparison.Ordinal));
    }

    // DNS rebinding
    [Fact]
    public async Task The_inbox_is_not_shown_under_a_name_that_is_not_this_machines()
    {
        using var client = server.NewClient();
        foreach (var path in (string[])["/dev/inbox.json", "/dev/inbox"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Host = "rebound.example" } };
            using var response = await client.SendAsync(request);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("utf-7")]
    [InlineData("utf-16")]
    [InlineData("nonsense")]
    public async Task A_form_in_another_charset_is_refused_and_is_no_server_error(string charset)
    {
        using var client = server.NewClient();
        foreach (var (path, status) in ((string, int)[])[("/sign-in", 415), ("/connect/token", 400), ("/connect/otp", 400), ("/connect/userinfo", 400), ("/connect/authorize", 400)])
        {
            using var content = new ByteArrayContent(Encoding.ASCII.GetBytes("client_id=spa"));
            content.Headers.TryAddWithoutValidation("Content-Type", $"application/x-www-form-urlencoded; charset={charset}");
            using var response = await client.PostAsync(path, content);
            Assert.Equal(status, (int)response.StatusCode);
        }
    }

    // P7. Whatever level an operator chooses for the framework.
    [Fact]
    public async Task No_log_level_writes_addresses_codes_links_names_or_requests()
    {
        using var log = new Lines();
        server.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        var (browser, app) = (server.NewBrowser(), server.Spa());
        var attempt = app.Authorize("openid offline_access");
        var (page, mail) = await server.AskForCodeAsync(browser, "secret.person@example.net", attempt.Url);
        await browser.GetAsync(mail.Link!);
        var parked = page.Query("request")!;
        page = await browser.SubmitAsync(page, "Continue", ("Code", mail.Code!));
        page = await browser.SubmitAsync(page, "Create", ("Name", "Secret Personname"));
        var tokens = await app.RedeemAsync(page.Query("code")!, attempt.Verifier);
        var refreshed = await app.RefreshAsync(tokens.RefreshToken!);
        await app.UserInfoAsync(refreshed.AccessToken!);

        string[] secrets =
        [
            "secret.person", "Secret Personname", mail.Link![(mail.Link!.IndexOf("token=", StringComparison.Ordinal) + 6)..], parked[20..80], page.Query("code")!,
            attempt.Verifier, tokens.AccessToken!.Split('.')[2], tokens.IdToken!.Split('.')[2], tokens.RefreshToken!, refreshed.RefreshToken!,
            .. browser.Cookies.Select(cookie => cookie.Value),
        ];
        Assert.Contains(log.All, line => line.Contains("Microsoft", StringComparison.Ordinal));
        foreach (var secret in secrets)
            Assert.DoesNotContain(log.All, line => line.Contains(secret, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(log.All, line => line.Contains($"({mail.Code}", StringComparison.Ordinal));
        Assert.DoesNotContain(log.All, line => line.StartsWith("Microsoft.AspNetCore.Antiforgery", StringComparison.Ordinal) && line.Contains("overridden", StringComparison.Ordinal));
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private sealed class Lines : ILoggerProvider
    {
        public ConcurrentQueue<string> All { get; } = new();

        public ILogger CreateLogger(string categoryName) => new Writer(categoryName, All);

        public void Dispose()
        {
        }

        private sealed class Writer(string category, ConcurrentQueue<string> lines) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                lines.Enqueue($"{category}: {formatter(state, exception)} {exception}");
        }
    }
}
