using System.Globalization;
using IdentityServer.UI.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Localization;
using Microsoft.AspNetCore.Mvc.Filters;

namespace IdentityServer.UI.Languages;

/// <summary>
/// Before a page runs: takes up the request that waits, and speaks the language that the application asked for (<c>ui_locales</c>, OpenID
/// Connect Core §3.1.2.1), else the one that the person chose here, else the one that the browser prefers.
/// </summary>
internal sealed class LanguageFilter(WaitingRequest waiting, WaitingSignOut signOut) : IAsyncResourceFilter
{
    /// <summary>Holds a language tag.</summary>
    public const string Cookie = "IdentityServer.Language";

    public async Task OnResourceExecutionAsync(ResourceExecutingContext context, ResourceExecutionDelegate next)
    {
        var http = context.HttpContext;
        if (http.Request.Path == Paths.SignOut(null))
            signOut.Take(http.Request.Query["request"]);
        else
            waiting.Take(http.Request.Query["request"]);

        var culture = Language.Choose(Wishes(http.Request));
        CultureInfo.CurrentCulture = culture;
        CultureInfo.CurrentUICulture = culture;
        http.Features.Set<IRequestCultureFeature>(new RequestCultureFeature(new RequestCulture(culture), provider: null));
        http.Response.Headers.ContentLanguage = culture.Name;
        await next();
    }

    private IEnumerable<string> Wishes(HttpRequest request)
    {
        foreach (var tag in waiting.Opened?.UiLocales ?? signOut.Opened?.UiLocales ?? [])
            yield return tag;

        if (request.Cookies[Cookie] is { } chosen)
            yield return chosen;

        foreach (var accepted in request.GetTypedHeaders().AcceptLanguage.OrderByDescending(language => language.Quality ?? 1))
            yield return accepted.Value.Value ?? "";
    }
}
