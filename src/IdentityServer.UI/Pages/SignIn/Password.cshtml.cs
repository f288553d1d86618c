using IdentityServer.Core.Proofs;
using IdentityServer.Core.SignIn;
using IdentityServer.Core.Users;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.UI.Pages.SignIn;

/// <summary>Asks for the password before a code is sent, alike for every address. Exists while <c>SignIn:Password</c> is enabled.</summary>
public sealed class PasswordModel(CheckPassword check, Visitors visitors, WaitingRequest waiting, TimeProvider time) : PageModel
{
    /// <summary>The address, sealed, from the address of the page.</summary>
    [FromQuery(Name = "who")]
    public string? Who { get; set; }

    /// <summary>Whom the page asks; null: start again.</summary>
    public PasswordView? View { get; private set; }

    /// <summary>What is shown when there is nobody to ask.</summary>
    public StartAgain StartAgain { get; private set; } = StartAgain.Gone(null);

    /// <summary>What is wrong with the password.</summary>
    public string? Mistake { get; private set; }

    /// <summary>What else stands in the way.</summary>
    public Notice? Notice { get; private set; }

    /// <summary>The request that waits.</summary>
    public string? Parked => waiting.Sealed;

    /// <summary>The page's title: says first that something is wrong.</summary>
    public string Title =>
        View is null ? StartAgain.Heading
        : Mistake is null && Notice is null ? Texts.Text("Password.Title")
        : Texts.Text("Title.Problem", Texts.Text("Password.Title"));

    /// <summary>Shows the form.</summary>
    public IActionResult OnGet() => Show(StatusCodes.Status200OK);

    /// <summary>Checks the password.</summary>
    public async Task<IActionResult> OnPostAsync([FromForm] string? password, CancellationToken cancellationToken)
    {
        if (waiting.IsStale)
            return this.StaleRequest();
        if (string.IsNullOrEmpty(password))
            return Wrong(Texts.Text("Password.Missing"));

        return Answer(await check.CheckAsync(Who, password, waiting.Sealed, visitors.From(HttpContext), cancellationToken));
    }

    /// <summary>Goes on with a code alone.</summary>
    public async Task<IActionResult> OnPostSkipAsync(CancellationToken cancellationToken) =>
        waiting.IsStale ? this.StaleRequest() : Answer(await check.SkipAsync(Who, waiting.Sealed, visitors.From(HttpContext), cancellationToken));

    private IActionResult Answer(PasswordOutcome outcome) => outcome switch
    {
        PasswordOutcome.Passed(StartOutcome.Started started) => new SeeOther(Paths.Code(started.ChallengeId, waiting.Sealed)),
        PasswordOutcome.Passed(StartOutcome.TryLater later) => Later("SignIn.TryLater", later.At),
        PasswordOutcome.Wrong => Wrong(Texts.Text("Password.Wrong")),
        PasswordOutcome.Paused({ } until) => Later("Password.Paused", until),
        PasswordOutcome.Paused => Off(),
        PasswordOutcome.TryLater(var at) => Later("Password.TryLater", at),
        _ => Gone(),
    };

    private PageResult Wrong(string mistake)
    {
        Mistake = mistake;
        return Show(StatusCodes.Status422UnprocessableEntity);
    }

    private PageResult Later(string text, DateTimeOffset at)
    {
        var wait = at - time.GetUtcNow();
        this.RetryAfter(wait);
        Notice = new Notice(Texts.Text(text, Spans.Wait(wait)));
        return Show(StatusCodes.Status429TooManyRequests);
    }

    private PageResult Off()
    {
        Notice = new Notice(Texts.Text("Password.Off"));
        return Show(StatusCodes.Status429TooManyRequests);
    }

    private PageResult Show(int status)
    {
        View = check.Look(Who, visitors.From(HttpContext));
        if (View is null)
            return Gone();

        Response.StatusCode = status;
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
