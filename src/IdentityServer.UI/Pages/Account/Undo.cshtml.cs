using IdentityServer.Core.Account;
using IdentityServer.Core.Users;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.UI.Pages.Account;

/// <summary>The page behind the link that takes an old address back. Looking at it changes nothing, however often mail scanners do.</summary>
public sealed class UndoModel(UndoAddressChange undo, Visitors visitors) : PageModel
{
    /// <summary>From the address of the page.</summary>
    [FromQuery(Name = "token")]
    public string? Token { get; set; }

    /// <summary>What can be undone; null when it was, or cannot be.</summary>
    public UndoView? View { get; private set; }

    /// <summary>Whether the address is back.</summary>
    public bool IsDone { get; private set; }

    /// <summary>The page's title.</summary>
    public string Title { get; private set; } = "";

    /// <summary>What happened.</summary>
    public string Lead { get; private set; } = "";

    /// <summary>Shows what the link is good for.</summary>
    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        View = await undo.LookAsync(Token, cancellationToken);
        if (View is null)
            return Gone();

        Title = Texts.Text("Undo.Title");
        return Page();
    }

    /// <summary>The tap.</summary>
    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        var view = await undo.LookAsync(Token, cancellationToken);
        switch (await undo.UndoAsync(Token, visitors.From(HttpContext).Ip, cancellationToken))
        {
            case UndoOutcome.Undone:
                IsDone = true;
                (Title, Lead) = (Texts.Text("Undo.DoneHeading"), Texts.Text("Undo.DoneLead", view!.Old));
                return Page();
            case UndoOutcome.Taken:
                (Title, Lead) = (Texts.Text("Undo.TakenHeading"), Texts.Text("Undo.TakenLead", view!.Old));
                Response.StatusCode = StatusCodes.Status409Conflict;
                return Page();
            default:
                return Gone();
        }
    }

    private PageResult Gone()
    {
        (Title, Lead) = (Texts.Text("Undo.GoneHeading"), Texts.Text("Undo.GoneLead"));
        Response.StatusCode = StatusCodes.Status410Gone;
        return Page();
    }
}
