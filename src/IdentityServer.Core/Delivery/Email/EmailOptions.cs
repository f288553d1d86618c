using System.Net;
using System.Net.Mail;

namespace IdentityServer.Core.Delivery.Email;

/// <summary>How the connection to the relay is protected.</summary>
public enum StartTls
{
    /// <summary>Not sent unless the relay offers STARTTLS (RFC 3207) with a certificate that this machine trusts for its name.</summary>
    Required,

    /// <summary>In the clear: for a relay on the same machine or a network that nobody else is on.</summary>
    None,
}

/// <summary>Section <c>Delivery:Email</c>.</summary>
public sealed class EmailOptions
{
    /// <summary><c>smtp</c> or <c>file</c>; in Development <c>file</c> when not set, elsewhere there is no default.</summary>
    public string? Provider { get; set; }

    /// <summary>Provider <c>smtp</c>.</summary>
    public SmtpOptions Smtp { get; set; } = new();

    /// <summary>More relays for provider <c>smtp</c>, used in this order while those before fail. Without <c>From</c> and <c>FromName</c> they use the first one's.</summary>
    public List<SmtpOptions> Fallbacks { get; set; } = [];

    /// <summary>Provider <c>file</c>.</summary>
    public FileOptions File { get; set; } = new();

    internal IEnumerable<string> Problems() => Provider switch
    {
        "smtp" => [.. Smtp.Problems("Delivery:Email:Smtp"), .. Fallbacks.SelectMany((relay, i) => relay.Problems($"Delivery:Email:Fallbacks:{i}"))],
        "file" => File.Problems(),
        null or "" => ["Delivery:Email:Provider is not set. Set it to smtp and fill Delivery:Email:Smtp (Host, UserName, Password, From)."],
        _ => ["Delivery:Email:Provider must be smtp or file."],
    };
}

/// <summary>Section <c>Delivery:Email:Smtp</c>.</summary>
public sealed class SmtpOptions
{
    /// <summary>The relay's host name, as in its certificate.</summary>
    public string? Host { get; set; }

    /// <summary>The submission port (RFC 6409). TLS from the first byte (port 465) is not supported.</summary>
    public int Port { get; set; } = 587;

    /// <summary>For SMTP AUTH; empty: not authenticated.</summary>
    public string? UserName { get; set; }

    /// <summary>For SMTP AUTH.</summary>
    public string? Password { get; set; }

    /// <summary>Whether the connection is encrypted.</summary>
    public StartTls StartTls { get; set; } = StartTls.Required;

    /// <summary>The sender's address.</summary>
    public string? From { get; set; }

    /// <summary>The sender's name.</summary>
    public string? FromName { get; set; }

    internal IEnumerable<string> Problems(string section)
    {
        if (string.IsNullOrWhiteSpace(Host))
            yield return $"{section}:Host is not set.";
        else if (Uri.CheckHostName(Host) == UriHostNameType.Unknown)
            yield return $"{section}:Host is not a host name; the port goes into {section}:Port.";
        if (Port is < 1 or > 65535)
            yield return $"{section}:Port must be between 1 and 65535.";
        if (Port == 465)
            yield return $"{section}:Port 465 (TLS from the first byte) is not supported: use the relay's STARTTLS port, usually 587.";
        if (string.IsNullOrEmpty(UserName) != string.IsNullOrEmpty(Password))
            yield return $"{section}:UserName and {section}:Password must be set both or neither.";
        if (!Enum.IsDefined(StartTls))
            yield return $"{section}:StartTls must be Required or None.";
        if (StartTls == StartTls.None && !string.IsNullOrEmpty(UserName) && !IsLoopback)
            yield return $"{section}:StartTls is None: the password would be readable on the network. Set it to Required, or remove UserName and Password.";
        foreach (var problem in SenderProblems(section, From, FromName))
            yield return problem;
    }

    internal bool IsLoopback => Host == "localhost" || (IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address));

    internal static IEnumerable<string> SenderProblems(string section, string? from, string? name)
    {
        if (string.IsNullOrWhiteSpace(from))
            yield return $"{section}:From is not set.";
        else if (!MailAddress.TryCreate(from, out var address) || address.Address != from)
            yield return $"{section}:From must be a plain e-mail address; the name goes into {section}:FromName.";
        if (name?.Any(char.IsControl) == true)
            yield return $"{section}:FromName must not contain control characters.";
    }
}

/// <summary>Section <c>Delivery:Email:File</c>.</summary>
public sealed class FileOptions
{
    /// <summary>Where mails are written, relative to the content root.</summary>
    public string Directory { get; set; } = "data/mail";

    /// <summary>The sender's address.</summary>
    public string From { get; set; } = "identityserver@localhost";

    /// <summary>The sender's name.</summary>
    public string? FromName { get; set; }

    internal IEnumerable<string> Problems()
    {
        if (string.IsNullOrWhiteSpace(Directory))
            yield return "Delivery:Email:File:Directory must not be empty.";
        foreach (var problem in SmtpOptions.SenderProblems("Delivery:Email:File", From, FromName))
            yield return problem;
    }
}
