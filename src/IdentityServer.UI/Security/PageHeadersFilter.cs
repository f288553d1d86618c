using IdentityServer.UI.Branding;
using IdentityServer.UI.Pages;
using Microsoft.AspNetCore.Mvc.Filters;

namespace IdentityServer.UI.Security;

/// <summary>The headers of every page, whatever its result: nothing is framed, stored, sniffed, referred from, or run that is not ours.</summary>
internal sealed class PageHeadersFilter(Brand brand, WaitingRequest waiting, WaitingSignOut signOut) : IAlwaysRunResultFilter
{
    public void OnResultExecuting(ResultExecutingContext context)
    {
        var headers = context.HttpContext.Response.Headers;
        headers.ContentSecurityPolicy = Policy(FormTargets());
        // As antiforgery writes it: for anything else it logs a warning at every form.
        headers.CacheControl = "no-cache, no-store";
        headers.Pragma = "no-cache";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        // A link's token is in the address of its page.
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()";
    }

    public void OnResultExecuted(ResultExecutedContext context)
    {
    }

    // Browsers apply form-action to the redirects that follow a form, too: the last of them goes to the application, and may go on from there.
    private string FormTargets() =>
        waiting.Opened is { } request ? FormTarget.For(request.RedirectUri)
        : signOut.Opened?.PostLogoutRedirectUri is { } uri ? FormTarget.For(uri)
        : FormTarget.Own;

    private string Policy(string formTargets) =>
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:"
        + (brand.LogoOrigin is { } origin ? " " + origin : "")
        + $"; form-action {formTargets}; base-uri 'none'; frame-ancestors 'none'";
}
