namespace IdentityServer.Core.Persistence.Tables;

/// <summary>How a message reaches a person.</summary>
public enum Channel
{
    /// <summary>E-mail.</summary>
    Email,

    /// <summary>Text message.</summary>
    Sms,
}

internal static class Channels
{
    /// <summary>As it stands in the audit log and in metrics.</summary>
    public static string Name(this Channel channel) => channel == Channel.Email ? "email" : "sms";

    public static Channel Other(this Channel channel) => channel == Channel.Email ? Channel.Sms : Channel.Email;
}
