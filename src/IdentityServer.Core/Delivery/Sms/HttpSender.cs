using System.Globalization;
using System.Net.Http.Headers;
using System.Security;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Delivery.Sms;

/// <summary>
/// Section <c>Delivery:Sms:Http</c>. In <see cref="Url"/>, <see cref="Body"/> and the headers' values stand <c>{to}</c> (E.164), <c>{digits}</c> (the
/// same without plus), <c>{text}</c>, <c>{code}</c> and <c>{id}</c>; values are escaped for where they stand. Headers know <c>{id}</c> only.
/// </summary>
public sealed class HttpOptions
{
    /// <summary>The gateway's address.</summary>
    public string? Url { get; set; }

    /// <summary>The HTTP method.</summary>
    public string Method { get; set; } = "POST";

    /// <summary>Headers, e.g. <c>Authorization</c>.</summary>
    public Dictionary<string, string> Headers { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The body's type; how values are escaped follows from it (JSON, form, XML; anything else: not at all).</summary>
    public string ContentType { get; set; } = "application/json";

    /// <summary>The body; none when empty.</summary>
    public string? Body { get; set; }

    /// <summary>The HTTP statuses that mean yes; every 2xx when empty.</summary>
    public List<int> SuccessStatuses { get; set; } = [];

    /// <summary>Where the answer holds the gateway's id of the message: a JSON pointer (RFC 6901), e.g. <c>/data/id</c>.</summary>
    public string? IdPointer { get; set; }

    /// <summary>Where the answer holds an error: a JSON pointer. Missing, null, empty, false and 0 are none.</summary>
    public string? ErrorPointer { get; set; }

    /// <summary>Errors after which the message may be sent again.</summary>
    public List<string> RetryErrors { get; set; } = [];

    /// <summary>Errors that mean that the number can never be reached. Every other error is the operator's.</summary>
    public List<string> RejectedErrors { get; set; } = [];

    /// <summary>An address that answers GET with these headers with a 2xx status, sends nothing and costs nothing, e.g. the account's: for <c>doctor</c>.</summary>
    public string? CheckUrl { get; set; }

    /// <summary>True when the gateway recognises a repeated <c>{id}</c>; otherwise a try without an answer is not repeated.</summary>
    public bool Idempotent { get; set; }

    internal static IEnumerable<string> Problems(HttpOptions options)
    {
        const string Section = "Delivery:Sms:Http";
        foreach (var problem in Gateway.UrlProblems($"{Section}:Url", options.Url))
            yield return problem;
        if (!string.IsNullOrEmpty(options.CheckUrl))
        {
            foreach (var problem in Gateway.UrlProblems($"{Section}:CheckUrl", options.CheckUrl))
                yield return problem;
        }

        if (options.Method is not ("POST" or "PUT" or "GET"))
            yield return $"{Section}:Method must be POST, PUT or GET.";
        if (!MediaTypeHeaderValue.TryParse(options.ContentType, out _))
            yield return $"{Section}:ContentType is not a media type.";
        foreach (var (name, text) in (IEnumerable<(string, string?)>)[("Url", options.Url), ("Body", options.Body)])
        {
            foreach (var unknown in HttpSender.Placeholders(text).Except(HttpSender.Known, StringComparer.Ordinal))
                yield return $"{Section}:{name}: there is no {{{unknown}}}.";
        }

        var known = HttpSender.Placeholders($"{options.Url} {options.Body}").ToList();
        if (!known.Exists(name => name is "to" or "digits") || !known.Exists(name => name is "text" or "code"))
            yield return $"{Section}: Url or Body must hold {{to}} or {{digits}}, and {{text}} or {{code}}.";
        foreach (var header in options.Headers.Where(header => header.Value.Any(char.IsControl) || header.Key.Length == 0 || !header.Key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')))
            yield return $"{Section}:Headers:{header.Key} is not a header.";
        foreach (var (name, pointer) in (IEnumerable<(string, string?)>)[("IdPointer", options.IdPointer), ("ErrorPointer", options.ErrorPointer)])
        {
            if (!string.IsNullOrEmpty(pointer) && pointer[0] != '/')
                yield return $"{Section}:{name} must be a JSON pointer such as /data/id.";
        }
    }
}

/// <summary>Sends by whatever gateway speaks HTTP, as configuration describes it.</summary>
internal sealed partial class HttpSender(HttpClient client, IOptions<HttpOptions> options) : ISender, IChecksItself
{
    public static readonly string[] Known = ["to", "digits", "text", "code", "id"];
    private readonly HttpOptions http = options.Value;

    public string Name => "http";

    public Channel Channel => Channel.Sms;

    public bool RepeatsSafely => http.Idempotent;

    public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken cancellationToken)
    {
        if (!Gateway.IsE164(message.To))
            return new SendResult.Rejected("not a phone number in E.164 form");
        if (message.Code is null && Placeholders($"{http.Url} {http.Body}").Contains("code", StringComparer.Ordinal))
            return new SendResult.Rejected("the configured request carries codes only");
        using var request = Request(message);
        return await client.ExchangeAsync(request, cancellationToken) switch
        {
            GatewayAnswer.Answered answered => Classify(answered),
            GatewayAnswer.Failed failed => failed.Result,
            _ => throw new InvalidOperationException("A gateway answers or fails."),
        };
    }

    public async Task<SelfCheck> CheckAsync(CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(http.CheckUrl))
            return new SelfCheck(null, "cannot be checked: set Delivery:Sms:Http:CheckUrl to an address of the gateway that sends nothing, or try \"send-test\"");
        using var request = new HttpRequestMessage(HttpMethod.Get, http.CheckUrl);
        foreach (var (name, value) in http.Headers.Where(header => !Placeholders(header.Value).Any()))
            request.Headers.TryAddWithoutValidation(name, value);
        return await client.CheckAsync(request, ReadCheck, cancellationToken);
    }

    internal static IEnumerable<string> Placeholders(string? template) => Placeholder().Matches(template ?? "").Select(match => match.Groups["name"].Value);

    private HttpRequestMessage Request(OutgoingMessage message)
    {
        var request = new HttpRequestMessage(new HttpMethod(http.Method), Fill(http.Url!, message, Uri.EscapeDataString));
        if (!string.IsNullOrEmpty(http.Body))
        {
            request.Content = new StringContent(Fill(http.Body, message, EscapeFor(http.ContentType)), Encoding.UTF8);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(http.ContentType);
        }

        foreach (var (name, value) in http.Headers)
            request.Headers.TryAddWithoutValidation(name, value.Replace("{id}", message.Id.ToString("N"), StringComparison.Ordinal));
        return request;
    }

    private SendResult Classify(GatewayAnswer.Answered answered)
    {
        var json = answered.Json();
        var error = json is { } root && !string.IsNullOrEmpty(http.ErrorPointer) ? Error(At(root, http.ErrorPointer)) : null;
        if (error is not null && http.RejectedErrors.Contains(error, StringComparer.Ordinal))
            return new SendResult.Rejected($"the gateway's error {error}", SuppressionReason.DeadAddress);
        if (error is not null && http.RetryErrors.Contains(error, StringComparer.Ordinal))
            return new SendResult.Retry($"the gateway's error {error}");
        var success = http.SuccessStatuses.Count == 0 ? answered.Status is >= 200 and < 300 : http.SuccessStatuses.Contains(answered.Status);
        if (!success && answered.Status is 429 or >= 500)
            return new SendResult.Retry($"HTTP {answered.Status}");
        // An error that is not listed is not quoted: it may hold the number.
        if (!success || error is not null)
            return new SendResult.Misconfigured($"the gateway refuses Delivery:Sms:Http or the request (HTTP {answered.Status}{(error is null ? "" : ", an error in neither RetryErrors nor RejectedErrors")})");
        if (json is null && !string.IsNullOrEmpty(http.ErrorPointer))
            return new SendResult.Ambiguous("the gateway's answer was not understood");
        return new SendResult.Accepted(json is { } body && !string.IsNullOrEmpty(http.IdPointer) ? Error(At(body, http.IdPointer)) : null);
    }

    private static SelfCheck ReadCheck(GatewayAnswer.Answered answered) => answered.Status switch
    {
        >= 200 and < 300 => new SelfCheck(true, $"Delivery:Sms:Http:CheckUrl answers HTTP {answered.Status}"),
        401 or 403 => new SelfCheck(false, $"HTTP {answered.Status}: check the credentials in Delivery:Sms:Http:Headers"),
        429 or >= 500 => new SelfCheck(false, $"the gateway answers HTTP {answered.Status}: try later"),
        _ => new SelfCheck(false, $"HTTP {answered.Status}: check Delivery:Sms:Http:CheckUrl and Headers"),
    };

    private static string? Error(JsonElement? value) => value switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString() is { Length: > 0 } found ? found : null,
        { ValueKind: JsonValueKind.Number } number => number.GetRawText() is var found and not "0" ? found : null,
        { ValueKind: JsonValueKind.True or JsonValueKind.Object or JsonValueKind.Array } other => other.GetRawText(),
        _ => null,
    };

