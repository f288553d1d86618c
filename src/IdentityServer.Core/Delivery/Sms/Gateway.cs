using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace IdentityServer.Core.Delivery.Sms;

/// <summary>What came back from a gateway.</summary>
public abstract record GatewayAnswer
{
    private GatewayAnswer()
    {
    }

    /// <summary>It answered.</summary>
    /// <param name="Status">The HTTP status.</param>
    /// <param name="Body">At most 64 KiB. It may echo the message: never to be logged.</param>
    public sealed record Answered(int Status, string Body) : GatewayAnswer
    {
        /// <summary>The body as JSON; null when it is none.</summary>
        public JsonElement? Json()
        {
            try
            {
                using var document = JsonDocument.Parse(Body);
                return document.RootElement.Clone();
            }
            catch (JsonException)
            {
                return null;
            }
        }

        /// <inheritdoc/>
        public override string ToString() => $"HTTP {Status}";
    }

    /// <summary>It did not, and this is what that means for the message.</summary>
    public sealed record Failed(SendResult Result) : GatewayAnswer;
}

/// <summary>Talks to gateways over HTTP, and tells "it was never sent" from "it may have been".</summary>
public static partial class Gateway
{
    internal const int LongestAnswer = 64 * 1024;

    /// <summary>Sends the request. Exceptions become results without the request's address in them.</summary>
    public static async Task<GatewayAnswer> ExchangeAsync(this HttpClient client, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var once = request.Content is null ? null : await OnceContent.OfAsync(request.Content, cancellationToken);
        request.Content = once;
        // A body that was not begun cannot have been understood; without a body nobody knows.
        bool MayHaveArrived() => once?.Begun ?? true;
        try
        {
            using var response = await client.SendAsync(request, cancellationToken);
            return new GatewayAnswer.Answered((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
        }
        catch (HttpRequestException exception) when (BeforeSending(exception) is { } result)
        {
            return new GatewayAnswer.Failed(result);
        }
        catch (OperationCanceledException)
        {
            // Without our asking for it, it is the time limit for connecting.
            var sent = cancellationToken.IsCancellationRequested && MayHaveArrived();
            return new GatewayAnswer.Failed(sent ? new SendResult.Ambiguous("no answer in time") : new SendResult.Retry("no connection in time"));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or InvalidOperationException)
        {
            return new GatewayAnswer.Failed(MayHaveArrived() ? new SendResult.Ambiguous("the connection broke before the answer") : new SendResult.Retry("the connection broke"));
        }
    }

    /// <summary>For <see cref="IChecksItself"/>: a request that sends nothing and costs nothing, and what its answer means.</summary>
    public static async Task<SelfCheck> CheckAsync(
        this HttpClient client, HttpRequestMessage request, Func<GatewayAnswer.Answered, SelfCheck> read, CancellationToken cancellationToken) =>
        await client.ExchangeAsync(request, cancellationToken) switch
        {
            GatewayAnswer.Answered answered => read(answered),
            GatewayAnswer.Failed { Result: SendResult.Misconfigured(var reason) } => new SelfCheck(false, reason),
            GatewayAnswer.Failed { Result: SendResult.Retry(var reason) } => new SelfCheck(false, $"{reason}: check the configured address, DNS and the firewall"),
            _ => new SelfCheck(false, "the gateway takes the request and does not answer in time: ask its support, or try later"),
        };

    /// <summary>A number in E.164 form: a plus, then 7 to 15 digits without a leading zero.</summary>
    public static bool IsE164(string to) => E164().IsMatch(to);

    /// <summary>The header for HTTP Basic (RFC 7617).</summary>
    public static AuthenticationHeaderValue Basic(string user, string password) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

    /// <summary>What is wrong with a gateway's address: https, or http on this machine.</summary>
    public static IEnumerable<string> UrlProblems(string setting, string? url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || (parsed.Scheme != Uri.UriSchemeHttps && !(parsed.Scheme == Uri.UriSchemeHttp && parsed.IsLoopback)))
            yield return $"{setting} must be an https address.";
    }

    private static SendResult? BeforeSending(HttpRequestException exception) => exception.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => new SendResult.Retry("the host's name is not known"),
        HttpRequestError.ConnectionError => new SendResult.Retry("no connection"),
        HttpRequestError.ProxyTunnelError => new SendResult.Retry("no connection by the proxy"),
        HttpRequestError.SecureConnectionError when exception.InnerException is AuthenticationException =>
            new SendResult.Misconfigured("the gateway's certificate is not trusted for the configured address"),
        HttpRequestError.SecureConnectionError => new SendResult.Retry("no TLS connection"),
        _ => null,
    };

    [GeneratedRegex(@"^\+[1-9][0-9]{6,14}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex E164();

    /// <summary>A body that knows whether it was begun, and refuses to be sent twice: the handler would repeat a request on a connection that was just closed.</summary>
    private sealed class OnceContent : HttpContent
    {
        private readonly byte[] bytes;

        private OnceContent(byte[] bytes, HttpContentHeaders headers)
        {
            this.bytes = bytes;
            foreach (var header in headers)
                Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        public bool Begun { get; private set; }

        public static async Task<OnceContent> OfAsync(HttpContent content, CancellationToken cancellationToken) =>
            new(await content.ReadAsByteArrayAsync(cancellationToken), content.Headers);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, default);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            if (Begun)
                throw new InvalidOperationException("A message is not sent twice.");
            Begun = true;
            return stream.WriteAsync(bytes, cancellationToken).AsTask();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = bytes.Length;
            return true;
        }
    }
}
