using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Tests.Delivery;

/// <summary>What a gateway did with a request.</summary>
internal enum Did
{
    Took,

    /// <summary>Took it, and never said so.</summary>
    TookAndHung,
    Hung,
    Refused,

    /// <summary>Knew it by its id, and took nothing.</summary>
    Recognised,
    KnowsNoSuchNumber,
}

/// <summary>A request that came, and how often the server had been killed by then.</summary>
internal sealed record Call(string Number, bool AtBad, Did Did, int Kills)
{
    public bool Takes => Did is Did.Took or Did.TookAndHung;
}

/// <summary>
/// Two gateways on this machine that live through the server's deaths, with one ledger. Under <c>/bad</c> one that fails half of its calls, hangs on
/// some, and recognises nothing; under <c>/good</c> one that speaks Kavenegar's language and recognises a repeated <c>localid</c>. What the bad one
/// does follows from the number, so that a run can be repeated.
/// </summary>
internal sealed class FaultyGateway : IAsyncDisposable
{
    private static readonly TimeSpan Work = TimeSpan.FromMilliseconds(30);
    private readonly ConcurrentQueue<Call> calls = new();
    private readonly ConcurrentDictionary<string, int> refusals = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> localIds = new(StringComparer.Ordinal);
    private readonly WebApplication app;

    private FaultyGateway()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        app = builder.Build();
        app.MapPost("/bad", BadAsync);
        app.MapPost("/good/v1/key/sms/send.json", GoodAsync);
    }

    /// <summary>Set by the test: how often it has killed the server.</summary>
    public int Kills { get; set; }

    public string Url => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public IReadOnlyList<Call> Calls => [.. calls];

    public static async Task<FaultyGateway> StartAsync()
    {
        var gateway = new FaultyGateway();
        await gateway.app.StartAsync();
        return gateway;
    }

    /// <summary>Every second one is in Iran, which the good gateway serves too; the others have the bad one alone.</summary>
    public static string Number(int i) => i % 2 == 0 ? $"+98912{i:D7}" : $"+49151{i:D7}";

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task BadAsync(HttpContext context)
    {
        var number = (await context.Request.ReadFromJsonAsync<JsonElement>()).GetProperty("to").GetString()!;
        var did = Plan(number);
        Note(number, atBad: true, did);
        if (did is Did.Hung or Did.TookAndHung)
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return;
        }

        await Task.Delay(Work);
        context.Response.StatusCode = did switch { Did.Took => 200, Did.KnowsNoSuchNumber => 400, _ => 503 };
        await context.Response.WriteAsync(did == Did.KnowsNoSuchNumber ? """{"error":"bad_number"}""" : "{}");
    }

    private Did Plan(string number)
    {
        var i = int.Parse(number[^7..], CultureInfo.InvariantCulture) / 2;
        if (i % 50 == 13)
            return Did.KnowsNoSuchNumber;
        if (i % 20 == 7)
            return i % 40 == 7 ? Did.TookAndHung : Did.Hung;
        return refusals.AddOrUpdate(number, 1, (_, count) => count + 1) <= i % 3 ? Did.Refused : Did.Took;
    }

    private async Task GoodAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync();
        var number = "+" + form["receptor"].ToString()[2..];
        var isNew = localIds.TryAdd(form["localid"].ToString(), true);
        Note(number, atBad: false, isNew ? Did.Took : Did.Recognised);
        await Task.Delay(Work);
        await context.Response.WriteAsync("""{"return":{"status":200,"message":"ok"},"entries":[{"messageid":8792343,"status":1}]}""");
    }

    // Before it answers: a gateway does not forget what it took because nobody hears its answer.
    private void Note(string number, bool atBad, Did did) => calls.Enqueue(new Call(number, atBad, did, Kills));
}
