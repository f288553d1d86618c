using System.Collections.Concurrent;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery;

/// <summary>A server's delivery, with a provider that does what the test says.</summary>
internal sealed class DeliveryInstance
{
    private readonly IServiceProvider services;
    private readonly ISender[] senders;
    private readonly Dispatcher dispatcher;

    public DeliveryInstance(TestDatabase database, TestSender sender, Dictionary<string, string?>? settings = null)
        : this(database, [sender], settings)
    {
    }

    public DeliveryInstance(TestDatabase database, ISender[] senders, Dictionary<string, string?>? settings = null)
    {
        this.senders = senders;
        (string, string)[] quick = [("Delivery:Email:Provider", "file"), ("Delivery:PollInterval", "00:00:00.02")];
        services = database.Start([.. quick, .. (settings ?? []).Select(setting => (setting.Key, setting.Value!))], collection =>
        {
            collection.AddDelivery(new TestEnvironment());
            collection.RemoveAll<Senders>();
            collection.AddSingleton(new Senders(senders));
            collection.AddSingleton<IMessageRenderer, TestRenderer>();
            collection.AddSingleton<ILoggerProvider>(Log);
        });
        dispatcher = services.GetServices<IHostedService>().OfType<Dispatcher>().Single();
    }

    public TestSender Sender => (TestSender)senders[0];

    public IServiceProvider Services => services;

    public TestLog Log { get; } = new();

    public Outbox Outbox => services.GetRequiredService<Outbox>();

    public MessageQueue Queue => services.GetRequiredService<MessageQueue>();

    public async Task<DeliveryInstance> StartAsync()
    {
        await dispatcher.StartAsync(default);
        return this;
    }

    public Task StopAsync() => dispatcher.StopAsync(default);

    private sealed class TestRenderer : IMessageRenderer
    {
        public RenderedMessage Render(MessageTemplate template, Channel channel, string locale, IReadOnlyDictionary<string, string> model) =>
            new(channel == Channel.Email ? "subject" : null, model["code"], null);
    }
}

/// <summary>A provider that does what the test says, and remembers what it took.</summary>
internal sealed class TestSender(
    Func<OutgoingMessage, CancellationToken, Task<SendResult>> answer, bool repeatsSafely = false, string name = "test", Channel channel = Channel.Email, bool repeatsElsewhere = false) : ISender
{
    public static readonly Task<SendResult> Yes = Task.FromResult<SendResult>(new SendResult.Accepted("provider's id"));

    private readonly ConcurrentQueue<OutgoingMessage> accepted = new();
    private int tries;

    public TestSender()
        : this((_, _) => Yes)
    {
    }

    public string Name => name;

    public Channel Channel => channel;

    public bool RepeatsSafely => repeatsSafely;

    public bool RepeatsElsewhere => repeatsElsewhere;

    public IReadOnlyCollection<OutgoingMessage> Accepted => accepted;

    public int Tries => tries;

    public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref tries);
        var result = await answer(message, cancellationToken);
        if (result is SendResult.Accepted)
            accepted.Enqueue(message);
        return result;
    }
}

/// <summary>Keeps what was logged.</summary>
internal sealed class TestLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, string Text)> lines = new();

    public IReadOnlyCollection<(LogLevel Level, string Text)> Lines => lines;

    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose()
    {
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        lines.Enqueue((logLevel, $"{formatter(state, exception)} {exception}"));

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;
}

/// <summary>Waits for what happens on other threads, but not for ever.</summary>
internal static class Eventually
{
    public static async Task TrueAsync(Func<Task<bool>> condition, string what)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!await condition())
        {
            if (limit.IsCancellationRequested)
                Assert.Fail($"Did not happen: {what}");
            await Task.Delay(10);
        }
    }

    public static Task TrueAsync(Func<bool> condition, string what) => TrueAsync(() => Task.FromResult(condition()), what);
}
