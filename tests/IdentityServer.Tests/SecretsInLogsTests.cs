using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using IdentityServer.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IdentityServer.Tests;

/// <summary>P7: whatever is logged or traced, no secret and no address is in it.</summary>
public sealed class SecretsInLogsTests
{
    private const string Address = "petra.private@example.com";

    // Eight digits, which no identifier or duration holds by chance.
    private static readonly (string, string)[] Loudest =
    [
        ("SignIn:CodeLength", "8"),
        ("Logging:LogLevel:Default", "Trace"),
        ("Logging:LogLevel:Microsoft", "Trace"),
        ("Logging:LogLevel:System", "Trace"),
        ("Logging:LogLevel:Quartz", "Trace"),
        ("Logging:LogLevel:Npgsql", "Trace"),
        ("Logging:LogLevel:Microsoft.AspNetCore", "Trace"),
        ("Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Trace"),
        ("Logging:LogLevel:Microsoft.AspNetCore.Mvc", "Trace"),
        ("Logging:LogLevel:Microsoft.EntityFrameworkCore", "Trace"),
        ("Logging:Console:LogLevel:Default", "None"),
        ("Logging:Captured:LogLevel:Default", "Trace"),
        ("Logging:Captured:LogLevel:Microsoft", "Trace"),
        ("Logging:Captured:LogLevel:Microsoft.AspNetCore", "Trace"),
    ];

    [Theory]
    [InlineData("Sqlite")]
    [InlineData("Postgres")]
    public async Task No_code_link_token_parked_request_cookie_or_address_reaches_a_log_or_a_trace(string database)
    {
        if (database == "Postgres" && PostgresCluster.Missing is { } reason)
            Assert.Skip(reason);
        using var captured = new Captured();
        (string, string)[] settings = database == "Postgres"
            ? [("Database:Provider", database), ("Database:ConnectionString", PostgresCluster.NewDatabase()), .. Loudest]
            : Loudest;
        await using var server = new Server(services => services.AddSingleton<ILoggerProvider>(captured), settings);
        var secrets = new Secrets();

        await SignInWithCodeAsync(server, secrets);
        await SignInWithLinkAsync(server, secrets);
        await UseOneTimeCodeGrantAsync(server, secrets);
        await SendNonsenseAsync(server, secrets);

        // Proves that it listens, to the loudest of the framework as well.
        Assert.Contains(captured.Lines, line => line.StartsWith("Microsoft.EntityFrameworkCore.Database.Command", StringComparison.Ordinal));
        Assert.Contains(captured.Lines, line => line.StartsWith("Microsoft.AspNetCore.Mvc", StringComparison.Ordinal));
        Assert.Contains(captured.Lines, line => line.StartsWith("Activity Microsoft.AspNetCore", StringComparison.Ordinal));
        Assert.True(secrets.Count > 25);
        var leaks = captured.Lines.SelectMany(line => secrets.In(line).Select(name => $"{name} in {line[..Math.Min(400, line.Length)]}")).Take(30).ToArray();
        Assert.True(leaks.Length == 0, string.Join("\n", leaks));
    }

