using IdentityServer.Core.SignIn;
using IdentityServer.Core.Users;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.UI.Pages.SignIn;

/// <summary>A new person confirms their details; only then their account exists.</summary>
public sealed class DetailsModel(ConfirmDetails confirm, Visitors visitors, Sessions sessions, WaitingRequest waiting) : PageModel
{
    /// <summary>From the address of the page.</summary>
    [FromQuery(Name = "challenge")]
    public Guid ChallengeId { get; set; }

    /// <summary>What was proved; null: start again.</summary>
    public DetailsView? View { get; private set; }

    /// <summary>What is filled in.</summary>
    public string? Name { get; private set; }

    /// <summary>What is wrong with the name.</summary>
    public string? Mistake { get; private set; }

    /// <summary>The invitation code that is filled in.</summary>
    public string? Invitation { get; private set; }

    /// <summary>What is wrong with the invitation.</summary>
    public string? InvitationMistake { get; private set; }

    /// <summary>What is shown when the proof is gone.</summary>
    public StartAgain StartAgain { get; private set; } = StartAgain.Gone(null);

    /// <summary>The page's title: says first that something is wrong.</summary>
    public string Title =>
        View is null ? StartAgain.Heading
        : Mistake is null && InvitationMistake is null ? Texts.Text("Details.Title")
        : Texts.Text("Title.Problem", Texts.Text("Details.Title"));

    /// <summary>Shows the form.</summary>
    public Task<IActionResult> OnGetAsync(CancellationToken cancellationToken) => ShowAsync(cancellationToken);

    /// <summary>Makes the account.</summary>
    public async Task<IActionResult> OnPostAsync([FromForm] string? name, [FromForm] string? invitation, CancellationToken cancellationToken)
    {
        (Name, Invitation) = (name, invitation);
        switch (await confirm.ConfirmAsync(ChallengeId, name ?? "", invitation, visitors.From(HttpContext), cancellationToken))
        {
            case DetailsOutcome.SignedIn signedIn:
                sessions.SignIn(HttpContext, signedIn.Ticket);
                return new SeeOther(WaitingRequest.NextPath(signedIn.ParkedRequest));
            case DetailsOutcome.NameNeeded:
                Mistake = Texts.Text(string.IsNullOrWhiteSpace(name) ? "Details.NameMissing" : "Details.NameUnusable");
                Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
                return await ShowAsync(cancellationToken);
            case DetailsOutcome.InvitationNeeded:
                InvitationMistake = Texts.Text(string.IsNullOrWhiteSpace(invitation) ? "Details.InvitationMissing" : "Details.InvitationUnknown");
                Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
                return await ShowAsync(cancellationToken);
            default:
                return Gone();
        }
    }

    private async Task<IActionResult> ShowAsync(CancellationToken cancellationToken)
    {
        View = await confirm.LookAsync(ChallengeId, visitors.From(HttpContext), cancellationToken);
        if (View is null)
            return Gone();

        waiting.Take(View.ParkedRequest);
        return Page();
    }

    private PageResult Gone()
    {
        View = null;
        StartAgain = StartAgain.Gone(waiting.IsStale ? null : waiting.Sealed);
        Response.StatusCode = StatusCodes.Status410Gone;
        return Page();
    }
}
