namespace IdentityServer.Core.Abuse;

/// <summary>A limit as it is counted.</summary>
/// <param name="Key">
/// Its name and a keyed hash of whom it counts. Locks are taken in the order of keys, so names of what everybody shares begin with late letters:
/// their rows are then held for the shortest time.
/// </param>
/// <param name="Most">How much.</param>
/// <param name="Window">Within how long, from the first time on.</param>
internal readonly record struct Limit(string Key, long Most, TimeSpan Window)
{
    /// <summary>How much is counted at once.</summary>
    public long By { get; init; } = 1;

    /// <summary>Where windows follow the calendar: when the present one began. Otherwise a window begins with the first time.</summary>
    public DateTimeOffset? Since { get; init; }
}

/// <summary>A limit had no room.</summary>
/// <param name="Keys">Which.</param>
/// <param name="Until">When the last of them has room again.</param>
internal sealed record Full(IReadOnlyList<string> Keys, DateTimeOffset Until);
