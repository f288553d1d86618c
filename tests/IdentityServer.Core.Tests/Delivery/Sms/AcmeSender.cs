using System.Net.Http.Json;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Delivery.Sms;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Tests.Delivery.Sms;

/// <summary>Section <c>Delivery:Sms:Acme</c>.</summary>
internal sealed class AcmeOptions
{
    public string? Url { get; set; }

    public string? Key { get; set; }

    public static IEnumerable<string> Problems(AcmeOptions options)
    {
        foreach (var problem in Gateway.UrlProblems("Delivery:Sms:Acme:Url", options.Url))
            yield return problem;
        if (string.IsNullOrEmpty(options.Key))
            yield return "Delivery:Sms:Acme:Key is not set.";
    }
}

/// <summary>The sample of docs/guides/add-a-provider.md: a provider of one's own in one file.</summary>
internal sealed class AcmeSender(HttpClient client, IOptions<AcmeOptions> options) : ISender, IChecksItself
{
    public string Name => "acme";

    public Channel Channel => Channel.Sms;

    public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken cancellationToken)
    {
        if (!Gateway.IsE164(message.To))
            return new SendResult.Rejected("not a phone number in E.164 form");
        using var request = new HttpRequestMessage(HttpMethod.Post, options.Value.Url);
        request.Headers.Authorization = new("Bearer", options.Value.Key);
        request.Content = JsonContent.Create(new { to = message.To, text = message.Content.Text });
        return await client.ExchangeAsync(request, cancellationToken) switch
        {
            GatewayAnswer.Failed failed => failed.Result,
            GatewayAnswer.Answered { Status: 200 } => new SendResult.Accepted(null),
            GatewayAnswer.Answered { Status: 404 } => new SendResult.Rejected("Acme knows no such number", SuppressionReason.DeadAddress),
            GatewayAnswer.Answered { Status: 429 or >= 500 } answer => new SendResult.Retry($"Acme: {answer}"),
            var answer => new SendResult.Misconfigured($"Acme refuses Delivery:Sms:Acme:Key: {answer}"),
        };
    }

    public async Task<SelfCheck> CheckAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{options.Value.Url}/account");
        request.Headers.Authorization = new("Bearer", options.Value.Key);
        return await client.CheckAsync(
            request,
            answer => answer.Status == 200 ? new SelfCheck(true, "lets this server in") : new SelfCheck(false, $"{answer}: check Delivery:Sms:Acme:Key"),
            cancellationToken);
    }
}
