using System.Globalization;
using IdentityServer.Core.Account;
using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using IdentityServer.UI.Pages;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Localization;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.Extensions.Options;

namespace IdentityServer.UI.Languages;

/// <summary>
/// Before a page runs: takes up the request that waits, and speaks the language that the application asked for (<c>ui_locales</c>, OpenID
/// Connect Core §3.1.2.1), else the one that is stored with the account, else the one chosen in this browser, else the one that the browser prefers.
/// Whoever chooses after the application asked is heard before it: otherwise the switch on the page would do nothing.
/// </summary>
internal sealed class LanguageFilter(
    WaitingRequest waiting, WaitingSignOut signOut, Sessions sessions, StoredLanguage stored, Words words, IOptions<ProtocolOptions> options) : IAsyncResourceFilter
{
    public async Task OnResourceExecutionAsync(ResourceExecutingContext context, ResourceExecutionDelegate next)
    {
        var http = context.HttpContext;
        if (http.Request.Path == Paths.SignOut(null))
            signOut.Take(http.Request.Query["request"]);
        else
            waiting.Take(http.Request.Query["request"]);

        var culture = Language.Choose(await WishesAsync(http), [.. options.Value.UiLocales]);
        CultureInfo.CurrentCulture = culture;
        CultureInfo.CurrentUICulture = culture;
        Texts.Words = words;
        http.Features.Set<IRequestCultureFeature>(new RequestCultureFeature(new RequestCulture(culture), provider: null));
        http.Response.Headers.ContentLanguage = culture.Name;
        await next();
    }

    private async Task<List<string>> WishesAsync(HttpContext http)
    {
        List<string> wishes = [];
        var chosen = LanguageCookie.Read(http);
        var asked = waiting.Opened?.UiLocales ?? signOut.Opened?.UiLocales ?? [];
        if (asked.Count > 0 && chosen?.ChosenAt >= (waiting.Opened?.ReceivedAt ?? signOut.Opened?.ReceivedAt))
            wishes.Add(chosen.Tag);
        wishes.AddRange(asked);

        // The error page must be shown even when the database does not answer.
        if (http.Request.Path != Paths.Error && await sessions.CurrentAsync(http) is { } session && await stored.ReadAsync(session, http.RequestAborted) is { } own)
            wishes.Add(own);
        if (chosen is not null)
            wishes.Add(chosen.Tag);

        wishes.AddRange(http.Request.GetTypedHeaders().AcceptLanguage
            .OrderByDescending(language => language.Quality ?? 1).Select(language => language.Value.Value ?? ""));
        return wishes;
    }
}
