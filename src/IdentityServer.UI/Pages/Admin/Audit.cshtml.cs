using IdentityServer.Core.Administration;
using IdentityServer.Core.Audit;
using IdentityServer.Core.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Rendering;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>Who did what, when, from where and through which application.</summary>
public sealed class AuditModel(AuditQueries log, UserQueries users, ApplicationAdministration applications, Names names) : AdminPage
{
    /// <summary>What can be asked for.</summary>
    public static IReadOnlyList<SelectListItem> Kinds { get; } =
        [.. Enum.GetNames<AuditKind>().Select(name => new SelectListItem(When.Words(name), name)).OrderBy(item => item.Text, StringComparer.Ordinal)];

    /// <summary>Only this kind.</summary>
    [BindProperty(SupportsGet = true)]
    public AuditKind? Kind { get; set; }

    /// <summary>Only what concerns this user: an address or an id.</summary>
    [BindProperty(SupportsGet = true, Name = "user")]
    public string? Whom { get; set; }

    /// <summary>Only what this application took part in.</summary>
    [BindProperty(SupportsGet = true, Name = "application")]
    public string? ClientId { get; set; }

    /// <summary>Only what came from there.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Ip { get; set; }

    /// <summary>From this moment on, UTC.</summary>
    [BindProperty(SupportsGet = true)]
    public DateTime? Since { get; set; }

    /// <summary>Before this moment, UTC.</summary>
    [BindProperty(SupportsGet = true)]
    public DateTime? Until { get; set; }

    /// <summary>This part of the log.</summary>
    public Listed<AuditEntry> Entries { get; private set; } = new(0, []);

    /// <summary>Whom it concerns, and who acted.</summary>
    public IReadOnlyDictionary<Guid, string> Users { get; private set; } = new Dictionary<Guid, string>();

    /// <summary>The applications' client ids.</summary>
    public IReadOnlyDictionary<Guid, string> Applications { get; private set; } = new Dictionary<Guid, string>();

    /// <summary>Shows the log.</summary>
    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        var query = new AuditQuery
        {
            Kind = Kind,
            UserId = await Who.FindAsync(users, Whom, cancellationToken),
            ApplicationId = string.IsNullOrWhiteSpace(ClientId) ? null : (await applications.FindAsync(ClientId.Trim(), cancellationToken))?.Application.Id ?? Guid.Empty,
            Ip = string.IsNullOrWhiteSpace(Ip) ? null : Ip.Trim(),
            From = Utc(Since),
            To = Utc(Until),
            Limit = PageSize,
            Offset = Offset,
        };
        Entries = await log.ListAsync(query, cancellationToken);
        var actors = Entries.Items.Select(entry => Guid.TryParse(entry.Facts.GetValueOrDefault("by"), out var by) ? by : (Guid?)null);
        Users = await names.OfUsersAsync(Entries.Items.Select(entry => entry.UserId).Concat(actors), cancellationToken);
        Applications = await names.OfApplicationsAsync(Entries.Items.Select(entry => entry.ApplicationId), cancellationToken);
    }

    private static DateTimeOffset? Utc(DateTime? time) => time is { } known ? new DateTimeOffset(DateTime.SpecifyKind(known, DateTimeKind.Utc)) : null;
}
