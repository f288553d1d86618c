using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Testing;
using IdentityServer.Testing.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery.Sms;

/// <summary>What every sender over HTTP promises, whatever its gateway does to it.</summary>
public abstract class GatewayContract(string provider) : RemoteSenderContract, IAsyncDisposable
{
    private readonly List<StandIn> standIns = [];

    protected override Channel Channel => Channel.Sms;

    /// <summary>The settings that make it talk to <paramref name="url"/>.</summary>
    protected abstract (string Key, string Value)[] Settings(string url);

    /// <summary>What must never be seen in a log, a trace or a reason.</summary>
    protected abstract string Secret { get; }

    protected abstract (int Status, string Body) Yes(int request);

    protected abstract (int Status, string Body) NoSuchNumber { get; }

    protected abstract (int Status, string Body) NoSuchAccount { get; }

    protected abstract (int Status, string Body) Busy { get; }

    protected virtual void Register(IServiceCollection services)
    {
    }

    protected override async Task<ISender> AcceptingAsync()
    {
        var count = 0;
        return await SenderAsync((context, _) => StandIn.Answer(context, Yes(count).Status, Yes(count++).Body));
    }

    protected override Task<ISender> RefusingRecipientAsync() => SenderAsync(NoSuchNumber);

    protected override Task<ISender> RefusingServerAsync() => SenderAsync(NoSuchAccount);

    protected override Task<ISender> BusyAsync() => SenderAsync(Busy);

    protected override Task<ISender> SilentAsync() => SenderAsync(StandIn.Hang);

    protected override Task<ISender> UnreachableAsync() => Task.FromResult(Sender("http://127.0.0.1:1"));

    protected override Task<IReadOnlyList<string>> ReceivedAsync() =>
        Task.FromResult<IReadOnlyList<string>>([.. standIns.SelectMany(standIn => standIn.Requests).Select(request => request.Plain)]);

    [Theory]
    [InlineData("hang")]
    [InlineData("cut")]
    [InlineData("drip")]
    [InlineData("flood")]
    public async Task A_request_that_was_sent_and_not_answered_is_of_unknown_end(string how)
    {
        var sender = await SenderAsync(how switch { "hang" => StandIn.Hang, "cut" => StandIn.Cut, "drip" => StandIn.Drip, _ => StandIn.Flood });
        var ambiguous = Assert.IsType<SendResult.Ambiguous>(await sender.SendAsync(Message(), In(1)).WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.DoesNotContain(Secret, ambiguous.Reason, StringComparison.Ordinal);
        Assert.Single(await ReceivedAsync());
    }

    [Fact]
    public async Task A_connection_that_breaks_before_the_next_message_does_not_send_one_twice()
    {
        var sender = await SenderAsync((context, seen) => standIns[^1].Requests.Count == 1 ? StandIn.Answer(context, Yes(0).Status, Yes(0).Body) : StandIn.Cut(context, seen));
        Assert.IsType<SendResult.Accepted>(await sender.SendAsync(Message(), In(20)));
        Assert.IsType<SendResult.Ambiguous>(await sender.SendAsync(Message(), In(20)));
        Assert.Equal(2, (await ReceivedAsync()).Count);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    public async Task A_broken_gateway_is_asked_again(int status) =>
        Assert.IsType<SendResult.Retry>(await (await SenderAsync((status, "<html>oops</html>"))).SendAsync(Message(), In(20)));

    [Fact]
    public async Task Credentials_do_not_follow_a_redirect()
    {
        var elsewhere = await StartAsync((context, _) => StandIn.Answer(context, 200, "{}"));
        var sender = await SenderAsync((context, _) =>
        {
            context.Response.Redirect(elsewhere.Url);
            return Task.CompletedTask;
        });
        Assert.IsType<SendResult.Misconfigured>(await sender.SendAsync(Message(), In(20)));
        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task A_certificate_that_the_machine_does_not_trust_is_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = new TestClock().Now;
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddYears(-1), now.AddYears(5));
        var standIn = await StartAsync((context, _) => StandIn.Answer(context, 200, "{}"), certificate);
        Assert.IsType<SendResult.Misconfigured>(await Sender(standIn.Url).SendAsync(Message(), In(20)));
        Assert.Empty(standIn.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Neither_logs_nor_traces_hold_the_number_the_text_or_a_secret(bool reachable)
    {
        var seen = new List<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name.StartsWith("System.Net", StringComparison.Ordinal),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => seen.AddRange(activity.TagObjects.Select(tag => $"{tag.Value}")),
        };
        ActivitySource.AddActivityListener(listener);
        var log = new TestLog();
        var url = reachable ? (await StartAsync((context, _) => StandIn.Answer(context, Yes(0).Status, Yes(0).Body))).Url : "http://127.0.0.1:1";
        await using var server = Configured.Server(provider, log, Register, Settings(url));
        var result = await server.GetRequiredService<Senders>().Of(Channel.Sms).Single().SendAsync(Message(), In(20));

        Assert.Equal(reachable, result is SendResult.Accepted);
        foreach (var line in (string[])[.. log.Lines.Select(line => line.Text), .. seen.ToArray(), $"{result}", $"{Message()}"])
        {
            foreach (var forbidden in (string[])[Recipient[1..], Code, Secret])
                Assert.DoesNotContain(forbidden, line, StringComparison.Ordinal);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var standIn in standIns)
            await standIn.DisposeAsync();
    }

    private protected ISender Sender(string url, params (string Key, string Value)[] more) =>
        Configured.Server(provider, null, Register, [.. Settings(url), .. more]).GetRequiredService<Senders>().Of(Channel.Sms).Single();

    private protected Task<ISender> SenderAsync((int Status, string Body) answer, params (string Key, string Value)[] more) =>
        SenderAsync((context, _) => StandIn.Answer(context, answer.Status, answer.Body), more);

    private protected async Task<ISender> SenderAsync(Func<HttpContext, Seen, Task> answer, params (string Key, string Value)[] more) =>
        Sender((await StartAsync(answer)).Url, more);

    private protected async Task<SendResult> ResultAsync(int status, string body) => await (await SenderAsync((status, body))).SendAsync(Message(), In(20));

    private protected Seen Request() => standIns.SelectMany(standIn => standIn.Requests).Single();

    private protected async Task<StandIn> StartAsync(Func<HttpContext, Seen, Task> answer, X509Certificate2? certificate = null)
    {
        var standIn = await StandIn.StartAsync(answer, certificate);
        standIns.Add(standIn);
        return standIn;
    }
}