    private static async Task SignInWithCodeAsync(Server server, Secrets secrets)
    {
        var (browser, app) = (server.NewBrowser(), server.Spa());
        var attempt = app.Authorize("openid profile email offline_access", ("login_hint", Address));
        secrets.Add("state", attempt.State);
        secrets.Add("nonce", attempt.Nonce);
        secrets.Add("verifier", attempt.Verifier);
        var (page, mail) = await server.AskForCodeAsync(browser, Address, attempt.Url);
        secrets.Add("parked request", page.Query("request")!);
        secrets.Add(mail);
        page = await browser.SubmitAsync(page, "Continue", ("Code", "00000000"));
        page = await browser.SubmitAsync(page, "Continue", ("Code", mail.Code!));
        page = await browser.SubmitAsync(page, "Create", ("Name", "Petra Private"));
        secrets.Add("authorization code", page.Query("code")!);
        secrets.Add(browser);
        await app.RedeemAsync(page.Query("code")!, "wrong-verifier-0123456789-0123456789-0123456789");
        var tokens = secrets.Add(await app.RedeemAsync(page.Query("code")!, attempt.Verifier));
        await app.UserInfoAsync(tokens.AccessToken!);
        tokens = secrets.Add(await app.RefreshAsync(tokens.RefreshToken!));
        await browser.GetAsync("/account");
        await app.PostAsync("/connect/revoke", ("token", tokens.RefreshToken!));
        await app.RefreshAsync(tokens.RefreshToken!);
        await browser.GetAsync($"/connect/endsession?id_token_hint={tokens.IdToken}&post_logout_redirect_uri={Uri.EscapeDataString("http://localhost:5173/")}");
    }

    private static async Task SignInWithLinkAsync(Server server, Secrets secrets)
    {
        server.Clock.Advance(TimeSpan.FromMinutes(1));
        var (browser, app) = (server.NewBrowser(), server.WebApp());
        var attempt = app.Authorize("openid offline_access", ("response_mode", "form_post"));
        var (page, mail) = await server.AskForCodeAsync(browser, Address, attempt.Url);
        secrets.Add("parked request", page.Query("request")!);
        secrets.Add(mail);
        page = await browser.SubmitAsync(await browser.GetAsync(new Uri(mail.Link!).PathAndQuery), "Sign in");
        page = await browser.SubmitAsync(page, "Allow");
        var code = page.Document.QuerySelector("input[name=code]")!.GetAttribute("value")!;
        secrets.Add("authorization code", code);
        secrets.Add(browser);
        var tokens = secrets.Add(await app.RedeemAsync(code, attempt.Verifier));
        await app.PostAsync("/connect/introspect", ("token", tokens.AccessToken!));
        page = await browser.GetAsync("/connect/endsession");
        secrets.Add("parked sign-out", page.Query("request")!);
        await browser.SubmitAsync(page, "Sign out");
    }

    private static async Task UseOneTimeCodeGrantAsync(Server server, Secrets secrets)
    {
        server.Clock.Advance(TimeSpan.FromMinutes(1));
        var app = server.Native();
        var known = (await server.MailsAsync(Address, 0)).Length;
        var challenge = (await app.PostAsync("/connect/otp", ("address", Address), ("scope", "openid offline_access"))).Value("challenge")!;
        secrets.Add("challenge", challenge);
        var mail = (await server.MailsAsync(Address, known + 1))[0];
        secrets.Add(mail);
        foreach (var code in new[] { "00000000", mail.Code! })
            secrets.Add(await app.TokenAsync(("grant_type", OneTimeCodeGrantTests.Grant), ("challenge", challenge), ("otp", code)));
    }

    // What is refused is quoted most readily.
    private static async Task SendNonsenseAsync(Server server, Secrets secrets)
    {
        const string Canary = "canary-4f1d9a7c2b";
        secrets.Add("nonsense", Canary);
        var (browser, app) = (server.NewBrowser(), server.WebApp());
        foreach (var path in new[]
        {
            $"/sign-in?request={Canary}", $"/sign-in/link?token={Canary}", $"/sign-in/code?challenge={Canary}", $"/consent?request={Canary}",
            $"/connect/authorize?client_id=spa&redirect_uri={Canary}", $"/connect/authorize/resume?request={Canary}",
            $"/connect/endsession?id_token_hint={Canary}", $"/connect/endsession/resume?request={Canary}",
            app.Authorize("openid", ("id_token_hint", Canary), ("prompt", Canary)).Url,
        })
            await browser.GetAsync(path);

        var page = await browser.SubmitAsync(await browser.GetAsync("/sign-in"), "Continue", ("Address", $"{Canary} {Address}"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, page.Status);
        await app.RedeemAsync(Canary, Canary);
        await app.RefreshAsync(Canary);
        await app.UserInfoAsync(Canary);
        await app.PostAsync("/connect/introspect", ("token", Canary));
        await app.PostAsync("/connect/revoke", ("token", Canary));
        await new RelyingParty(server.NewClient(), "webapp", "", Canary).RefreshAsync(Canary);
        await server.Native().PostAsync("/connect/otp", ("address", Canary), ("challenge", Canary));
    }

    /// <summary>What must be found nowhere.</summary>
    private sealed class Secrets
    {
        private readonly Dictionary<string, string> all = new(StringComparer.Ordinal) { [Address] = "address", [WebUtility.UrlEncode(Address)] = "address" };

        public int Count => all.Count;

        public void Add(string name, string value)
        {
            all[value] = name;
            all[Uri.EscapeDataString(value)] = name;
        }

        public void Add(Mail mail)
        {
            Add("code", mail.Code!);
            if (mail.Link is not null)
                Add("link", System.Web.HttpUtility.ParseQueryString(new Uri(mail.Link!).Query)["token"]!);
        }

        public void Add(Browser browser)
        {
            foreach (var cookie in browser.Cookies)
                Add($"cookie {cookie.Name}", cookie.Value);
        }

        public TokenAnswer Add(TokenAnswer tokens)
        {
            foreach (var name in new[] { "access_token", "refresh_token", "id_token" })
            {
                if (tokens.Value(name) is { } token)
                    Add(name, token);
            }

            return tokens;
        }

        public IEnumerable<string> In(string line) => all.Where(secret => line.Contains(secret.Key, StringComparison.OrdinalIgnoreCase)).Select(secret => secret.Value);
    }

    /// <summary>Everything that is logged, with scopes and exceptions, and every activity of the process.</summary>
    [ProviderAlias("Captured")]
    private sealed class Captured : ILoggerProvider, ISupportExternalScope
    {
        private readonly ActivityListener listener;
        private IExternalScopeProvider scopes = new LoggerExternalScopeProvider();

        public Captured()
        {
            listener = new ActivityListener
            {
                ShouldListenTo = _ => true,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = activity => Lines.Enqueue($"Activity {activity.Source.Name} {activity.OperationName} {activity.DisplayName} {activity.StatusDescription} "
                    + string.Join(' ', activity.TagObjects.Concat(activity.Events.SelectMany(happened => happened.Tags)).Select(tag => $"{tag.Key}={tag.Value}"))
                    + string.Join(' ', activity.Baggage.Select(tag => $"{tag.Key}={tag.Value}"))),
            };
            ActivitySource.AddActivityListener(listener);
        }

        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

        public void SetScopeProvider(IExternalScopeProvider scopeProvider) => scopes = scopeProvider;

        public void Dispose() => listener.Dispose();

        private sealed class Logger(Captured captured, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                var line = new List<string> { category, logLevel.ToString(), formatter(state, exception), exception?.ToString() ?? "", Text(state) };
                captured.scopes.ForEachScope((scope, parts) => parts.Add(Text(scope)), line);
                captured.Lines.Enqueue(string.Join(" | ", line));
            }

            private static string Text(object? state) => state is IEnumerable<KeyValuePair<string, object?>> pairs
                ? string.Join(' ', pairs.Select(pair => $"{pair.Key}={pair.Value}"))
                : state?.ToString() ?? "";
        }
    }
}
