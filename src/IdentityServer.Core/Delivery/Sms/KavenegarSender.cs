using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Delivery.Sms;

/// <summary>Section <c>Delivery:Sms:Kavenegar</c>.</summary>
public sealed class KavenegarOptions
{
    /// <summary><c>https://api.kavenegar.com</c>.</summary>
    public string BaseUrl { get; set; } = "https://api.kavenegar.com";

    /// <summary>The account's key. Kavenegar wants it in the path; it is kept out of logs, traces and errors.</summary>
    public string? ApiKey { get; set; }

    /// <summary>An approved template with <c>%token</c>: codes go by <c>verify/lookup</c>, which has priority and works abroad. Without it, everything goes by <c>sms/send</c>.</summary>
    public string? Template { get; set; }

    /// <summary>The line for <c>sms/send</c>; the account's default when not set.</summary>
    public string? Sender { get; set; }

    internal static IEnumerable<string> Problems(KavenegarOptions options)
    {
        const string Section = "Delivery:Sms:Kavenegar";
        foreach (var problem in Gateway.UrlProblems($"{Section}:BaseUrl", options.BaseUrl))
            yield return problem;
        if (string.IsNullOrWhiteSpace(options.ApiKey))
            yield return $"{Section}:ApiKey is not set.";
    }
}

/// <summary>
/// Sends by Kavenegar. <c>sms/send</c> recognises a repeated <c>localid</c>; <c>verify/lookup</c> recognises nothing, so a try without an answer is
/// not repeated. Nothing is called back: Kavenegar is asked. Texts hold no links: restricted accounts may not send them (420).
/// </summary>
internal sealed class KavenegarSender(HttpClient client, IOptions<KavenegarOptions> options) : ISender, IPolledForReceipts, IChecksItself
{
    private const int LongestText = 900;
    private readonly KavenegarOptions kavenegar = options.Value;

    public string Name => "kavenegar";

    public Channel Channel => Channel.Sms;

    public bool RepeatsSafely => !UsesLookup;

    public TimeSpan Memory => TimeSpan.FromHours(48);

    public int BatchSize => 500;

    private bool UsesLookup => !string.IsNullOrEmpty(kavenegar.Template);

    /// <summary>Its own lines reach Iran only; a template goes abroad too.</summary>
    public bool Reaches(string to) => UsesLookup || IsIranian(to);

