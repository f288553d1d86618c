using System.Globalization;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>Numbers over time. Shown by <c>_Chart</c> as a picture and as a table.</summary>
/// <param name="Id">Of the element.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Columns">The parts of time, short.</param>
/// <param name="Series">At most three; each as long as <paramref name="Columns"/>.</param>
/// <param name="Unit">Behind each number, e.g. <c> s</c>.</param>
public sealed record Chart(string Id, string Title, IReadOnlyList<string> Columns, IReadOnlyList<ChartSeries> Series, string Unit = "")
{
    private const double Left = 40;
    private const double Right = 476;
    private const double Top = 10;
    private const double Bottom = 128;
    private static readonly double[] Steps = [1, 2, 5, 10];
    private static readonly double[] Parts = [0, 0.5, 1];

    /// <summary>The upper end of the scale: 1, 2 or 5 with noughts.</summary>
    public double Most { get; } = RoundUp(Series.SelectMany(series => series.Values).Max() ?? 0);

    /// <summary>Bars of all series, beside one another within each part of time.</summary>
    public IEnumerable<(string X, string Y, string Width, string Height, int Series)> Bars
    {
        get
        {
            var slot = (Right - Left) / Columns.Count;
            var width = slot * 0.8 / Series.Count;
            for (var s = 0; s < Series.Count; s++)
            {
                for (var i = 0; i < Columns.Count; i++)
                {
                    if (Series[s].Values[i] is { } value and > 0)
                    {
                        var height = Math.Max(1, value / Most * (Bottom - Top));
                        yield return (Number(Left + (i * slot) + (slot * 0.1) + (s * width)), Number(Bottom - height), Number(width), Number(height), s + 1);
                    }
                }
            }
        }
    }

    /// <summary>Lines of the scale, with their numbers; things without a unit are counted, so that there is no half of one.</summary>
    public IEnumerable<(string Y, string Label)> Lines =>
        Parts.Where(part => Unit.Length > 0 || double.IsInteger(Most * part)).Select(part => (Number(Bottom - (part * (Bottom - Top))), Shown(Most * part)));

    /// <summary>Every so many parts of time have their name below.</summary>
    public IEnumerable<(string X, string Label)> Ticks =>
        Columns.Select((label, i) => (X: Number(Left + ((i + 0.5) * (Right - Left) / Columns.Count)), Label: label, Index: i))
            .Where(tick => (Columns.Count - 1 - tick.Index) % 6 == 0).Select(tick => (tick.X, tick.Label));

    /// <summary>What somebody who does not see the picture should know first.</summary>
    public string Summary => string.Join("; ", Series.Select(series => series.IsSum
        ? $"{series.Name}: {Shown(series.Values.Sum() ?? 0)} in all, at most {Shown(series.Values.Max() ?? 0)}"
        : $"{series.Name}: at most {Shown(series.Values.Max() ?? 0)}"));

    /// <summary>A number with its unit.</summary>
    public string Shown(double? value) => value is { } known ? known.ToString(known < 10 ? "0.##" : "#,0", CultureInfo.InvariantCulture) + Unit : "–";

    private static double RoundUp(double value)
    {
        if (value <= 1)
            return 1;
        var power = Math.Pow(10, Math.Floor(Math.Log10(value)));
        return Steps.Select(step => step * power).First(step => step >= value);
    }

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}

/// <summary>One line of numbers.</summary>
/// <param name="Name">For the legend.</param>
/// <param name="Values">Null where nothing is known.</param>
/// <param name="IsSum">Whether adding them up says something.</param>
public sealed record ChartSeries(string Name, IReadOnlyList<double?> Values, bool IsSum = true);
