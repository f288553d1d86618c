using IdentityServer.Core.Account;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using IdentityServer.Core.Users.Passwords;
using IdentityServer.Protocol.Model;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.UI.Pages.Account;

/// <summary>Sets, changes and removes one's password, on fresh proof. Exists while <c>SignIn:Password</c> is enabled.</summary>
public sealed class PasswordModel(OwnPassword password, AccountOverview account, Sessions sessions, Visitors visitors, TimeProvider time) : PageModel
{
    /// <summary>Whether there is one.</summary>
    public bool HasPassword { get; private set; }

    /// <summary>For the password manager.</summary>
    public PasswordOwner? Owner { get; private set; }

    /// <summary>What is wrong with the new one.</summary>
    public string? Mistake { get; private set; }

    /// <summary>The rules that it breaks.</summary>
    public IReadOnlyList<PasswordRule> Unmet { get; private set; } = [];

    /// <summary>What was just done.</summary>
    public Notice? Notice { get; private set; }

    /// <summary>The page's title: says first that something is wrong.</summary>
    public string Title => Mistake is null ? Texts.Text("AccountPassword.Title") : Texts.Text("Title.Problem", Texts.Text("AccountPassword.Title"));

    /// <summary>Shows the page.</summary>
    public async Task<IActionResult> OnGetAsync([FromQuery] string? notice, CancellationToken cancellationToken)
    {
        var (session, elsewhere) = await ProvedAsync();
        if (session is null)
            return elsewhere!;

        Notice = notice switch
        {
            "set" => new Notice(Texts.Text("AccountPassword.Set"), IsProblem: false),
            "changed" => new Notice(Texts.Text("AccountPassword.Changed"), IsProblem: false),
            "removed" => new Notice(Texts.Text("AccountPassword.Removed"), IsProblem: false),
            _ => null,
        };
        return await ShowAsync(session, cancellationToken);
    }

    /// <summary>Sets it.</summary>
    public async Task<IActionResult> OnPostAsync([FromForm(Name = "password")] string? typed, CancellationToken cancellationToken)
    {
        var (session, elsewhere) = await ProvedAsync();
        if (session is null)
            return elsewhere!;

        switch (await password.SetAsync(session, typed, visitors.From(HttpContext), cancellationToken))
        {
            case SetPasswordOutcome.Done done:
                return new SeeOther($"{Paths.Password}?notice={(done.WasChanged ? "changed" : "set")}");
            case SetPasswordOutcome.Unfit unfit:
                Unmet = unfit.Unmet;
                Mistake = PasswordField.MistakeOf(typed);
                Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
                return await ShowAsync(session, cancellationToken);
            default:
                return new SeeOther(Paths.SignIn(null));
        }
    }

    /// <summary>Removes it.</summary>
    public async Task<IActionResult> OnPostRemoveAsync(CancellationToken cancellationToken)
    {
        var (session, elsewhere) = await ProvedAsync();
        if (session is null)
            return elsewhere!;

        await password.RemoveAsync(session, visitors.From(HttpContext), cancellationToken);
        return new SeeOther($"{Paths.Password}?notice=removed");
    }

    private async Task<(Session? Session, IActionResult? Elsewhere)> ProvedAsync()
    {
        if (await sessions.CurrentAsync(HttpContext) is not { } session)
            return (null, new SeeOther(Paths.SignIn(null)));

        return ProofPlace.Password.IsProved(session, time.GetUtcNow()) ? (session, null) : (null, new SeeOther(Paths.Prove(ProofPlace.Password.Name)));
    }

    private async Task<IActionResult> ShowAsync(Session session, CancellationToken cancellationToken)
    {
        HasPassword = await password.HasAsync(session.UserId, cancellationToken);
        var me = await account.ReadAsync(session, cancellationToken);
        Owner = me.Email is { } email ? new PasswordOwner(email, Channel.Email) : me.Phone is { } phone ? new PasswordOwner(phone, Channel.Sms) : null;
        return Page();
    }
}
