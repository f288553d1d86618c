using System.Diagnostics;
using System.Globalization;

namespace IdentityServer.Benchmark;

/// <summary>What a turn came to.</summary>
/// <param name="PerSecond">Requests a second, over all connections.</param>
/// <param name="Median">Milliseconds that half of the requests took at most.</param>
/// <param name="Slow">Milliseconds that 99 of 100 requests took at most.</param>
internal sealed record Measured(double PerSecond, double Median, double Slow) : IFormattable
{
    /// <summary>The turn in the middle: a noisy neighbour spoils one, not the comparison.</summary>
    public static Measured Middle(IEnumerable<Measured> turns)
    {
        var sorted = turns.OrderBy(turn => turn.PerSecond).ToList();
        return sorted[sorted.Count / 2];
    }

    /// <inheritdoc/>
    public string ToString(string? format, IFormatProvider? formatProvider) =>
        string.Create(CultureInfo.InvariantCulture, $"{PerSecond,9:0}{Median,7:0.0}{Slow,7:0.0}");
}

/// <summary>Asks as fast as answers come, on each connection one after the other.</summary>
internal static class Load
{
    /// <summary>Runs a quarter of the turn unmeasured, then the turn. A request that fails ends the run: a server that refuses is fast.</summary>
    public static async Task<Measured> RunAsync(IReadOnlyList<Func<Task>> connections, TimeSpan turn)
    {
        await AskAsync(connections, turn / 4);
        var started = Stopwatch.GetTimestamp();
        var took = await AskAsync(connections, turn);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Array.Sort(took);
        return new Measured(took.Length / seconds, took[took.Length / 2], took[took.Length * 99 / 100]);
    }

    private static async Task<double[]> AskAsync(IReadOnlyList<Func<Task>> connections, TimeSpan duration)
    {
        var end = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        var took = await Task.WhenAll(connections.Select(connection => Task.Run(() => AskAsync(connection, end))));
        return [.. took.SelectMany(milliseconds => milliseconds)];
    }

    private static async Task<List<double>> AskAsync(Func<Task> ask, long end)
    {
        var took = new List<double>();
        while (Stopwatch.GetTimestamp() < end)
        {
            var started = Stopwatch.GetTimestamp();
            await ask();
            took.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        return took;
    }
}
