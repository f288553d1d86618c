using System.Buffers.Text;
using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Delivery.Sms;

/// <summary>Section <c>Delivery:Sms:MegaFon</c>.</summary>
public sealed class MegaFonOptions
{
    /// <summary><c>https://a2p-api.megalabs.ru</c>.</summary>
    public string BaseUrl { get; set; } = "https://a2p-api.megalabs.ru";

    /// <summary>The account.</summary>
    public string? Login { get; set; }

    /// <summary>Its password.</summary>
    public string? Password { get; set; }

    /// <summary>The registered sender: a name or a short number, at most 11 characters.</summary>
    public string? From { get; set; }

    internal static IEnumerable<string> Problems(MegaFonOptions options)
    {
        const string Section = "Delivery:Sms:MegaFon";
        foreach (var problem in Gateway.UrlProblems($"{Section}:BaseUrl", options.BaseUrl))
            yield return problem;
        if (string.IsNullOrEmpty(options.Login) || options.Login.Contains(':', StringComparison.Ordinal))
            yield return $"{Section}:Login is not set, or holds a colon.";
        if (string.IsNullOrEmpty(options.Password))
            yield return $"{Section}:Password is not set.";
        if (options.From is not { Length: >= 1 and <= 11 })
            yield return $"{Section}:From must have 1 to 11 characters.";
    }
}

/// <summary>
/// Sends by MegaFon's A2P service to Russian numbers. A message that was accepted before is recognised by its <c>msg_id</c> (20102). Callbacks are
/// unsigned: the secret in their path is all that vouches for them.
/// </summary>
internal sealed class MegaFonSender(HttpClient client, IOptions<MegaFonOptions> options, CallbackUrls callbacks) : ISender, IReceivesCallbacks
{
    private const int LongestText = 1000;
    private readonly MegaFonOptions megafon = options.Value;

    public string Name => "megafon";

    public Channel Channel => Channel.Sms;

    public bool RepeatsSafely => true;

    /// <summary>7XXXXXXXXXX.</summary>
    public bool Reaches(string to) => to.Length == 12 && to.StartsWith("+7", StringComparison.Ordinal);

    public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken cancellationToken)
    {
        if (!Gateway.IsE164(message.To) || !Reaches(message.To))
            return new SendResult.Rejected("not a Russian phone number in E.164 form");
        if (message.Content.Text.Length > LongestText)
            return new SendResult.Rejected("the text is longer than 1,000 characters");
        var id = MessageId(message.Id);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{megafon.BaseUrl.TrimEnd('/')}/sms/v1/sms");
        request.Headers.Authorization = Gateway.Basic(megafon.Login!, megafon.Password!);
        request.Content = JsonContent.Create(new Text(
            megafon.From!, long.Parse(message.To.AsSpan(1), CultureInfo.InvariantCulture), message.Content.Text, id, callbacks.For(Name, message.Id)));
        return await client.ExchangeAsync(request, cancellationToken) switch
        {
            GatewayAnswer.Answered answered => Classify(answered, id),
            GatewayAnswer.Failed failed => failed.Result,
            _ => throw new InvalidOperationException("A gateway answers or fails."),
        };
    }

    public async Task<CallbackReading> ReadAsync(HttpRequest request, Guid messageId, string url, CancellationToken cancellationToken)
    {
        JsonElement json;
        try
        {
            json = await JsonSerializer.DeserializeAsync<JsonElement>(request.Body, JsonSerializerOptions.Default, cancellationToken);
        }
        catch (JsonException)
        {
            return new CallbackReading.Malformed();
        }

        if (json.Text("msg_id") is { } id && id != MessageId(messageId))
            return new CallbackReading.Forged();
        return json.Text("status") switch
        {
            "delivered" => new CallbackReading.Read(new Receipt("delivered", MessageReceipt.Delivered)),
            "delivery_failed" => new CallbackReading.Read(new Receipt("delivery_failed", MessageReceipt.Undelivered)),
            { Length: > 0 } other => new CallbackReading.Read(new Receipt(other, null)),
            _ => new CallbackReading.Malformed(),
        };
    }

    /// <summary>16 characters (96 bits) that follow from the message's id: MegaFon takes no more.</summary>
    internal static string MessageId(Guid id) => Base64Url.EncodeToString(SHA256.HashData(id.ToByteArray(bigEndian: true)).AsSpan(0, 12));

    private static SendResult Classify(GatewayAnswer.Answered answered, string id)
    {
        if (answered.Status is 401 or 403)
            return new SendResult.Misconfigured("MegaFon refuses Delivery:Sms:MegaFon:Login and Password");
        if (answered.Status is 429 or >= 500)
            return new SendResult.Retry($"MegaFon: HTTP {answered.Status}");
        if (answered.Status != StatusCodes.Status200OK)
            return new SendResult.Misconfigured($"MegaFon refuses Delivery:Sms:MegaFon or the request (HTTP {answered.Status})");
        var result = answered.Json()?.Member("result");
        return result?.Member("status")?.Number("code") switch
        {
            null => new SendResult.Ambiguous("MegaFon's answer was not understood"),
            0 => new SendResult.Accepted(result?.Text("msg_id") ?? id),
            20102 => new SendResult.Accepted(id),
            11 or 80 or 81 => new SendResult.Rejected("MegaFon: the number cannot receive texts (11, 80, 81)", SuppressionReason.DeadAddress),
            1282 => new SendResult.Rejected("MegaFon 1282: the number is on a black list", SuppressionReason.OptedOut),
            (8 or 20 or 69 or 88 or 100 or 257) and var code => new SendResult.Retry($"MegaFon {code}"),
            (13 or 14 or 15) and var code => new SendResult.Misconfigured($"MegaFon {code}: check Delivery:Sms:MegaFon:Login and Password"),
            (10 or 72 or 73) and var code => new SendResult.Misconfigured($"MegaFon {code}: Delivery:Sms:MegaFon:From is not registered"),
            (12 or 1281 or 1284 or 1288 or 20101) and var code => new SendResult.Misconfigured($"MegaFon {code}: routing, words or region are not allowed for Delivery:Sms:MegaFon"),
            var code => new SendResult.Rejected($"MegaFon {code}"),
        };
    }

    private sealed record Text(
        [property: JsonPropertyName("from")] string From,
        [property: JsonPropertyName("to")] long To,
        [property: JsonPropertyName("message")] string Message,
        [property: JsonPropertyName("msg_id")] string MessageId,
        [property: JsonPropertyName("callback_url"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? CallbackUrl);
}
