using System.Diagnostics.Metrics;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Delivery.Sms;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Tests.Delivery.Sms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery;

public sealed class SqliteReceiptTests(SqliteDatabase database) : ReceiptTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresReceiptTests(PostgresDatabase database) : ReceiptTests(database), IClassFixture<PostgresDatabase>;

public abstract class ReceiptTests : IAsyncLifetime
{
    private const string Token = "twilio-token";
    private readonly TestDatabase database;
    private IServiceProvider services = null!;
    private StandIn kavenegar = null!;
    private WebApplication app = null!;
    private HttpClient client = null!;
    private string statuses = "[]";

    protected ReceiptTests(TestDatabase database)
    {
        database.SkipIfMissing();
        this.database = database;
    }

    public async ValueTask InitializeAsync()
    {
        kavenegar = await StandIn.StartAsync((context, _) => StandIn.Answer(context, 200, $$"""{"return":{"status":200},"entries":{{statuses}}}"""));
        var server = database.Start(
            [
                ("Delivery:Email:Provider", "file"), ("Delivery:CallbackUrl", "https://id.example.com"),
                ("Delivery:Sms:Providers:0", "twilio"), ("Delivery:Sms:Providers:1", "megafon"), ("Delivery:Sms:Providers:2", "kavenegar"),
                ("Delivery:Sms:Twilio:AccountSid", "AC1"), ("Delivery:Sms:Twilio:AuthToken", Token), ("Delivery:Sms:Twilio:From", "Brand"),
                ("Delivery:Sms:MegaFon:Login", "l"), ("Delivery:Sms:MegaFon:Password", "p"), ("Delivery:Sms:MegaFon:From", "Brand"),
                ("Delivery:Sms:Kavenegar:BaseUrl", kavenegar.Url), ("Delivery:Sms:Kavenegar:ApiKey", "key"),
            ],
            collection => collection.AddDelivery(new TestEnvironment()).AddSingleton<ILoggerProvider>(new TestLog()));
        services = server;
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(services.GetRequiredService<Senders>());
        builder.Services.AddSingleton(services.GetRequiredService<CallbackUrls>());
        builder.Services.AddSingleton(services.GetRequiredService<ReceiptWriter>());
        app = builder.Build();
        app.MapDeliveryCallbacks();
        await app.StartAsync();
        client = app.GetTestClient();
    }

    public async ValueTask DisposeAsync()
    {
        if (app is null)
            return;
        client.Dispose();
        await app.DisposeAsync();
        await kavenegar.DisposeAsync();
    }

    [Fact]
    public async Task Twilio_s_callbacks_make_the_timeline_in_any_order_and_each_once()
    {
        var id = await SentAsync("twilio");
        foreach (var status in (string[])["delivered", "sent", "delivered", "queued", "sent", "undelivered"])
            Assert.Equal(HttpStatusCode.OK, await TwilioAsync(id, status));

        await using var db = await database.OpenAsync();
        var steps = await db.MessageEvents.Where(step => step.MessageId == id).Select(step => step.Status).ToListAsync();
        Assert.Equal(["delivered", "queued", "sent", "undelivered"], steps.Order());
        Assert.Equal(MessageReceipt.Delivered, (await RowAsync(id)).Receipt);
    }

