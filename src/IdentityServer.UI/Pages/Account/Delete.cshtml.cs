using IdentityServer.Core.Users;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.Account;

/// <summary>Says what deleting the account deletes, and does it.</summary>
public sealed class DeleteModel(Sessions sessions, UserAdministration users, Visitors visitors, TimeProvider time) : SignedInPage(sessions, time)
{
    private readonly Sessions sessions = sessions;

    /// <inheritdoc/>
    protected override ProofPlace Place => ProofPlace.Delete;

    /// <summary>Shows what is deleted.</summary>
    public IActionResult OnGet() => Page();

    /// <summary>Deletes it.</summary>
    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        var by = Operator.On(Session, visitors.From(HttpContext));
        if (await users.DeleteAsync(Session.UserId, by, cancellationToken) == UserChange.LastAdministrator)
        {
            Notice = new Notice(Texts.Text("Delete.LastAdministrator"));
            Response.StatusCode = StatusCodes.Status409Conflict;
            return Page();
        }

        await sessions.EndAsync(HttpContext, Session);
        return new SeeOther(Paths.Deleted);
    }
}
