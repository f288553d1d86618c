namespace IdentityServer.Core.Abuse;

/// <summary>How much is allowed: the section <c>Limits</c>.</summary>
public sealed class LimitOptions
{
    /// <summary>Messages to one address within an hour, until its owner answers one; 5 by default.</summary>
    public int MessagesPerAddressAndHour { get; set; } = 5;

    /// <summary>Messages to one address within a day, until its owner answers one; 20 by default.</summary>
    public int MessagesPerAddressAndDay { get; set; } = 20;

    /// <summary>Sign-ins started from one network (/24, IPv6 /64) within an hour; 100 by default.</summary>
    public int StartsPerNetworkAndHour { get; set; } = 100;

    internal static IEnumerable<string> Problems(LimitOptions options)
    {
        if (options.MessagesPerAddressAndHour < 1)
            yield return "Limits:MessagesPerAddressAndHour must be at least 1, or nobody could sign in.";
        if (options.MessagesPerAddressAndDay < options.MessagesPerAddressAndHour)
            yield return "Limits:MessagesPerAddressAndDay must not be less than Limits:MessagesPerAddressAndHour.";
        if (options.StartsPerNetworkAndHour < 1)
            yield return "Limits:StartsPerNetworkAndHour must be at least 1, or nobody could sign in.";
    }
}