    /// <summary>RFC 6901.</summary>
    private static JsonElement? At(JsonElement root, string pointer)
    {
        JsonElement? at = root;
        foreach (var token in pointer.Split('/').Skip(1))
        {
            var name = token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            at = at switch
            {
                { ValueKind: JsonValueKind.Array } list when int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var i) && i < list.GetArrayLength() => list[i],
                { ValueKind: JsonValueKind.Object } item when item.TryGetProperty(name, out var member) => member,
                _ => null,
            };
        }

        return at;
    }

    // In one pass: what a value holds is never looked into.
    private static string Fill(string template, OutgoingMessage message, Func<string, string> escape) => Placeholder().Replace(template, match => escape(match.Groups["name"].Value switch
    {
        "to" => message.To,
        "digits" => message.To[1..],
        "text" => message.Content.Text,
        "code" => message.Code ?? "",
        "id" => message.Id.ToString("N"),
        _ => match.Value,
    }));

    private static Func<string, string> EscapeFor(string contentType) => contentType switch
    {
        _ when contentType.Contains("json", StringComparison.OrdinalIgnoreCase) => value => JsonEncodedText.Encode(value).ToString(),
        _ when contentType.Contains("x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) => Uri.EscapeDataString,
        _ when contentType.Contains("xml", StringComparison.OrdinalIgnoreCase) => value => SecurityElement.Escape(value)!,
        _ => value => value,
    };

    [GeneratedRegex(@"\{(?<name>[a-z]+)\}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Placeholder();
}
