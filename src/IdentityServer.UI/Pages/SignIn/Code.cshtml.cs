using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.SignIn;
using IdentityServer.Core.Users;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.UI.Pages.SignIn;

/// <summary>Asks for the code, and sends another.</summary>
public sealed class CodeModel(StartSignIn start, VerifyCode verify, Visitors visitors, Sessions sessions, WaitingRequest waiting, TimeProvider time) : PageModel
{
    private const string SentNotice = "sent";

    // Six digits, however they are spaced; what is longer was not read off a message.
    private const int MaxCodeLength = 64;

    /// <summary>From the address of the page.</summary>
    [FromQuery(Name = "challenge")]
    public Guid ChallengeId { get; set; }

    /// <summary>What the page shows; null: start again.</summary>
    public ChallengeView? View { get; private set; }

    /// <summary>What is shown when there is no challenge.</summary>
    public StartAgain StartAgain { get; private set; } = StartAgain.Gone(null);

    /// <summary>What is wrong with the code.</summary>
    public string? Mistake { get; private set; }

    /// <summary>What else there is to say.</summary>
    public Notice? Notice { get; private set; }

    /// <summary>The form; null: start again.</summary>
    public CodeForm? Form => View is null ? null
        : new CodeForm(View.Address, View.CodeLength, HasLink: View.Channel == Channel.Email, View.ExpiresAt - time.GetUtcNow(), CodeForm.Wait(View.ResendAt, time.GetUtcNow()))
        {
            Notice = Notice,
            Mistake = Mistake,
            Route = Route(),
            Other = Texts.Text(View.Channel == Channel.Sms ? "Code.OtherNumber" : "Code.OtherAddress"),
            OtherPath = Paths.SignIn(waiting.Sealed),
        };

    /// <summary>The page's title: says first that something is wrong.</summary>
    public string Title =>
        View is null ? StartAgain.Heading
        : Mistake is null && Notice is not { IsProblem: true } ? Texts.Text("Code.Title")
        : Texts.Text("Title.Problem", Texts.Text("Code.Title"));

    /// <summary>Shows the form.</summary>
    public async Task<IActionResult> OnGetAsync([FromQuery] string? notice, CancellationToken cancellationToken)
    {
        if (notice == SentNotice)
            Notice = new Notice(Texts.Text("Code.Sent"), IsProblem: false);
        return await ShowAsync(StatusCodes.Status200OK, cancellationToken);
    }

    /// <summary>Checks the code.</summary>
    public async Task<IActionResult> OnPostAsync([FromForm] string? code, CancellationToken cancellationToken)
    {
        if (code is null || code.Length > MaxCodeLength || !code.Any(char.IsDigit))
            return await MistakeAsync(Texts.Text("Code.Missing"), cancellationToken);

        switch (await verify.VerifyAsync(ChallengeId, code, visitors.From(HttpContext), cancellationToken))
        {
            case VerifyOutcome.SignedIn signedIn:
                sessions.SignIn(HttpContext, signedIn.Ticket);
                return new SeeOther(WaitingRequest.NextPath(signedIn.ParkedRequest));
            case VerifyOutcome.DetailsNeeded details:
                return new SeeOther(Paths.Details(details.ChallengeId, waiting.Sealed));
            case VerifyOutcome.PasswordNeeded needed:
                return new SeeOther(Paths.NewPassword(needed.ChallengeId, waiting.Sealed));
            case VerifyOutcome.Wrong wrong:
                return await MistakeAsync(Texts.Count("Code.Wrong", wrong.TriesLeft), cancellationToken);
            case VerifyOutcome.Superseded:
                return await MistakeAsync(Texts.Text("Code.Superseded"), cancellationToken);
            case VerifyOutcome.Paused paused:
                return await PausedAsync(paused.Until, cancellationToken);
            case VerifyOutcome.TryLater later:
                return await TryLaterAsync(later.At - time.GetUtcNow(), cancellationToken);
            case VerifyOutcome.Spent:
                StartAgain = StartAgain.Spent(waiting.Sealed);
                Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
                return Page();
            default:
                return Gone();
        }
    }

    /// <summary>Sends another code.</summary>
    public async Task<IActionResult> OnPostResendAsync(CancellationToken cancellationToken)
    {
        switch (await start.ResendAsync(ChallengeId, visitors.From(HttpContext), cancellationToken))
        {
            case ResendOutcome.Sent:
                return new SeeOther(Paths.Code(ChallengeId, waiting.Sealed, SentNotice));
            case ResendOutcome.TooSoon soon:
                var wait = soon.At - time.GetUtcNow();
                this.RetryAfter(wait);
                Notice = new Notice(Texts.Text("Code.TooSoon", Spans.Wait(wait)));
                return await ShowAsync(StatusCodes.Status429TooManyRequests, cancellationToken);
            default:
                return Gone();
        }
    }

    private Task<IActionResult> MistakeAsync(string mistake, CancellationToken cancellationToken)
    {
        Mistake = mistake;
        return ShowAsync(StatusCodes.Status422UnprocessableEntity, cancellationToken);
    }

    private async Task<IActionResult> PausedAsync(DateTimeOffset? until, CancellationToken cancellationToken)
    {
        var page = await ShowAsync(StatusCodes.Status429TooManyRequests, cancellationToken);
        var bySms = View?.Channel == Channel.Sms;
        if (until is { } end)
        {
            var wait = end - time.GetUtcNow();
            this.RetryAfter(wait);
            Notice = new Notice(Texts.Text(bySms ? "Code.PausedSms" : "Code.Paused", Spans.Wait(wait)));
        }
        else
        {
            Notice = new Notice(Texts.Text(bySms ? "Code.OffSms" : "Code.Off"));
        }

        return page;
    }

    private Task<IActionResult> TryLaterAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        this.RetryAfter(wait);
        Notice = new Notice(Texts.Text("Code.TryLater", Spans.Wait(wait)));
        return ShowAsync(StatusCodes.Status429TooManyRequests, cancellationToken);
    }

    private async Task<IActionResult> ShowAsync(int status, CancellationToken cancellationToken)
    {
        View = await start.LookAsync(ChallengeId, visitors.From(HttpContext), cancellationToken);
        if (View is null)
            return Gone();

        waiting.Take(View.ParkedRequest);
        Response.StatusCode = status;
        return Page();
    }

    private Dictionary<string, string> Route()
    {
        var route = new Dictionary<string, string>(StringComparer.Ordinal) { ["challenge"] = ChallengeId.ToString("D") };
        if (waiting.Sealed is { } request)
            route["request"] = request;
        return route;
    }

    private PageResult Gone()
    {
        View = null;
        StartAgain = StartAgain.Gone(waiting.IsStale ? null : waiting.Sealed);
        Response.StatusCode = StatusCodes.Status410Gone;
        return Page();
    }
}
