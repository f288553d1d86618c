using IdentityServer.Core.Administration;
using IdentityServer.Core.Users;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>What applications may ask for.</summary>
public sealed class ScopesModel(ScopeAdministration scopes) : AdminPage
{
    /// <summary>Part of a name.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Q { get; set; }

    /// <summary>This part of the list.</summary>
    public Listed<ScopeView> Scopes { get; private set; } = new(0, []);

    /// <summary>Shows the list.</summary>
    public async Task OnGetAsync(CancellationToken cancellationToken) => Scopes = await scopes.ListAsync(Q, PageSize, Offset, cancellationToken);
}
