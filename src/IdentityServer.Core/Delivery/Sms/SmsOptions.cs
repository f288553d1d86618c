namespace IdentityServer.Core.Delivery.Sms;

/// <summary>Section <c>Delivery:Sms</c>. Each provider has a section of its own inside, e.g. <c>Delivery:Sms:Twilio</c>.</summary>
public sealed partial class SmsOptions
{
    /// <summary>
    /// Who sends text messages, in the order in which they are tried: <c>twilio</c>, <c>kavenegar</c>, <c>megafon</c>, <c>http</c>, <c>file</c>, or a
    /// name given to <see cref="SmsRegistration"/>. None by default: text messages are off.
    /// </summary>
    public List<string> Providers { get; set; } = [];

    /// <summary>Whether text messages can be sent.</summary>
    public bool IsOn => Providers.Count > 0;

    internal IEnumerable<string> Problems(IEnumerable<string> known)
    {
        var names = known.ToList();
        foreach (var name in Providers.Where(name => !names.Contains(name, StringComparer.OrdinalIgnoreCase)))
            yield return $"Delivery:Sms:Providers: there is no \"{name}\"; there are {string.Join(", ", names)}.";
        if (Providers.Distinct(StringComparer.OrdinalIgnoreCase).Count() != Providers.Count)
            yield return "Delivery:Sms:Providers names a provider twice.";
    }
}
