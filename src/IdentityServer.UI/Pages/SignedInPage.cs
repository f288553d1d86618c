using IdentityServer.Core.Users;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.UI.Pages;

/// <summary>A page for who is signed in; everybody else is asked to sign in first.</summary>
public abstract class SignedInPage(Sessions sessions, TimeProvider time) : PageModel
{
    /// <summary>What was just done, or what went wrong.</summary>
    public Notice? Notice { get; protected set; }

    /// <summary>Whether the proof is fresh enough for what the page's forms do.</summary>
    public bool IsProved => Place?.IsProved(Session, Now) != false;

    /// <summary>This browser's sign-in.</summary>
    protected Session Session { get; private set; } = null!;

    /// <summary>The time.</summary>
    protected DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Where fresh proof is for; null when the page's forms need none.</summary>
    protected virtual ProofPlace? Place => null;

    /// <inheritdoc/>
    public override async Task OnPageHandlerExecutionAsync(PageHandlerExecutingContext context, PageHandlerExecutionDelegate next)
    {
        if (await sessions.CurrentAsync(HttpContext) is not { } session)
        {
            context.Result = new SeeOther(Paths.SignIn(null));
            return;
        }

        Session = session;
        if (!HttpMethods.IsGet(Request.Method) && !HttpMethods.IsHead(Request.Method) && !IsProved)
            context.Result = new SeeOther(Paths.Prove(Place!.Name));
        else
            await next();
    }

    /// <summary>Shows the notice of this name, if it is one of the page's.</summary>
    protected void Say(string? notice, params ReadOnlySpan<(string Name, string Key)> known)
    {
        foreach (var (name, key) in known)
        {
            if (name == notice)
                Notice = new Notice(Resources.Texts.Text(key), IsProblem: false);
        }
    }
}
