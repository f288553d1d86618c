namespace IdentityServer.Core.Delivery.Sms;

/// <summary>Section <c>Delivery:Sms</c>.</summary>
public sealed class SmsOptions
{
    /// <summary><c>file</c>, or nothing: then nobody is asked for a phone number. In Development <c>file</c> when not set; <c>none</c> switches it off there too.</summary>
    public string? Provider { get; set; }

    /// <summary>Provider <c>file</c>.</summary>
    public SmsFileOptions File { get; set; } = new();

    internal IEnumerable<string> Problems()
    {
        if (Provider is not (null or "" or "file"))
            yield return "Delivery:Sms:Provider must be file or none.";
        if (string.IsNullOrWhiteSpace(File.Directory))
            yield return "Delivery:Sms:File:Directory must not be empty.";
    }
}

/// <summary>Section <c>Delivery:Sms:File</c>.</summary>
public sealed class SmsFileOptions
{
    /// <summary>Where text messages are written, relative to the content root.</summary>
    public string Directory { get; set; } = "data/sms";
}
