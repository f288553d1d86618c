namespace IdentityServer.Core.Users;

/// <summary>How long sign-ins last: the section <c>Sessions</c>.</summary>
public sealed class SessionOptions
{
    /// <summary>NIST SP 800-63B-4 §2.1.3: at AAL1 people should prove who they are again after 30 days at the latest.</summary>
    internal static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    /// <summary>A session that is not used for this long ends; 24 hours by default.</summary>
    public TimeSpan IdleLifetime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>A session ends at this age, however much it is used; 14 days by default, 30 at most.</summary>
    public TimeSpan AbsoluteLifetime { get; set; } = TimeSpan.FromDays(14);

    internal static IEnumerable<string> Problems(SessionOptions options)
    {
        if (options.IdleLifetime < TimeSpan.FromMinutes(5))
            yield return "Sessions:IdleLifetime must be at least 00:05:00: shorter ones end while people read a page.";
        if (options.IdleLifetime > options.AbsoluteLifetime)
            yield return "Sessions:IdleLifetime must not be longer than Sessions:AbsoluteLifetime.";
        if (options.AbsoluteLifetime > Longest)
            yield return "Sessions:AbsoluteLifetime must not be longer than 30.00:00:00 (NIST SP 800-63B-4, 2.1.3).";
    }
}
