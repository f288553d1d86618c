using System.Globalization;
using System.Text.Json;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Delivery.Sms;

/// <summary>Section <c>Delivery:Sms:Twilio</c>.</summary>
public sealed class TwilioOptions
{
    /// <summary><c>https://api.twilio.com</c>, or a regional one such as <c>https://api.dublin.ie1.twilio.com</c>.</summary>
    public string BaseUrl { get; set; } = "https://api.twilio.com";

    /// <summary>The account, <c>AC…</c>.</summary>
    public string? AccountSid { get; set; }

    /// <summary>The account's primary token. Callbacks are signed with it, whatever requests are authenticated with.</summary>
    public string? AuthToken { get; set; }

    /// <summary>An API key, <c>SK…</c>, to authenticate requests with instead of the token.</summary>
    public string? ApiKeySid { get; set; }

    /// <summary>The API key's secret.</summary>
    public string? ApiKeySecret { get; set; }

    /// <summary>The sender: a number in E.164 form, a short code or a name. This or <see cref="MessagingServiceSid"/>.</summary>
    public string? From { get; set; }

    /// <summary>The messaging service that chooses the sender, <c>MG…</c>.</summary>
    public string? MessagingServiceSid { get; set; }

    internal static IEnumerable<string> Problems(TwilioOptions options)
    {
        const string Section = "Delivery:Sms:Twilio";
        foreach (var problem in Gateway.UrlProblems($"{Section}:BaseUrl", options.BaseUrl))
            yield return problem;
        if (string.IsNullOrEmpty(options.AccountSid) || !options.AccountSid.All(char.IsAsciiLetterOrDigit))
            yield return $"{Section}:AccountSid is not set, or is not an account's id (AC…).";
        if (string.IsNullOrEmpty(options.AuthToken))
            yield return $"{Section}:AuthToken is not set. It is needed with an API key too: Twilio signs its callbacks with it.";
        if (string.IsNullOrEmpty(options.ApiKeySid) != string.IsNullOrEmpty(options.ApiKeySecret))
            yield return $"{Section}:ApiKeySid and {Section}:ApiKeySecret must be set both or neither.";
        if (string.IsNullOrEmpty(options.From) == string.IsNullOrEmpty(options.MessagingServiceSid))
            yield return $"{Section}: set either From or MessagingServiceSid.";
    }
}

/// <summary>
/// Sends by Twilio Programmable Messaging. It knows no idempotency key: a try without an answer is not repeated. Its callbacks carry
/// <c>X-Twilio-Signature</c>, which is checked against the configured public address.
/// </summary>
internal sealed class TwilioSender(HttpClient client, IOptions<TwilioOptions> options, CallbackUrls callbacks, TimeProvider clock) : ISender, IReceivesCallbacks, IChecksItself
{
    // Twilio takes 1 to 36,000 seconds.
    private const int LongestValidity = 36_000;
    private const int LongestText = 1600;
    private readonly TwilioOptions twilio = options.Value;

    public string Name => "twilio";

    public Channel Channel => Channel.Sms;

