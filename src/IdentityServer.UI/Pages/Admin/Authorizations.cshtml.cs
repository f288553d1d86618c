using IdentityServer.Core.Administration;
using IdentityServer.Core.Users;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>What people allowed applications.</summary>
public sealed class AuthorizationsModel(AccessAdministration access, UserQueries users, ApplicationAdministration applications, Names names) : AdminPage
{
    /// <summary>An address or an id.</summary>
    [BindProperty(SupportsGet = true, Name = "user")]
    public string? Whose { get; set; }

    /// <summary>Only this application's.</summary>
    [BindProperty(SupportsGet = true, Name = "application")]
    public string? ClientId { get; set; }

    /// <summary>One of <see cref="SessionsModel.States"/>.</summary>
    [BindProperty(SupportsGet = true)]
    public string? State { get; set; }

    /// <summary>This part of the list.</summary>
    public Listed<Authorization> Authorizations { get; private set; } = new(0, []);

    /// <summary>Their owners.</summary>
    public IReadOnlyDictionary<Guid, string> Users { get; private set; } = new Dictionary<Guid, string>();

    /// <summary>The client ids of their applications.</summary>
    public IReadOnlyDictionary<Guid, string> Applications { get; private set; } = new Dictionary<Guid, string>();

    /// <summary>Shows the list.</summary>
    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        var application = string.IsNullOrWhiteSpace(ClientId) ? (Guid?)null : (await applications.FindAsync(ClientId.Trim(), cancellationToken))?.Application.Id ?? Guid.Empty;
        var user = await Who.FindAsync(users, Whose, cancellationToken);
        bool? active = State switch { "over" => false, "all" => null, _ => true };
        Authorizations = await access.ListAuthorizationsAsync(new AccessQuery(user, application, active, PageSize, Offset), cancellationToken);
        Users = await names.OfUsersAsync(Authorizations.Items.Select(row => row.UserId), cancellationToken);
        Applications = await names.OfApplicationsAsync(Authorizations.Items.Select(row => (Guid?)row.ApplicationId), cancellationToken);
    }

    /// <summary>Takes one back.</summary>
    public async Task<IActionResult> OnPostRevokeAsync([FromForm] Guid authorization, CancellationToken cancellationToken) =>
        await access.RevokeAuthorizationAsync(authorization, By, cancellationToken)
            ? Done($"{Paths.Admin}/authorizations?user={Uri.EscapeDataString(Whose ?? "")}&application={Uri.EscapeDataString(ClientId ?? "")}", "revoked")
            : NotFound();
}
