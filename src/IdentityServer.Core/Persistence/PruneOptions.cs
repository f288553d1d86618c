using System.ComponentModel.DataAnnotations;

namespace IdentityServer.Core.Persistence;

/// <summary>How long rows are kept that nothing needs any more: the section <c>Prune</c>.</summary>
public sealed class PruneOptions
{
    /// <summary>Challenges, tokens, authorizations and sessions, after their end; 1 day by default. Never shorter than the longest access token's life, which introspection must be able to look up.</summary>
    [Range(typeof(TimeSpan), "00:10:00", "365.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Messages (blanked when sent), after their end; 7 days by default.</summary>
    [Range(typeof(TimeSpan), "00:10:00", "365.00:00:00")]
    public TimeSpan MessageRetention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Accounts that people registered and never activated, after the last registration; 7 days by default. What administrators made or changed, and what configuration declares, stays.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00")]
    public TimeSpan UnactivatedRetention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>The audit log; 365 days by default.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3660.00:00:00")]
    public TimeSpan AuditRetention { get; set; } = TimeSpan.FromDays(365);

    /// <summary>Rows in one transaction; 1,000 by default and at most.</summary>
    [Range(1, 1000)]
    public int BatchSize { get; set; } = 1000;
}
