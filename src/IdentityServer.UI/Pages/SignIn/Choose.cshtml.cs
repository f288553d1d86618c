using IdentityServer.Core.Account;
using IdentityServer.Core.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.UI.Pages.SignIn;

/// <summary>Goes on with the account that is signed in, or with another (<c>prompt=select_account</c>, OpenID Connect Core §3.1.2.1).</summary>
public sealed class ChooseModel(AccountOverview account, Sessions sessions, WaitingRequest waiting) : PageModel
{
    /// <summary>Who is signed in.</summary>
    public Person Person { get; private set; } = new(null, null);

    /// <summary>Their id, which the form sends back: another tab may have signed somebody else in meanwhile.</summary>
    public Guid Chosen { get; private set; }

    /// <summary>The application that waits.</summary>
    public string? Application { get; private set; }

    /// <summary>The request that waits.</summary>
    public string? Parked => waiting.Sealed;

    /// <summary>Shows the choice.</summary>
    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        if (waiting.Opened is null)
            return this.StaleRequest();
        if (await sessions.CurrentAsync(HttpContext) is not { } session)
            return new SeeOther(Paths.SignIn(waiting.Sealed));

        var me = await account.ReadAsync(session, cancellationToken);
        Chosen = session.UserId;
        Person = new Person(me.Name, me.Email ?? me.Phone);
        Application = (await waiting.ApplicationAsync(cancellationToken))?.DisplayName;
        return Page();
    }

    /// <summary>This account.</summary>
    public async Task<IActionResult> OnPostAsync([FromForm] Guid chosen, CancellationToken cancellationToken)
    {
        if (waiting.Opened is null)
            return this.StaleRequest();
        if (await sessions.CurrentAsync(HttpContext) is not { } session)
            return new SeeOther(Paths.SignIn(waiting.Sealed));
        if (session.UserId != chosen)
            return new SeeOther(Paths.Choose(waiting.Sealed));

        await sessions.ChooseAsync(session, cancellationToken);
        return new SeeOther(WaitingRequest.NextPath(waiting.Sealed));
    }
}
