using IdentityServer.Core.SignIn;
using IdentityServer.Core.Users;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.UI.Pages.SignIn;

/// <summary>The page behind the link in a message. Looking at it changes nothing, however often mail scanners do.</summary>
public sealed class LinkModel(UseLink link, Visitors visitors, Sessions sessions, WaitingRequest waiting) : PageModel
{
    /// <summary>From the address of the page.</summary>
    [FromQuery(Name = "token")]
    public string? Token { get; set; }

    /// <summary>Who would be signed in; null in a browser that did not ask.</summary>
    public string? Address { get; private set; }

    /// <summary>The application that waits.</summary>
    public string? Application { get; private set; }

    /// <summary>The link does not work any more.</summary>
    public StartAgain? StartAgain { get; private set; }

    /// <summary>The page's title.</summary>
    public string Title => StartAgain?.Heading ?? Texts.Text(Address is null ? "Link.OtherTitle" : "Link.Title");

    /// <summary>Shows what the link is good for here.</summary>
    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        switch (await link.LookAsync(Token ?? "", visitors.From(HttpContext), cancellationToken))
        {
            case LinkView.Ready ready:
                waiting.Take(ready.ParkedRequest);
                Address = ready.Address;
                Application = (await waiting.ApplicationAsync(cancellationToken))?.DisplayName;
                return Page();
            case LinkView.OtherBrowser:
                return Page();
            default:
                return Gone();
        }
    }

    /// <summary>The tap.</summary>
    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        switch (await link.UseAsync(Token ?? "", visitors.From(HttpContext), cancellationToken))
        {
            case VerifyOutcome.SignedIn signedIn:
                sessions.SignIn(HttpContext, signedIn.Ticket);
                return new SeeOther(WaitingRequest.NextPath(signedIn.ParkedRequest));
            case VerifyOutcome.DetailsNeeded details:
                return new SeeOther(Paths.Details(details.ChallengeId, waiting.Sealed));
            case VerifyOutcome.PasswordNeeded needed:
                return new SeeOther(Paths.NewPassword(needed.ChallengeId, waiting.Sealed));
            default:
                return Gone();
        }
    }

    private PageResult Gone()
    {
        StartAgain = StartAgain.LinkGone(waiting.Sealed);
        Response.StatusCode = StatusCodes.Status410Gone;
        return Page();
    }
}
