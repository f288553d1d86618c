using IdentityServer.Core.Administration;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Rendering;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>Browsers' sign-ins.</summary>
public sealed class SessionsModel(AccessAdministration access, UserQueries users, Names names, TimeProvider time) : AdminPage
{
    /// <summary>What can be asked for.</summary>
    public static IReadOnlyList<SelectListItem> States { get; } = [new("In force", ""), new("Over", "over"), new("All", "all")];

    /// <summary>An address or an id.</summary>
    [BindProperty(SupportsGet = true, Name = "user")]
    public string? Whose { get; set; }

    /// <summary>One of <see cref="States"/>.</summary>
    [BindProperty(SupportsGet = true)]
    public string? State { get; set; }

    /// <summary>This part of the list.</summary>
    public Listed<SessionRow> Sessions { get; private set; } = new(0, []);

    /// <summary>Their owners.</summary>
    public IReadOnlyDictionary<Guid, string> Names { get; private set; } = new Dictionary<Guid, string>();

    /// <summary>The time of this answer.</summary>
    public DateTimeOffset Now { get; } = time.GetUtcNow();

    /// <summary>Shows the list.</summary>
    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        var user = await Who.FindAsync(users, Whose, cancellationToken);
        bool? active = State switch { "over" => false, "all" => null, _ => true };
        Sessions = await access.ListSessionsAsync(new AccessQuery(user, Active: active, Limit: PageSize, Offset: Offset), cancellationToken);
        Names = await names.OfUsersAsync(Sessions.Items.Select(session => (Guid?)session.UserId), cancellationToken);
    }

    /// <summary>Ends one.</summary>
    public async Task<IActionResult> OnPostEndAsync([FromForm(Name = "session")] Guid sessionId, CancellationToken cancellationToken) =>
        await access.EndSessionAsync(sessionId, By, cancellationToken)
            ? Done($"{Paths.Admin}/sessions?user={Uri.EscapeDataString(Whose ?? "")}", "session-ended")
            : NotFound();
}
