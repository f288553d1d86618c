using IdentityServer.Core.Account;
using IdentityServer.Core.Users;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.Account;

/// <summary>My invitation code, whom I invited, and who invited me.</summary>
public sealed class InvitationModel(Sessions sessions, UseInvitation invitation, Visitors visitors, TimeProvider time) : SignedInPage(sessions, time)
{
    private const string SavedNotice = "saved";

    /// <summary>Who invited whom.</summary>
    public InvitationView View { get; private set; } = null!;

    /// <summary>What was typed.</summary>
    public string? Typed { get; private set; }

    /// <summary>What is wrong with it.</summary>
    public string? Mistake { get; private set; }

    /// <summary>Shows it.</summary>
    public async Task OnGetAsync([FromQuery] string? notice, CancellationToken cancellationToken)
    {
        Say(notice, (SavedNotice, "Invitation.Saved"));
        View = await invitation.LookAsync(Session.UserId, cancellationToken);
    }

    /// <summary>Names who invited me, once.</summary>
    public async Task<IActionResult> OnPostAsync([FromForm] string? code, CancellationToken cancellationToken)
    {
        switch (await invitation.UseAsync(code, Requester.On(Session, visitors.From(HttpContext)), cancellationToken))
        {
            case InvitationOutcome.Used:
                return new SeeOther(Paths.Noted(Paths.Invitation, SavedNotice));
            case InvitationOutcome.TryLater(var at):
                this.RetryAfter(at - Now);
                Notice = new Notice(Texts.Text("SignIn.TryLater", Spans.Wait(at - Now)));
                break;
            default:
                Mistake = Texts.Text("Invitation.Unknown");
                Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
                break;
        }

        Typed = code;
        View = await invitation.LookAsync(Session.UserId, cancellationToken);
        return Page();
    }

    /// <summary>Since when somebody is here, in words.</summary>
    public string When(DateTimeOffset at) => Spans.When(at, Now);
}
