using System.Globalization;

namespace IdentityServer.UI.Resources;

/// <summary>Spans of time in words. Clock times are not shown: the server does not know the person's time zone.</summary>
public static class Spans
{
    /// <summary>How long to wait, rounded up: "30 seconds", "2 minutes", "1 hour", never broken over two lines.</summary>
    public static string Wait(TimeSpan span) => span.TotalSeconds switch
    {
        <= 1 => Texts.Count("Span.Seconds", 1),
        <= 59 => Texts.Count("Span.Seconds", (int)Math.Ceiling(span.TotalSeconds)),
        <= 59 * 60 => Texts.Count("Span.Minutes", (int)Math.Ceiling(span.TotalMinutes)),
        _ => Texts.Count("Span.Hours", (int)Math.Ceiling(span.TotalHours)),
    };

    /// <summary>How long ago, rounded down: "just now", "5 minutes ago", "3 days ago".</summary>
    public static string Ago(TimeSpan span) => span.TotalMinutes switch
    {
        < 2 => Texts.Text("Ago.Now"),
        < 60 => Texts.Count("Ago.Minutes", (int)span.TotalMinutes),
        < 24 * 60 => Texts.Count("Ago.Hours", (int)span.TotalHours),
        _ => Texts.Count("Ago.Days", (int)span.TotalDays),
    };

    /// <summary>How long ago for what is fresh, the day for what is older.</summary>
    public static string When(DateTimeOffset at, DateTimeOffset now) => now - at < TimeSpan.FromDays(7) ? Ago(now - at) : Day(at);

    /// <summary>A day in the language's calendar, e.g. "5 March 2027".</summary>
    public static string Day(DateTimeOffset day) =>
        Numerals.Localize(day.ToString(Texts.Text("Format.Day"), CultureInfo.CurrentCulture), CultureInfo.CurrentCulture);
}
