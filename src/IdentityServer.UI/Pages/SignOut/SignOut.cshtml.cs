using IdentityServer.Core.Account;
using IdentityServer.Core.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.UI.Pages.SignOut;

/// <summary>Asks whether to sign out, and does it.</summary>
public sealed class SignOutModel(AccountOverview account, Sessions sessions, WaitingSignOut waiting) : PageModel
{
    /// <summary>Who is signed in.</summary>
    public Person Person { get; private set; } = new(null, null);

    /// <summary>The application that asked.</summary>
    public string? Application { get; private set; }

    /// <summary>Shows the question; nobody is asked twice.</summary>
    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        if (await sessions.CurrentAsync(HttpContext) is not { } session)
            return new SeeOther(waiting.NextPath);

        var me = await account.ReadAsync(session, cancellationToken);
        Person = new Person(me.Name, me.Email ?? me.Phone);
        Application = await waiting.ApplicationAsync(cancellationToken);
        return Page();
    }

    /// <summary>Yes.</summary>
    public async Task<IActionResult> OnPostAsync()
    {
        if (await sessions.CurrentAsync(HttpContext) is { } session)
            await sessions.EndAsync(HttpContext, session);
        return new SeeOther(waiting.NextPath);
    }
}
