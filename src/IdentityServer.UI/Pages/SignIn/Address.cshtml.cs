using IdentityServer.Core.Proofs;
using IdentityServer.Core.SignIn;
using IdentityServer.Core.Users;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.UI.Pages.SignIn;

/// <summary>Asks for the address. Looking at it writes nothing.</summary>
public sealed class AddressModel(StartSignIn start, CheckPassword password, Visitors visitors, Sessions sessions, WaitingRequest waiting, TimeProvider time) : PageModel
{
    /// <summary>What is filled in.</summary>
    public string? Address { get; private set; }

    /// <summary>The application that waits.</summary>
    public string? Application { get; private set; }

    /// <summary>What is wrong with the address.</summary>
    public string? Mistake { get; private set; }

    /// <summary>What else stands in the way.</summary>
    public Notice? Notice { get; private set; }

    /// <summary>Whether phone numbers are asked for too.</summary>
    public bool TakesPhoneNumbers => start.TakesPhoneNumbers;

    /// <summary>What happens next, in words.</summary>
    public string Lead => Texts.Text(password.IsAsked ? "SignIn.LeadPassword" : "SignIn.Lead");

    /// <summary>What is asked for.</summary>
    public string Label => Texts.Text(TakesPhoneNumbers ? "SignIn.AddressOrPhone" : "SignIn.Address");

    /// <summary>The page's title: says first that something is wrong.</summary>
    public string Title => Mistake is null && Notice is null ? Texts.Text("SignIn.Title") : Texts.Text("Title.Problem", Texts.Text("SignIn.Title"));

    /// <summary>Shows the form.</summary>
    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        if (waiting.IsStale)
            return this.StaleRequest();
        if (waiting.Sealed is null && await sessions.CurrentAsync(HttpContext) is not null)
            return new SeeOther(Paths.Account);

        visitors.From(HttpContext);
        Address = waiting.Opened?.LoginHint;
        return await ShowAsync(cancellationToken);
    }

    /// <summary>Starts.</summary>
    public async Task<IActionResult> OnPostAsync([FromForm] string? address, CancellationToken cancellationToken)
    {
        if (waiting.IsStale)
            return this.StaleRequest();

        Address = address;
        if (password.IsAsked)
        {
            var (who, refusal) = password.Introduce(address ?? "", visitors.From(HttpContext));
            return who is null ? await RefuseAsync(refusal!, cancellationToken) : new SeeOther(Paths.AskPassword(who, waiting.Sealed));
        }

        switch (await start.StartAsync(address ?? "", waiting.Sealed, visitors.From(HttpContext), cancellationToken))
        {
            case StartOutcome.Started started:
                return new SeeOther(Paths.Code(started.ChallengeId, waiting.Sealed));
            case StartOutcome.TryLater later:
                this.RetryAfter(later.At - time.GetUtcNow());
                Notice = new Notice(Texts.Text("SignIn.TryLater", Spans.Wait(later.At - time.GetUtcNow())));
                break;
            case var refused:
                return await RefuseAsync(refused, cancellationToken);
        }

        return await ShowAsync(cancellationToken);
    }

    private Task<IActionResult> RefuseAsync(StartOutcome refused, CancellationToken cancellationToken)
    {
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        Mistake = MistakeOf(refused, Address);
        return ShowAsync(cancellationToken);
    }

    private string MistakeOf(StartOutcome refused, string? address) => (refused, string.IsNullOrWhiteSpace(address)) switch
    {
        (StartOutcome.NoMessages, _) => Texts.Text("SignIn.NoMessages"),
        (StartOutcome.OnlyEmail, _) => Texts.Text("SignIn.OnlyEmail"),
        (_, true) => Texts.Text(TakesPhoneNumbers ? "SignIn.AddressOrPhoneMissing" : "SignIn.AddressMissing"),
        _ => Texts.Text(TakesPhoneNumbers ? "SignIn.NotAnAddressOrPhone" : "SignIn.NotAnAddress"),
    };

    private async Task<IActionResult> ShowAsync(CancellationToken cancellationToken)
    {
        Application = (await waiting.ApplicationAsync(cancellationToken))?.DisplayName;
        return Page();
    }
}