    [Fact]
    public async Task Parallel_repetitions_leave_one_step()
    {
        var id = await SentAsync("twilio");
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => TwilioAsync(id, "delivered"))));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer));
        await using var db = await database.OpenAsync();
        Assert.Equal(1, await db.MessageEvents.CountAsync(step => step.MessageId == id));
    }

    [Fact]
    public async Task A_forged_signature_changes_nothing()
    {
        var id = await SentAsync("twilio");
        Assert.Equal(HttpStatusCode.Forbidden, await TwilioAsync(id, "delivered", signature: "RSOYDt4T1cUTdK1PDd93/VVr8B8="));
        Assert.Equal(HttpStatusCode.Forbidden, await TwilioAsync(id, "delivered", signature: ""));
        Assert.Equal(HttpStatusCode.Forbidden, await TwilioAsync(id, "delivered", token: "another"));
        // A Host header is not what was signed.
        Assert.Equal(HttpStatusCode.OK, await TwilioAsync(id, "sent", host: "evil.example"));
        Assert.Null((await RowAsync(id)).Receipt);
    }

    [Fact]
    public async Task The_path_s_secret_is_for_one_message_of_one_provider()
    {
        var urls = services.GetRequiredService<CallbackUrls>();
        var (one, other) = (await SentAsync("megafon"), await SentAsync("megafon"));
        string Path(string provider, Guid id) => new Uri(urls.For(provider, id)!).AbsolutePath;
        var secret = Path("megafon", other).Split('/')[^1];
        const string Body = """{"status":"delivered"}""";

        Assert.Equal(HttpStatusCode.NotFound, await PostAsync($"/delivery/megafon/{one:N}/{secret}", Body));
        Assert.Equal(HttpStatusCode.NotFound, await PostAsync($"/delivery/megafon/{one:N}/x", Body));
        Assert.Equal(HttpStatusCode.NotFound, await PostAsync(Path("twilio", one).Replace("twilio", "megafon", StringComparison.Ordinal), Body));
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(Path("megafon", one), """{"msg_id":"of-another-one","status":"delivered"}"""));
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(Path("megafon", one), "status=delivered"));
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(Path("megafon", one), "[]"));
        Assert.Null((await RowAsync(one)).Receipt);

        Assert.Equal(HttpStatusCode.OK, await PostAsync(Path("megafon", one), $$"""{"msg_id":"{{MegaFonSender.MessageId(one)}}","status":"delivery_failed","short_message":"stat:UNDELIV"}"""));
        Assert.Equal(MessageReceipt.Undelivered, (await RowAsync(one)).Receipt);
    }

    [Fact]
    public async Task A_callback_about_a_message_that_is_gone_is_answered_and_forgotten() =>
        Assert.Equal(HttpStatusCode.OK, await TwilioAsync(Guid.CreateVersion7(database.Clock.Now), "delivered"));

    [Fact]
    public async Task Who_opted_out_or_is_found_dead_later_is_suppressed()
    {
        var id = await SentAsync("twilio", "+15005550009");
        Assert.Equal(HttpStatusCode.OK, await TwilioAsync(id, "undelivered", error: "30006"));
        var list = services.GetRequiredService<Suppressions>();
        Assert.True(await list.HoldAsync(Channel.Sms, "+15005550009"));
        await using var db = await database.OpenAsync();
        Assert.Equal("30006", (await db.MessageEvents.SingleAsync(step => step.MessageId == id)).Code);
    }

    [Fact]
    public async Task Kavenegar_is_asked_until_it_knows()
    {
        var poller = ActivatorUtilities.CreateInstance<ReceiptPoller>(services);
        var first = await SentAsync("kavenegar", providerId: "101");
        var second = await SentAsync("kavenegar", providerId: "102");
        statuses = """[{"messageid":101,"status":10},{"messageid":102,"status":4},{"messageid":999,"status":10}]""";
        await poller.RoundAsync(default);
        Assert.Equal(MessageReceipt.Delivered, (await RowAsync(first)).Receipt);
        Assert.Null((await RowAsync(second)).Receipt);

        statuses = """[{"messageid":102,"status":11}]""";
        await poller.RoundAsync(default);
        Assert.Equal(MessageReceipt.Undelivered, (await RowAsync(second)).Receipt);
        Assert.Equal("102", kavenegar.Requests[^1].Form["messageid"]);

        var asked = kavenegar.Requests.Count;
        statuses = "broken";
        await SentAsync("kavenegar", providerId: "103");
        await poller.RoundAsync(default);
        Assert.Equal(asked + 1, kavenegar.Requests.Count);
        Assert.DoesNotContain(services.GetServices<ILoggerProvider>().OfType<TestLog>().Single().Lines, line => line.Text.Contains("key/sms", StringComparison.Ordinal));
        database.Clock.Advance(TimeSpan.FromHours(49));
        await poller.RoundAsync(default);
        Assert.Equal(asked + 1, kavenegar.Requests.Count);
    }

    [Fact]
    public async Task The_time_to_the_receipt_is_measured_once()
    {
        var measured = new List<double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "identityserver.delivery.receipt" && instrument.Meter.Scope == services.GetRequiredService<IMeterFactory>())
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => measured.Add(value));
        listener.Start();
        var id = await SentAsync("twilio");
        database.Clock.Advance(TimeSpan.FromSeconds(7));
        await TwilioAsync(id, "sent");
        await TwilioAsync(id, "delivered");
        await TwilioAsync(id, "delivered");
        Assert.Equal([7.0], measured);
    }

    private async Task<Guid> SentAsync(string provider, string to = "+989123456789", string? providerId = null)
    {
        await using var db = await database.OpenAsync();
        var id = services.GetRequiredService<Outbox>().Add(db, new NewMessage(
            null, Channel.Sms, MessageTemplate.SignInCode, to, new Dictionary<string, string> { ["code"] = "493817" }, "en", database.Clock.Now.AddMinutes(5)));
        await db.SaveChangesAsync();
        await services.GetRequiredService<MessageQueue>().SentAsync(id, provider, providerId ?? "SM1");
        return id;
    }

    private async Task<Message> RowAsync(Guid id)
    {
        await using var db = await database.OpenAsync();
        return await db.Messages.AsNoTracking().SingleAsync(message => message.Id == id);
    }

    private async Task<HttpStatusCode> TwilioAsync(Guid id, string status, string? error = null, string? signature = null, string token = Token, string? host = null)
    {
        var url = services.GetRequiredService<CallbackUrls>().For("twilio", id)!;
        var fields = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["MessageSid"] = "SM1", ["MessageStatus"] = status, ["AccountSid"] = "AC1", ["Unheard-of"] = "x" };
        if (error is not null)
            fields["ErrorCode"] = error;
        // Signed here in the long way round, not by the class under test.
        var text = url + string.Concat(fields.Select(field => field.Key + field.Value));
#pragma warning disable CA5350 // Twilio's choice.
        signature ??= Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5350
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url).AbsolutePath) { Content = new FormUrlEncodedContent(fields) };
        request.Headers.TryAddWithoutValidation("X-Twilio-Signature", signature);
        request.Headers.Host = host;
        using var response = await client.SendAsync(request);
        return response.StatusCode;
    }

    private async Task<HttpStatusCode> PostAsync(string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(path, content);
        return response.StatusCode;
    }
}