    public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken cancellationToken)
    {
        if (!Gateway.IsE164(message.To))
            return new SendResult.Rejected("not a phone number in E.164 form");
        if (message.Content.Text.Length > LongestText)
            return new SendResult.Rejected("the text is longer than 1,600 characters");
        using var request = Request(HttpMethod.Post, "/Messages.json", HasKey);
        request.Content = new FormUrlEncodedContent(Fields(message));
        return await client.ExchangeAsync(request, cancellationToken) switch
        {
            GatewayAnswer.Answered { Status: >= 200 and < 300 } answered => new SendResult.Accepted(answered.Json()?.Text("sid")),
            GatewayAnswer.Answered answered => Classify(answered.Status, answered.Json()?.Number("code")),
            GatewayAnswer.Failed failed => failed.Result,
            _ => throw new InvalidOperationException("A gateway answers or fails."),
        };
    }

    public async Task<CallbackReading> ReadAsync(HttpRequest request, Guid messageId, string url, CancellationToken cancellationToken)
    {
        if (!request.HasFormContentType)
            return new CallbackReading.Malformed();
        var form = await request.ReadFormAsync(cancellationToken);
        // Repeated names are one field, as in Twilio's own libraries.
        var fields = form.ToDictionary(field => field.Key, field => field.Value.LastOrDefault() ?? "", StringComparer.Ordinal);
        if (!TwilioSignature.IsOf(request.Headers["X-Twilio-Signature"].ToString(), twilio.AuthToken!, url, fields))
            return new CallbackReading.Forged();
        return fields.GetValueOrDefault("MessageStatus") is { Length: > 0 } status
            ? new CallbackReading.Read(ReceiptOf(status, fields.GetValueOrDefault("ErrorCode")))
            : new CallbackReading.Malformed();
    }

    /// <summary>
    /// The account is read with the token, which callbacks are checked with; only that or a main key may. A key is then tried with a list that
    /// standard keys may read.
    /// </summary>
    public async Task<SelfCheck> CheckAsync(CancellationToken cancellationToken)
    {
        using var account = Request(HttpMethod.Get, ".json", byKey: false);
        var found = await client.CheckAsync(account, ReadAccount, cancellationToken);
        if (found.IsWell != true || !HasKey)
            return found;
        using var key = Request(HttpMethod.Get, "/IncomingPhoneNumbers.json?PageSize=1", byKey: true);
        return await client.CheckAsync(key, answered => ReadWithKey(answered, found), cancellationToken);
    }

    private bool HasKey => !string.IsNullOrEmpty(twilio.ApiKeySid);

    private HttpRequestMessage Request(HttpMethod method, string path, bool byKey)
    {
        var request = new HttpRequestMessage(method, $"{twilio.BaseUrl.TrimEnd('/')}/2010-04-01/Accounts/{twilio.AccountSid}{path}");
        request.Headers.Authorization = byKey ? Gateway.Basic(twilio.ApiKeySid!, twilio.ApiKeySecret!) : Gateway.Basic(twilio.AccountSid!, twilio.AuthToken!);
        return request;
    }

    private static SelfCheck ReadAccount(GatewayAnswer.Answered answered) => (answered.Status, answered.Json()?.Text("status"), answered.Json()?.Text("type")) switch
    {
        (200, "active", "Trial") => new SelfCheck(true, "the account is active, but on trial: it reaches verified numbers only"),
        (200, "active", _) => new SelfCheck(true, "the account is active"),
        (200, "suspended" or "closed", _) => new SelfCheck(false, "the account of Delivery:Sms:Twilio:AccountSid is suspended or closed: see Twilio's console"),
        (200, _, _) => new SelfCheck(false, "the answer is not Twilio's: check Delivery:Sms:Twilio:BaseUrl"),
        (401 or 403, _, _) => new SelfCheck(false, $"HTTP {answered.Status}: check Delivery:Sms:Twilio:AccountSid and AuthToken (not a test credential), and that the account is not suspended"),
        (404, _, _) => new SelfCheck(false, "HTTP 404: Twilio knows no account Delivery:Sms:Twilio:AccountSid; is BaseUrl its region's?"),
        _ => new SelfCheck(false, $"Twilio answers HTTP {answered.Status}: try later"),
    };

    private static SelfCheck ReadWithKey(GatewayAnswer.Answered answered, SelfCheck account) => answered.Status switch
    {
        200 => account with { Text = $"{account.Text}, the API key is known" },
        401 => new SelfCheck(false, "HTTP 401: check Delivery:Sms:Twilio:ApiKeySid and ApiKeySecret; a key belongs to one account and region"),
        403 => new SelfCheck(null, $"{account.Text}; the API key is a restricted one: whether it may send shows \"send-test\""),
        _ => new SelfCheck(false, $"Twilio answers HTTP {answered.Status}: try later"),
    };

    private Dictionary<string, string> Fields(OutgoingMessage message)
    {
        var left = (int)Math.Clamp((message.ExpiresAt - clock.GetUtcNow()).TotalSeconds, 1, LongestValidity);
        var fields = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["To"] = message.To,
            ["Body"] = message.Content.Text,
            // A code that has ended is not delivered any more.
            ["ValidityPeriod"] = left.ToString(CultureInfo.InvariantCulture),
        };
        if (string.IsNullOrEmpty(twilio.MessagingServiceSid))
            fields["From"] = twilio.From!;
        else
            fields["MessagingServiceSid"] = twilio.MessagingServiceSid;
        if (callbacks.For(Name, message.Id) is { } callback)
            fields["StatusCallback"] = callback;
        return fields;
    }

    private static SendResult Classify(int status, int? code) => (status, code) switch
    {
        (_, 21610) => new SendResult.Rejected("Twilio 21610: the person answered STOP", SuppressionReason.OptedOut),
        (_, 21211 or 21614 or 21635) => new SendResult.Rejected($"Twilio {code}: the number cannot receive texts", SuppressionReason.DeadAddress),
        (_, 21602 or 21617) => new SendResult.Rejected($"Twilio {code}: the text is empty or too long"),
        (_, 21611 or 20429 or 20500) or (429 or >= 500, _) => new SendResult.Retry($"Twilio {code ?? status}"),
        (_, 20003) or (401 or 403, _) => new SendResult.Misconfigured($"Twilio {code ?? status}: check Delivery:Sms:Twilio:AccountSid, AuthToken and the API key"),
        (_, 21408) => new SendResult.Misconfigured("Twilio 21408: the region is not enabled in the account that Delivery:Sms:Twilio names"),
        (_, 21606 or 21612) => new SendResult.Misconfigured($"Twilio {code}: Delivery:Sms:Twilio:From cannot send texts there"),
        (_, 21608) => new SendResult.Misconfigured("Twilio 21608: a trial account (Delivery:Sms:Twilio:AccountSid) reaches verified numbers only"),
        _ => new SendResult.Misconfigured($"Twilio refuses Delivery:Sms:Twilio or the request (HTTP {status}, code {code?.ToString(CultureInfo.InvariantCulture) ?? "none"})"),
    };

    private static Receipt ReceiptOf(string status, string? code)
    {
        MessageReceipt? outcome = status switch
        {
            "delivered" or "read" => MessageReceipt.Delivered,
            "undelivered" or "failed" or "canceled" => MessageReceipt.Undelivered,
            _ => null,
        };
        SuppressionReason? suppress = (outcome, code) switch
        {
            (MessageReceipt.Undelivered, "21610") => SuppressionReason.OptedOut,
            (MessageReceipt.Undelivered, "30005" or "30006") => SuppressionReason.DeadAddress,
            _ => null,
        };
        return new Receipt(status, outcome, code, suppress);
    }
}

/// <summary>Members of JSON answers, whatever shape they really have.</summary>
internal static class JsonMembers
{
    public static JsonElement? Member(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null ? member : null;

    /// <summary>A text, or a number as text.</summary>
    public static string? Text(this JsonElement element, string name) => element.Member(name) switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
        _ => null,
    };

    public static int? Number(this JsonElement element, string name) =>
        int.TryParse(element.Text(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
}
