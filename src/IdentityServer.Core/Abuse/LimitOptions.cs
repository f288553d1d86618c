namespace IdentityServer.Core.Abuse;

/// <summary>
/// How much is allowed: the section <c>Limits</c>. Counts begin with the first time and end with the window. What people who do sign in took of the
/// limits on networks, applications and the whole server is given back, so that these count what nobody answered.
/// </summary>
public sealed class LimitOptions
{
    /// <summary>Sign-ins started for one address within a minute, until its owner answers one. A resend waits for <c>SignIn:ResendDelay</c> instead.</summary>
    public int StartsPerAddressAndMinute { get; set; } = 1;

    /// <summary>Messages to one address within an hour, resends included, until its owner answers one.</summary>
    public int MessagesPerAddressAndHour { get; set; } = 5;

    /// <summary>Messages to one address within a day, resends included; until its owner answers one by e-mail, and for the whole day by SMS.</summary>
    public int MessagesPerAddressAndDay { get; set; } = 10;

    /// <summary>Sign-ins started for one address from one network within a day: less than for the address alone, so that a stranger cannot use up its owner's.</summary>
    public int StartsPerAddressAndNetworkAndDay { get; set; } = 8;

    /// <summary>Sign-ins started from one network (IPv4 /24, IPv6 /64) within an hour and not finished.</summary>
    public int StartsPerNetworkAndHour { get; set; } = 100;

    /// <summary>Sign-ins started from one IPv6 /48, which a single customer may have, within an hour and not finished.</summary>
    public int StartsPerSiteAndHour { get; set; } = 500;

    /// <summary>Sign-ins started for one application within an hour and not finished.</summary>
    public int StartsPerApplicationAndHour { get; set; } = 2_000;

    /// <summary>Sign-ins started within an hour and not finished, all together.</summary>
    public int StartsPerHour { get; set; } = 10_000;

    /// <summary>Wrong codes, of messages and of invitations, from one network (IPv4 /24, IPv6 /64) within an hour; wrong passwords are counted apart, up to the same number, here and below. The budget of wrong codes for one address is fixed: see docs/operations.md.</summary>
    public int WrongCodesPerNetworkAndHour { get; set; } = 200;

    /// <summary>Wrong codes from one IPv6 /48 within an hour.</summary>
    public int WrongCodesPerSiteAndHour { get; set; } = 1_000;

    /// <summary>Wrong codes at one application's one-time-code grant within an hour.</summary>
    public int WrongCodesPerApplicationAndHour { get; set; } = 2_000;

    /// <summary>Wrong codes within an hour, all together.</summary>
    public int WrongCodesPerHour { get; set; } = 10_000;

    /// <summary>Requests of one network (IPv4 /24, IPv6 /64) to the endpoints of applications and gateways within a minute that were refused. Requests that succeed are not counted.</summary>
    public int RefusedRequestsPerNetworkAndMinute { get; set; } = 600;

    /// <summary>Requests of one user, of one application for itself, or of one network without a token, to the API within a minute. Counted by each instance for itself.</summary>
    public int ApiRequestsPerCallerAndMinute { get; set; } = 300;

    /// <summary>Requests of one network (IPv4 /24, IPv6 /64) to the API within a minute, whoever calls. Counted by each instance for itself.</summary>
    public int ApiRequestsPerNetworkAndMinute { get; set; } = 3_000;

    /// <summary>Text messages to one country within an hour that nobody answered; then the country pauses until the hour is over.</summary>
    public int UnansweredSmsPerCountryAndHour { get; set; } = 50;

    /// <summary>How many unanswered text messages one answered one makes good, in the same country: 5 stops a country where fewer than one in five is answered.</summary>
    public int UnansweredSmsPerAnswer { get; set; } = 5;

    internal static IEnumerable<string> Problems(LimitOptions options)
    {
        foreach (var limit in typeof(LimitOptions).GetProperties())
        {
            if ((int)limit.GetValue(options)! < 1)
                yield return $"Limits:{limit.Name} must be at least 1, or nobody could sign in.";
        }

        if (options.MessagesPerAddressAndDay < options.MessagesPerAddressAndHour)
            yield return "Limits:MessagesPerAddressAndDay must not be less than Limits:MessagesPerAddressAndHour.";
        if (options.UnansweredSmsPerAnswer > options.UnansweredSmsPerCountryAndHour)
            yield return "Limits:UnansweredSmsPerAnswer must not be more than Limits:UnansweredSmsPerCountryAndHour.";
    }
}
