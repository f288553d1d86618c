using IdentityServer.Core.SignIn;
using IdentityServer.Core.Users;
using IdentityServer.Core.Users.Passwords;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.UI.Pages.SignIn;

/// <summary>A new password in the place of a forgotten one, after the code. Exists while <c>SignIn:Password</c> is enabled.</summary>
public sealed class NewPasswordModel(ResetPassword reset, Visitors visitors, Sessions sessions, WaitingRequest waiting) : PageModel
{
    /// <summary>From the address of the page.</summary>
    [FromQuery(Name = "challenge")]
    public Guid ChallengeId { get; set; }

    /// <summary>Who chooses; null: start again.</summary>
    public NewPasswordView? View { get; private set; }

    /// <summary>What is wrong with the password.</summary>
    public string? Mistake { get; private set; }

    /// <summary>The rules that it breaks.</summary>
    public IReadOnlyList<PasswordRule> Unmet { get; private set; } = [];

    /// <summary>What is shown when the proof is gone.</summary>
    public StartAgain StartAgain { get; private set; } = StartAgain.Gone(null);

    /// <summary>The page's title: says first that something is wrong.</summary>
    public string Title =>
        View is null ? StartAgain.Heading
        : Mistake is null ? Texts.Text("NewPassword.Title")
        : Texts.Text("Title.Problem", Texts.Text("NewPassword.Title"));

    /// <summary>Shows the form.</summary>
    public Task<IActionResult> OnGetAsync(CancellationToken cancellationToken) => ShowAsync(cancellationToken);

    /// <summary>Sets the password and signs in.</summary>
    public async Task<IActionResult> OnPostAsync([FromForm] string? password, CancellationToken cancellationToken)
    {
        switch (await reset.ResetAsync(ChallengeId, password, visitors.From(HttpContext), cancellationToken))
        {
            case NewPasswordOutcome.SignedIn signedIn:
                sessions.SignIn(HttpContext, signedIn.Ticket);
                return new SeeOther(WaitingRequest.NextPath(signedIn.ParkedRequest));
            case NewPasswordOutcome.Unfit unfit:
                Unmet = unfit.Unmet;
                Mistake = PasswordField.MistakeOf(password);
                Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
                return await ShowAsync(cancellationToken);
            default:
                return Gone();
        }
    }

    private async Task<IActionResult> ShowAsync(CancellationToken cancellationToken)
    {
        View = await reset.LookAsync(ChallengeId, visitors.From(HttpContext), cancellationToken);
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
