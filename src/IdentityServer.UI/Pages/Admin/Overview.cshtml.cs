using System.Globalization;
using IdentityServer.Core.Administration;
using IdentityServer.Core.Proofs;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>How the server is, and what happened lately.</summary>
public sealed class OverviewModel(ServerOverview overview, SmsStops stops) : AdminPage
{
    /// <summary>The last 30 days instead of the last 24 hours.</summary>
    public bool ByDay { get; private set; }

    /// <summary>Now.</summary>
    public ServerState State { get; private set; } = null!;

    /// <summary>Why text messages are not sent.</summary>
    public IReadOnlyList<string> SmsStops { get; private set; } = [];

    /// <summary>The pictures.</summary>
    public IReadOnlyList<Chart> Charts { get; private set; } = [];

    /// <summary>Shows the page.</summary>
    public async Task OnGetAsync([FromQuery] string? by, CancellationToken cancellationToken)
    {
        ByDay = by == "day";
        State = await overview.StateAsync(cancellationToken);
        SmsStops = await stops.FindAsync(cancellationToken);
        Charts = Draw(ByDay ? await overview.DaysAsync(cancellationToken) : await overview.HoursAsync(cancellationToken), ByDay);
    }

    private static IReadOnlyList<Chart> Draw(IReadOnlyList<ActivityPoint> points, bool byDay)
    {
        string[] columns = [.. points.Select(point => point.From.ToString(byDay ? "MM-dd" : "HH:00", CultureInfo.InvariantCulture))];
        ChartSeries Of(string name, Func<ActivityPoint, double?> value, bool isSum = true) => new(name, [.. points.Select(value)], isSum);
        return
        [
            new("sign-ins", "Sign-ins", columns, [Of("Signed in", point => point.SignIns)]),
            new("codes", "Codes", columns, [Of("Messages sent", point => point.MessagesSent), Of("Addresses proved", point => point.Verified)]),
            new("acceptance", "Time until a provider took the message", columns,
                [Of("Average", point => point.SecondsToAcceptance, isSum: false), Of("Slowest", point => point.SlowestSeconds, isSum: false)], " s"),
            new("failures", "Failures", columns,
                [Of("Wrong codes", point => point.WrongCodes), Of("Refused", point => point.Refused), Of("Messages given up", point => point.MessagesLost)]),
        ];
    }
}
