namespace IdentityServer.Core.Delivery.Sms;

/// <summary>Section <c>Delivery:Sms</c>.</summary>
public sealed partial class SmsOptions
{
    /// <summary>Who sends text messages: <c>file</c>. None by default: text messages are off.</summary>
    public List<string> Providers { get; set; } = [];

    /// <summary>Whether text messages can be sent.</summary>
    public bool IsOn => Providers.Count > 0;

    internal IEnumerable<string> Problems() =>
        Providers.Where(name => name != "file").Select(name => $"Delivery:Sms:Providers: there is no \"{name}\"; there are file.");
}