    public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken cancellationToken)
    {
        if (!Gateway.IsE164(message.To))
            return new SendResult.Rejected("not a phone number in E.164 form");
        if (UsesLookup && message.Code is { } code)
            return await CallAsync("verify/lookup", [new("receptor", Receptor(message.To)), new("token", code), new("template", kavenegar.Template)], cancellationToken);
        if (!IsIranian(message.To))
            return new SendResult.Rejected("only codes are sent abroad");
        if (message.Content.Text.Length > LongestText)
            return new SendResult.Rejected("the text is longer than 900 characters");
        List<KeyValuePair<string, string?>> fields =
        [
            new("receptor", Receptor(message.To)),
            new("message", message.Content.Text),
            new("localid", LocalId(message.Id).ToString(CultureInfo.InvariantCulture)),
        ];
        if (!string.IsNullOrEmpty(kavenegar.Sender))
            fields.Add(new("sender", kavenegar.Sender));
        return await CallAsync("sms/send", fields, cancellationToken);
    }

    public async Task<IReadOnlyDictionary<string, Receipt>> AskAsync(IReadOnlyList<string> providerIds, CancellationToken cancellationToken)
    {
        using var request = Request("sms/status", [new("messageid", string.Join(',', providerIds))]);
        var receipts = new Dictionary<string, Receipt>(StringComparer.Ordinal);
        var answer = await client.ExchangeAsync(request, cancellationToken);
        if (answer is not GatewayAnswer.Answered answered || answered.Json() is not { } json || json.Member("return")?.Number("status") != 200)
            throw new HttpRequestException("Kavenegar did not tell what became of messages.");
        foreach (var entry in Entries(json))
        {
            if (entry.Text("messageid") is { } id && entry.Number("status") is { } status)
                receipts[id] = ReceiptOf(status);
        }

        return receipts;
    }

    /// <summary>By <c>account/info</c>, which tells what credit is left.</summary>
    public async Task<SelfCheck> CheckAsync(CancellationToken cancellationToken)
    {
        using var request = Request("account/info", []);
        return await client.CheckAsync(request, ReadAccount, cancellationToken);
    }

    /// <summary>A positive number that follows from the message's id.</summary>
    internal static long LocalId(Guid id) => BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(id.ToByteArray(bigEndian: true))) & long.MaxValue;

    private async Task<SendResult> CallAsync(string method, List<KeyValuePair<string, string?>> fields, CancellationToken cancellationToken)
    {
        using var request = Request(method, fields);
        return await client.ExchangeAsync(request, cancellationToken) switch
        {
            GatewayAnswer.Answered answered => Classify(answered),
            GatewayAnswer.Failed failed => failed.Result,
            _ => throw new InvalidOperationException("A gateway answers or fails."),
        };
    }

    private HttpRequestMessage Request(string method, List<KeyValuePair<string, string?>> fields) =>
        new(HttpMethod.Post, $"{kavenegar.BaseUrl.TrimEnd('/')}/v1/{Uri.EscapeDataString(kavenegar.ApiKey!)}/{method}.json")
        {
            Content = new FormUrlEncodedContent(fields),
        };

    private SelfCheck ReadAccount(GatewayAnswer.Answered answered)
    {
        var entry = answered.Json() is { } json && json.Member("return")?.Number("status") == 200 ? Entries(json).FirstOrDefault() : default;
        if (decimal.TryParse(entry.Text("remaincredit"), NumberStyles.Number, CultureInfo.InvariantCulture, out var credit))
        {
            return credit > 0
                ? new SelfCheck(true, string.Create(CultureInfo.InvariantCulture, $"lets this server in, credit left: {credit:0} rial{(UsesLookup ? "; whether Template is approved shows when a code is sent" : "")}"))
                : new SelfCheck(false, "lets this server in, but the account of Delivery:Sms:Kavenegar has no credit left: pay in");
        }

        return Classify(answered) switch
        {
            SendResult.Misconfigured(var reason) => new SelfCheck(false, reason),
            SendResult.Retry(var reason) => new SelfCheck(false, $"{reason}: try later"),
            _ => new SelfCheck(false, "the answer is not Kavenegar's: check Delivery:Sms:Kavenegar:BaseUrl"),
        };
    }

    private static SendResult Classify(GatewayAnswer.Answered answered)
    {
        var json = answered.Json();
        // The HTTP status says the same; the envelope is looked at first, for 501 and 607 are no server errors here.
        return (json?.Member("return")?.Number("status") ?? answered.Status) switch
        {
            200 when json is { } root && Entries(root).FirstOrDefault() is { ValueKind: JsonValueKind.Object } entry => Taken(entry),
            200 => new SendResult.Ambiguous("Kavenegar's answer was not understood"),
            411 => new SendResult.Rejected("Kavenegar 411: the number cannot receive texts", SuppressionReason.DeadAddress),
            413 or 422 => new SendResult.Rejected("Kavenegar 413 or 422: the text is empty, too long or holds a character that cannot be sent"),
            402 or 409 or 451 => new SendResult.Retry("Kavenegar is busy or asks for fewer requests (402, 409, 451)"),
            401 or 403 or 407 or 416 or 429 => new SendResult.Misconfigured($"Kavenegar {answered.Status}: check Delivery:Sms:Kavenegar:ApiKey and the account's list of addresses"),
            418 => new SendResult.Misconfigured("Kavenegar 418: the account of Delivery:Sms:Kavenegar has no credit left"),
            412 => new SendResult.Misconfigured("Kavenegar 412: Delivery:Sms:Kavenegar:Sender is not a line of this account"),
            424 or 426 or 428 or 431 or 432 => new SendResult.Misconfigured($"Kavenegar {answered.Status}: check Delivery:Sms:Kavenegar:Template; it needs approval, the advanced service and %token"),
            501 => new SendResult.Misconfigured("Kavenegar 501: a test account (Delivery:Sms:Kavenegar:ApiKey) reaches its own number only"),
            >= 500 and < 600 => new SendResult.Retry($"Kavenegar {answered.Status}"),
            var other => new SendResult.Misconfigured($"Kavenegar refuses Delivery:Sms:Kavenegar or the request ({other})"),
        };
    }

    // A repeated localid brings back the record with the status that it has by now.
    private static SendResult Taken(JsonElement entry) => entry.Number("status") switch
    {
        6 or 11 => new SendResult.Rejected("Kavenegar could not deliver it"),
        13 => new SendResult.Misconfigured("Kavenegar cancelled it: is the account of Delivery:Sms:Kavenegar in debug mode?"),
        14 => new SendResult.Rejected("Kavenegar: the person blocked these texts", SuppressionReason.OptedOut),
        _ => new SendResult.Accepted(entry.Text("messageid")),
    };

    private static Receipt ReceiptOf(int status)
    {
        var word = status.ToString(CultureInfo.InvariantCulture);
        return status switch
        {
            10 => new Receipt(word, MessageReceipt.Delivered),
            14 => new Receipt(word, MessageReceipt.Undelivered, null, SuppressionReason.OptedOut),
            6 or 11 or 13 => new Receipt(word, MessageReceipt.Undelivered),
            _ => new Receipt(word, null),
        };
    }

    // Documented as an array; some methods answer with the entry alone.
    private static IEnumerable<JsonElement> Entries(JsonElement json) => json.Member("entries") switch
    {
        { ValueKind: JsonValueKind.Array } list => list.EnumerateArray(),
        { ValueKind: JsonValueKind.Object } entry => [entry],
        _ => [],
    };

    private static string Receptor(string to) => $"00{to[1..]}";

    private static bool IsIranian(string to) => to.StartsWith("+98", StringComparison.Ordinal);
}
