using IdentityServer.Core.Administration;
using IdentityServer.Core.Users;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>Who may ask this server for tokens.</summary>
public sealed class ApplicationsModel(ApplicationAdministration applications) : AdminPage
{
    /// <summary>Part of a client id or a name.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Q { get; set; }

    /// <summary>This part of the list.</summary>
    public Listed<ApplicationView> Applications { get; private set; } = new(0, []);

    /// <summary>Shows the list.</summary>
    public async Task OnGetAsync(CancellationToken cancellationToken) => Applications = await applications.ListAsync(Q, PageSize, Offset, cancellationToken);
}
