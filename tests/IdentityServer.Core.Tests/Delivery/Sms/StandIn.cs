using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Keys;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Core.Tests.Delivery.Sms;

/// <summary>A request as a stand-in saw it.</summary>
internal sealed record Seen(string Method, string Target, IReadOnlyDictionary<string, string> Headers, string Body)
{
    /// <summary>Everything, with percent-encoding undone.</summary>
    public string Plain => WebUtility.UrlDecode($"{Target} {Body}");

    public Dictionary<string, string> Form => Body.Split('&').Select(pair => pair.Split('=')).ToDictionary(pair => WebUtility.UrlDecode(pair[0]), pair => WebUtility.UrlDecode(pair[1]));
}

/// <summary>Plays a gateway on this machine, and worse.</summary>
internal sealed class StandIn : IAsyncDisposable
{
    private readonly ConcurrentQueue<Seen> requests = new();
    private WebApplication app = null!;

    public string Url { get; private set; } = "";

    public IReadOnlyList<Seen> Requests => [.. requests];

    public static Task<StandIn> AnswersAsync(int status, string body) => StartAsync((context, _) => Answer(context, status, body));

    public static async Task<StandIn> StartAsync(Func<HttpContext, Seen, Task> answer, X509Certificate2? certificate = null)
    {
        var standIn = new StandIn();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
                listen.UseHttps(certificate);
        }));
        if (certificate is not null)
            builder.WebHost.UseKestrelHttpsConfiguration();
        standIn.app = builder.Build();
        standIn.app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var seen = new Seen(
                context.Request.Method,
                context.Request.Path.Value + context.Request.QueryString.Value,
                context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
                await reader.ReadToEndAsync());
            standIn.requests.Enqueue(seen);
            await answer(context, seen);
        });
        await standIn.app.StartAsync();
        standIn.Url = standIn.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return standIn;
    }

    public static Task Answer(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body);
    }

    /// <summary>Takes the request and says nothing.</summary>
    public static Task Hang(HttpContext context, Seen _) => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);

    /// <summary>Takes the request and breaks the connection.</summary>
    public static Task Cut(HttpContext context, Seen _)
    {
        context.Abort();
        return Task.CompletedTask;
    }

    /// <summary>Answers a byte at a time, for ever.</summary>
    public static async Task Drip(HttpContext context, Seen _)
    {
        while (!context.RequestAborted.IsCancellationRequested)
        {
            await context.Response.WriteAsync(" ");
            await context.Response.Body.FlushAsync();
            await Task.Delay(50);
        }
    }

    /// <summary>Answers more than anybody wants to read.</summary>
    public static async Task Flood(HttpContext context, Seen _)
    {
        for (var i = 0; i < 200 && !context.RequestAborted.IsCancellationRequested; i++)
            await context.Response.WriteAsync(new string('x', 1024));
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}

/// <summary>Senders as the server makes them from its settings.</summary>
internal static class Configured
{
    public static ServiceProvider Server(string provider, TestLog? log, Action<IServiceCollection>? add, params IEnumerable<(string Key, string Value)> settings)
    {
        var values = new Dictionary<string, string?> { ["Delivery:Email:Provider"] = "file", ["Delivery:Sms:Providers:0"] = provider };
        foreach (var (key, value) in settings)
            values[key] = value;
        var environment = new TestEnvironment();
        var services = new ServiceCollection()
            .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(log ?? new TestLog()))
            .AddSingleton<IHostEnvironment>(environment)
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(values).Build())
            .AddSingleton<TimeProvider>(new IdentityServer.Testing.TestClock())
            .AddSingleton(new MasterKeys([new byte[32]]))
            .AddDelivery(environment);
        add?.Invoke(services);
        var built = services.BuildServiceProvider();
        built.GetRequiredService<Microsoft.Extensions.Options.IStartupValidator>().Validate();
        return built;
    }

    public static ISender Sender(string provider, params IEnumerable<(string Key, string Value)> settings) =>
        Server(provider, null, null, settings).GetRequiredService<Senders>().Of(Channel.Sms).Single();
}
