using IdentityServer.Core.Account;
using IdentityServer.Core.Users;
using IdentityServer.UI.Pages.SignIn;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.UI.Pages;

/// <summary>Asks somebody who is signed in for a code, and sends another.</summary>
public abstract class OwnCodePage(Sessions sessions, Visitors visitors, TimeProvider time) : SignedInPage(sessions, time)
{
    /// <summary>In the address of a page that tells that another code was sent.</summary>
    protected const string SentNotice = "sent";

    private const int MaxCodeLength = 64;

    /// <summary>From the address of the page.</summary>
    [FromQuery(Name = "challenge")]
    public string? ChallengeId { get; set; }

    /// <summary>The form; null: start again.</summary>
    public CodeForm? Form => View is null ? null
        : new CodeForm(View.Address, View.CodeLength, HasLink: false, View.ExpiresAt - Now, CodeForm.Wait(View.ResendAt, Now))
        {
            Notice = Notice,
            Mistake = Mistake,
            Route = Route(),
            Other = Texts.Text("Prove.Cancel"),
            OtherPath = CancelPath,
        };

    /// <summary>What is shown when there is nothing to type a code for.</summary>
    public StartAgain StartAgain => StartAgain.OwnCode(StartPath);

    /// <summary>The page's title: says first that something is wrong.</summary>
    public string Title =>
        View is null ? StartAgain.Heading
        : Mistake is null && Notice is not { IsProblem: true } ? Texts.Text("Code.Title")
        : Texts.Text("Title.Problem", Texts.Text("Code.Title"));

    /// <summary>Where a code is asked for.</summary>
    protected abstract string StartPath { get; }

    /// <summary>Where who has second thoughts goes.</summary>
    protected virtual string CancelPath => StartPath;

    /// <summary>What waits for its code.</summary>
    protected OwnCodeView? View { get; private set; }

    private string? Mistake { get; set; }

    /// <summary>Shows the form.</summary>
    public Task<IActionResult> OnGetAsync([FromQuery] string? notice, CancellationToken cancellationToken)
    {
        Say(notice, (SentNotice, "Code.Sent"));
        return ShowAsync(StatusCodes.Status200OK, cancellationToken);
    }

    /// <summary>Checks the code.</summary>
    public async Task<IActionResult> OnPostAsync([FromForm] string? code, CancellationToken cancellationToken)
    {
        var requester = Requester.On(Session, visitors.From(HttpContext));
        View = await LookAsync(requester, cancellationToken);
        if (View is null)
            return Gone();
        if (code is null || code.Length > MaxCodeLength || !code.Any(char.IsDigit))
            return await MistakeAsync(Texts.Text("Code.Missing"), cancellationToken);

        return await CheckAsync(code, requester, cancellationToken) switch
        {
            ConfirmOutcome.Confirmed => await ConfirmedAsync(View, cancellationToken),
            ConfirmOutcome.Wrong(var left) => await MistakeAsync(Texts.Count("Code.Wrong", left), cancellationToken),
            ConfirmOutcome.Superseded => await MistakeAsync(Texts.Text("Code.Superseded"), cancellationToken),
            ConfirmOutcome.TryLater(var at) => await TryLaterAsync(at, "OwnCode.TryLater", cancellationToken),
            _ => Gone(),
        };
    }

    /// <summary>Sends another code.</summary>
    public async Task<IActionResult> OnPostResendAsync(CancellationToken cancellationToken) =>
        await ResendAsync(Requester.On(Session, visitors.From(HttpContext)), cancellationToken) switch
        {
            SendOutcome.Sent(var code) => new SeeOther(CodePath(code.Challenge!, SentNotice)),
            SendOutcome.TryLater(var at) => await TryLaterAsync(at, "Code.TooSoon", cancellationToken),
            _ => Gone(),
        };

    /// <summary>This page for a challenge.</summary>
    protected abstract string CodePath(string challenge, string? notice);

    /// <summary>What waits for its code; null when nothing does.</summary>
    protected abstract Task<OwnCodeView?> LookAsync(Requester requester, CancellationToken cancellationToken);

    /// <summary>Counts, compares, claims.</summary>
    protected abstract Task<ConfirmOutcome> CheckAsync(string code, Requester requester, CancellationToken cancellationToken);

    /// <summary>Sends another code.</summary>
    protected abstract Task<SendOutcome?> ResendAsync(Requester requester, CancellationToken cancellationToken);

    /// <summary>The code was right.</summary>
    protected abstract Task<IActionResult> ConfirmedAsync(OwnCodeView view, CancellationToken cancellationToken);

    /// <summary>The parameters of the page.</summary>
    protected virtual Dictionary<string, string> Route() => new(StringComparer.Ordinal) { ["challenge"] = ChallengeId ?? "" };

    private Task<IActionResult> MistakeAsync(string mistake, CancellationToken cancellationToken)
    {
        Mistake = mistake;
        return ShowAsync(StatusCodes.Status422UnprocessableEntity, cancellationToken);
    }

    private async Task<IActionResult> TryLaterAsync(DateTimeOffset? at, string key, CancellationToken cancellationToken)
    {
        var page = await ShowAsync(StatusCodes.Status429TooManyRequests, cancellationToken);
        if (at is { } until)
            this.RetryAfter(until - Now);
        Notice = new Notice(at is { } end ? Texts.Text(key, Spans.Wait(end - Now)) : Texts.Text("OwnCode.Off"));
        return page;
    }

    private async Task<IActionResult> ShowAsync(int status, CancellationToken cancellationToken)
    {
        View = await LookAsync(Requester.On(Session, visitors.From(HttpContext)), cancellationToken);
        if (View is null)
            return Gone();

        Response.StatusCode = status;
        return Page();
    }

    private PageResult Gone()
    {
        View = null;
        Response.StatusCode = StatusCodes.Status410Gone;
        return Page();
    }
}
