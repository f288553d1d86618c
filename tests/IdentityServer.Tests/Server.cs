using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Testing;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace IdentityServer.Tests;

/// <summary>The whole server inside the test: its own clock, database and inbox.</summary>
public class Server : IAsyncDisposable
{
    private static readonly Uri Origin = new("https://localhost");
    private readonly WebApplicationFactory<Program> factory;

    public Server(params (string Name, string Value)[] settings)
        : this(_ => { }, settings)
    {
    }

    public Server(Action<IServiceCollection> add, params (string Name, string Value)[] settings)
    {
        Folder = Directory.CreateTempSubdirectory("identityserver-").FullName;
        File.Copy(Path.Combine(Repository.Root, "appsettings.Development.json"), Path.Combine(Folder, "appsettings.Development.json"));
        factory = new WebApplicationFactory<Program>().WithWebHostBuilder(host =>
        {
            host.UseEnvironment(Environments.Development);
            host.UseContentRoot(Folder);
            host.UseSetting("Logging:LogLevel:Default", "Warning");

            // They say at every request that this server is no Kestrel.
            host.UseSetting("Logging:LogLevel:Microsoft.AspNetCore.Mvc.Filters.RequestSizeLimitFilter", "Error");
            host.UseSetting("Logging:LogLevel:Microsoft.AspNetCore.Routing.EndpointRoutingMiddleware", "Error");
            // A test asks in a second what people ask in an hour.
            host.UseSetting("Limits:ApiRequestsPerCallerAndMinute", "100000");
            host.UseSetting("Limits:ApiRequestsPerNetworkAndMinute", "100000");
            foreach (var (name, value) in settings)
                host.UseSetting(name, value);
            host.ConfigureTestServices(services =>
            {
                services.AddSingleton<TimeProvider>(Clock);
                add(services);
            });
        });
    }

    /// <summary>On a database of its own on the tests' PostgreSQL server; skips the test where there is none.</summary>
    public static Server OnPostgres() => new(PostgresSettings());

    /// <summary>The settings of that; skips the test where there is none.</summary>
    public static (string Name, string Value)[] PostgresSettings()
    {
        if (PostgresCluster.Missing is { } reason)
            Assert.Skip(reason);
        return [("Database:Provider", "Postgres"), ("Database:ConnectionString", PostgresCluster.NewDatabase())];
    }

    /// <summary>Starts at the true time: certificates and data protection ask the machine.</summary>
    public TestClock Clock { get; } = new(TimeProvider.System.GetUtcNow());

    public IServiceProvider Services => factory.Services;

    /// <summary>Where its database and its settings are.</summary>
    public string Folder { get; }

    public Browser NewBrowser() => new(() => factory.Server.CreateHandler(), Origin);

    public HttpClient NewClient() => new(factory.Server.CreateHandler()) { BaseAddress = Origin };

    /// <summary>A client whose requests come from this address.</summary>
    public HttpClient NewClient(IPAddress from) => new(new From(factory.Server, from)) { BaseAddress = Origin };

    /// <summary>Writes a counter of limits as if so much had been counted just now.</summary>
    public async Task CountAsync(string key, long count)
    {
        await using var scope = Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ServerDb>();
        db.Counters.Add(new Counter { Key = key, WindowStart = Clock.Now, Count = count, ExpiresAt = Clock.Now.AddDays(1) });
        await db.SaveChangesAsync();
    }

    public RelyingParty Spa() => new(NewClient(), "spa", "http://localhost:5173/callback");

    public RelyingParty WebApp() => new(NewClient(), "webapp", "http://localhost:5175/callback", "webapp-development-secret-0123456789abcdef0123456789");

    public RelyingParty Native() => new(NewClient(), "native", "");

    public RelyingParty Worker() => new(NewClient(), "worker", "", "worker-development-secret-0123456789abcdef0123456789");

    /// <summary>The mails to this address, newest first, once there are at least so many.</summary>
    public async Task<Mail[]> MailsAsync(string to, int atLeast = 1)
    {
        using var client = NewClient();
        for (var tries = 0; tries < 200; tries++)
        {
            var mails = await client.GetFromJsonAsync<Mail[]>($"/dev/inbox.json?to={Uri.EscapeDataString(to)}", JsonSerializerOptions.Web);
            if (mails!.Length >= atLeast)
                return mails;
            await Task.Delay(50);
        }

        throw new InvalidOperationException($"There are not {atLeast} mails within ten seconds.");
    }

    /// <summary>Types the address into the page and gives the code page and the mail.</summary>
    public async Task<(Page Page, Mail Mail)> AskForCodeAsync(Browser browser, string address, string start = "/sign-in", string proceed = "Continue")
    {
        var known = (await MailsAsync(address, 0)).Length;
        var page = await browser.GetAsync(start);
        page = await browser.SubmitAsync(page, proceed, ("Address", address));

        // People take their time; what a prompt asks for must happen after the request came in.
        Clock.Advance(TimeSpan.FromSeconds(5));
        return (page, (await MailsAsync(address, known + 1))[0]);
    }

    /// <summary>Signs in on the pages and comes to rest where the sign-in led.</summary>
    public async Task<Page> SignInAsync(
        Browser browser, string address, string start = "/sign-in", string name = "Somebody New", string proceed = "Continue", string create = "Create")
    {
        var (page, mail) = await AskForCodeAsync(browser, address, start, proceed);
        page = await browser.SubmitAsync(page, proceed, ("Code", mail.Code!));
        return page.Url.AbsolutePath == "/sign-in/details" ? await browser.SubmitAsync(page, create, ("Name", name)) : page;
    }

    // The test server knows no connections, so that the address is put into its requests.
    private sealed class From(TestServer server, IPAddress address) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
            var answer = await server.SendAsync(
                context =>
                {
                    context.Connection.RemoteIpAddress = address;
                    context.Request.Method = request.Method.Method;
                    context.Request.Scheme = request.RequestUri!.Scheme;
                    context.Request.Host = new HostString(request.RequestUri.Authority);
                    context.Request.Path = request.RequestUri.AbsolutePath;
                    context.Request.QueryString = new QueryString(request.RequestUri.Query);
                    foreach (var (name, values) in request.Headers.Concat(request.Content?.Headers.AsEnumerable() ?? []))
                        context.Request.Headers[name] = values.ToArray();
                    context.Request.Body = new MemoryStream(body);
                },
                cancellationToken);
            var response = new HttpResponseMessage((HttpStatusCode)answer.Response.StatusCode) { Content = new StreamContent(answer.Response.Body) };
            foreach (var (name, values) in answer.Response.Headers)
                response.Headers.TryAddWithoutValidation(name, values.ToArray());
            return response;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await factory.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
