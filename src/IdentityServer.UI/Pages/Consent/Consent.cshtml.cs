using IdentityServer.Core.Account;
using IdentityServer.Core.Consent;
using IdentityServer.Core.Users;
using IdentityServer.Protocol.Authorize;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.UI.Pages.Consent;

/// <summary>Asks whether an application may have what it asks for.</summary>
public sealed class ConsentModel(GiveConsent consent, AccountOverview account, Sessions sessions, ParkedRequests parked, WaitingRequest waiting) : PageModel
{
    /// <summary>Who asks.</summary>
    public string Application { get; private set; } = "";

    /// <summary>Where the person goes afterwards: the host name, or the scheme of an app.</summary>
    public string Destination { get; private set; } = "";

    /// <summary>What is asked for, in words.</summary>
    public IReadOnlyList<ScopeWords> Scopes { get; private set; } = [];

    /// <summary>Who is asked.</summary>
    public Person Person { get; private set; } = new(null, null);

    /// <summary>Whose answer the form takes: another tab may have signed somebody else in meanwhile.</summary>
    public Guid Asked { get; private set; }

    /// <summary>The request that waits.</summary>
    public string? Parked => waiting.Sealed;

    /// <summary>Shows what is asked for.</summary>
    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        if (waiting.Opened is not { } request)
            return this.StaleRequest();
        if (await sessions.CurrentAsync(HttpContext) is not { } session)
            return new SeeOther(Paths.SignIn(waiting.Sealed));
        if (await consent.LookAsync(request, session, cancellationToken) is not { } view)
            return this.StaleRequest();

        var me = await account.ReadAsync(session, cancellationToken);
        Asked = session.UserId;
        Person = new Person(me.Name, me.Email ?? me.Phone);
        Application = view.Application.DisplayName;
        Destination = DestinationOf(request);
        Scopes = [.. view.Scopes.Select(scope => ScopeWords.For(scope, view.Remembered))];
        return Page();
    }

    /// <summary>Yes.</summary>
    public Task<IActionResult> OnPostAllowAsync([FromForm] Guid asked, CancellationToken cancellationToken) =>
        AnswerAsync(asked, async (request, session) =>
        {
            await consent.AllowAsync(request, session, cancellationToken);
            return waiting.Sealed!;
        });

    /// <summary>No.</summary>
    public Task<IActionResult> OnPostDenyAsync([FromForm] Guid asked) => AnswerAsync(asked, (request, _) => Task.FromResult(parked.Deny(request)));

    private async Task<IActionResult> AnswerAsync(Guid asked, Func<AuthorizeRequest, Session, Task<string>> answer)
    {
        if (waiting.Opened is not { } request)
            return this.StaleRequest();
        if (await sessions.CurrentAsync(HttpContext) is not { } session)
            return new SeeOther(Paths.SignIn(waiting.Sealed));
        if (session.UserId != asked)
            return new SeeOther(Paths.Consent(waiting.Sealed));

        return new SeeOther(WaitingRequest.NextPath(await answer(request, session)));
    }

    private static string DestinationOf(AuthorizeRequest request)
    {
        var uri = new Uri(request.RedirectUri);
        return uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp ? uri.Authority : uri.Scheme;
    }
}
