using IdentityServer.Core.Account;
using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using IdentityServer.UI.Languages;
using IdentityServer.UI.Security;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Options;

namespace IdentityServer.UI.Pages;

/// <summary>Switches the language and goes back to where the person was. The same form is at the foot of every page.</summary>
public sealed class LanguagesModel(Sessions sessions, StoredLanguage stored, IOptions<ProtocolOptions> options, TimeProvider time) : PageModel
{
    private const int MaxBack = 8 * 1024;

    /// <summary>Where to go back to from here.</summary>
    public string Back { get; } = Paths.Home;

    /// <summary>Keeps the choice in this browser and, for who is signed in, with the account.</summary>
    public async Task<IActionResult> OnPostAsync([FromForm] string? choice, [FromForm] string? back, CancellationToken cancellationToken)
    {
        if (options.Value.UiLocales.FirstOrDefault(tag => tag == choice) is not { } tag)
            return Page();

        new LanguageCookie(tag, time.GetUtcNow()).Write(HttpContext);
        if (await sessions.CurrentAsync(HttpContext) is { } session)
            await stored.SaveAsync(session, tag, cancellationToken);
        return new SeeOther(IsLocal(back) ? back! : Paths.Home);
    }

    /// <summary>The address of the page that is shown, so that the switch can lead back to it: of a failed request, not of the page that says so.</summary>
    internal static string BackFrom(HttpContext context)
    {
        var failed = context.Features.Get<IStatusCodeReExecuteFeature>();
        var path = failed is null ? context.Request.Path : new PathString(failed.OriginalPath);
        // A handler is for a form that was sent, not for who comes back.
        string[] query = [.. (failed is null ? context.Request.QueryString : new QueryString(failed.OriginalQueryString)).ToUriComponent().TrimStart('?').Split('&')
            .Where(part => part.Length > 0 && !part.StartsWith("handler=", StringComparison.Ordinal) && !part.StartsWith($"{ExpiredFormFilter.Mark}=", StringComparison.Ordinal))];
        return path.ToUriComponent() + (query.Length == 0 ? "" : $"?{string.Join('&', query)}");
    }

    // RFC 9700 §4.11: no open redirector. What SeeOther refuses with an exception is a tampered form here.
    private static bool IsLocal(string? back) =>
        back is { Length: > 0 and <= MaxBack } && back[0] == '/' && !back.StartsWith("//", StringComparison.Ordinal) && back.All(letter => letter is > ' ' and < '\x7f' and not '\\');
}
