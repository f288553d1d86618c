using IdentityServer.Core.Administration;
using IdentityServer.Core.Keys;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>What tokens are signed with.</summary>
public sealed class KeysModel(SigningKeyAdministration keys) : AdminPage
{
    // Keys of files have no end.
    private const int Never = 9000;

    /// <summary>The published keys.</summary>
    public IReadOnlyList<SigningKeyView> Keys { get; private set; } = [];

    /// <summary>Shows the list.</summary>
    public async Task OnGetAsync(CancellationToken cancellationToken) => Keys = await keys.ListAsync(cancellationToken);

    /// <summary>Makes successors.</summary>
    public async Task<IActionResult> OnPostRotateAsync([FromForm] bool immediately, CancellationToken cancellationToken)
    {
        await keys.RotateAsync(immediately, By, cancellationToken);
        return Done($"{Paths.Admin}/keys", "rotated");
    }

    /// <summary>A time, or a dash when it never comes.</summary>
    public static IHtmlContent End(DateTimeOffset at) => When.Of(at.Year < Never ? at : null);
}
