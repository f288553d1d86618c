using System.Security.Cryptography;

namespace IdentityServer.Core.Delivery;

/// <summary>When a message is tried again: soon at first (the code is awaited by a person), then every half minute.</summary>
internal static class Backoff
{
    /// <summary>A refused server is told to people with hands; asking more often helps nobody.</summary>
    public static readonly TimeSpan Misconfigured = TimeSpan.FromSeconds(30);

    private static readonly int[] Seconds = [1, 2, 4, 8, 15, 30];

    /// <summary>The pause after try number <paramref name="attempts"/> (from 1).</summary>
    public static TimeSpan After(int attempts) => TimeSpan.FromSeconds(Seconds[Math.Clamp(attempts, 1, Seconds.Length) - 1]);

    /// <summary>A fifth more or less, so that what failed together does not come back together.</summary>
    public static TimeSpan WithJitter(TimeSpan pause) => pause * (RandomNumberGenerator.GetInt32(800, 1201) / 1000.0);
}
