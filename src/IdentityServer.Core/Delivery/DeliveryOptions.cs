using IdentityServer.Core.Delivery.Email;
using IdentityServer.Core.Delivery.Sms;

namespace IdentityServer.Core.Delivery;

/// <summary>Section <c>Delivery</c>.</summary>
public sealed class DeliveryOptions
{
    /// <summary>First tries that may run at once, a channel. As many may run for messages that failed before.</summary>
    public int Parallelism { get; set; } = 8;

    /// <summary>Sends that have taken longer than <see cref="SlowAfter"/> and wait apart, so that they hold up nobody.</summary>
    public int SlowParallelism { get; set; } = 32;

    /// <summary>After this a send counts as slow.</summary>
    public TimeSpan SlowAfter { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>A try that has no answer after this is given up.</summary>
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How long beyond <see cref="SendTimeout"/> an instance alone may send a message that it took: time to write down what came of it, even if the
    /// database is away for a moment. Then it counts as dead, and another takes the message.
    /// </summary>
    public TimeSpan TakeOverAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A provider that has not answered after this is passed over by other messages while there is another one. A mail is then given to the next
    /// relay too, under the same Message-ID; a text never is: it may have been sent.
    /// </summary>
    public TimeSpan FailoverAfter { get; set; } = TimeSpan.FromSeconds(4);

    /// <summary>How often the table is looked at for messages of other instances, retries and what a crash left.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often providers that do not call back are asked what became of messages.</summary>
    public TimeSpan ReceiptInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The public address that providers report to, e.g. <c>https://id.example.com</c>; when not set, <c>Server:Issuer</c> if that is https.</summary>
    public string? CallbackUrl { get; set; }

    /// <summary>How long nothing is sent to who opted out; then it is tried again.</summary>
    public TimeSpan OptOutsLast { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How long nothing is sent to an address that was found dead; then it is tried again.</summary>
    public TimeSpan DeadAddressesLast { get; set; } = TimeSpan.FromHours(1);

    /// <summary>E-mail.</summary>
    public EmailOptions Email { get; set; } = new();

    /// <summary>Text messages.</summary>
    public SmsOptions Sms { get; set; } = new();

    /// <summary>How long an instance alone may send a message that it took.</summary>
    internal TimeSpan Lease => SendTimeout + TakeOverAfter;

    internal IEnumerable<string> Problems()
    {
        if (Parallelism is < 1 or > 256)
            yield return "Delivery:Parallelism must be between 1 and 256.";
        if (SlowParallelism is < 1 or > 1024)
            yield return "Delivery:SlowParallelism must be between 1 and 1024.";
        if (SlowAfter <= TimeSpan.Zero)
            yield return "Delivery:SlowAfter must be positive, e.g. 00:00:02.";
        if (SendTimeout < TimeSpan.FromMilliseconds(100) || SendTimeout > TimeSpan.FromMinutes(5))
            yield return "Delivery:SendTimeout must be between 00:00:00.1 and 00:05:00.";
        if (PollInterval < TimeSpan.FromMilliseconds(10) || PollInterval > TimeSpan.FromMinutes(1))
            yield return "Delivery:PollInterval must be between 00:00:00.01 and 00:01:00.";
        if (TakeOverAfter < TimeSpan.FromSeconds(1) || TakeOverAfter > TimeSpan.FromMinutes(5))
            yield return "Delivery:TakeOverAfter must be between 00:00:01 and 00:05:00.";
        if (FailoverAfter <= TimeSpan.Zero || FailoverAfter > TimeSpan.FromMinutes(5))
            yield return "Delivery:FailoverAfter must be positive and at most 00:05:00.";
        if (ReceiptInterval < TimeSpan.FromSeconds(1) || ReceiptInterval > TimeSpan.FromHours(1))
            yield return "Delivery:ReceiptInterval must be between 00:00:01 and 01:00:00.";
        if (OptOutsLast <= TimeSpan.Zero || DeadAddressesLast <= TimeSpan.Zero)
            yield return "Delivery:OptOutsLast and Delivery:DeadAddressesLast must be positive, e.g. 30.00:00:00.";
        if (CallbackUrl is not null && !IsPublicUrl(CallbackUrl))
            yield return "Delivery:CallbackUrl must be an https address without query, and with no underscore in its host, e.g. https://id.example.com.";
    }

    // Twilio refuses hosts with an underscore; System.Uri does not.
    private static bool IsPublicUrl(string url) => Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme == Uri.UriSchemeHttps
        && parsed.Query.Length == 0 && parsed.Fragment.Length == 0 && parsed.UserInfo.Length == 0 && !parsed.Host.Contains('_', StringComparison.Ordinal);
}
