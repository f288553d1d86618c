namespace IdentityServer.Core.Abuse;

/// <summary>What a run of wrong codes for one address leads to. Pure.</summary>
public static class FailureBudget
{
    /// <summary>From this failure in a row on, codes pause.</summary>
    public const int PauseFrom = 10;

    /// <summary>NIST SP 800-63B-4 §3.2.2: at most 100 consecutive failures, then the authenticator is disabled. Here: until the link is used.</summary>
    public const int OffFrom = 100;

    /// <summary>How long failures are remembered after the last one.</summary>
    internal static readonly TimeSpan Memory = TimeSpan.FromDays(30);

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    /// <summary>Long enough to be for ever, and short enough for every database.</summary>
    private static readonly TimeSpan Off = TimeSpan.FromDays(36_500);

    /// <summary>How long codes pause after the <paramref name="failures"/>th failure in a row: 30 s at the tenth, twice as long at each further one, 1 h at most, and from the hundredth on for ever.</summary>
    public static TimeSpan PauseAfter(int failures)
    {
        if (failures < PauseFrom)
            return TimeSpan.Zero;
        if (failures >= OffFrom)
            return Off;

        var doublings = Math.Min(failures - PauseFrom, 7);
        var pause = FirstPause * (1 << doublings);
        return pause < LongestPause ? pause : LongestPause;
    }
}
