using IdentityServer.Core.Users;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>What all pages for administrators share.</summary>
public abstract class AdminPage : PageModel
{
    /// <summary>Rows of a list's page.</summary>
    protected const int PageSize = 50;

    /// <summary>What was refused, and why.</summary>
    public Notice? Notice { get; protected set; }

    /// <summary>Rows to skip.</summary>
    [BindProperty(SupportsGet = true, Name = "from")]
    public int From { get; set; }

    /// <summary>The same, never negative.</summary>
    protected int Offset => Math.Max(0, From);

    /// <summary>Who acts.</summary>
    protected Operator By => HttpContext.Features.GetRequiredFeature<AdminVisit>().By;

    /// <summary>Goes on to a page that says what was done: one of <see cref="Notices"/>.</summary>
    protected static IActionResult Done(string path, string notice) => new SeeOther($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}notice={notice}");

    /// <summary>Shows the page, which must be filled, with what stands in the way.</summary>
    protected IActionResult Refuse(string reason, int status = StatusCodes.Status409Conflict)
    {
        Response.StatusCode = status;
        Notice = new Notice(reason);
        return Page();
    }

    /// <summary>The pages of a list.</summary>
    internal Pager Pages(int count, int size = PageSize) => new(count, Offset, size, offset => Here.With(Request, ("from", offset == 0 ? null : $"{offset}")));
}

/// <summary>A list's pages. Shown by <c>_Pager</c>.</summary>
internal sealed record Pager(int Count, int Offset, int Size, Func<int, string> Url)
{
    public int First => Math.Min(Offset + 1, Count);

    public int Last => Math.Min(Offset + Size, Count);

    public string? Previous => Offset > 0 ? Url(Math.Max(0, Offset - Size)) : null;

    public string? Next => Last < Count ? Url(Offset + Size) : null;
}

/// <summary>Addresses of the page that is shown, with other parameters.</summary>
internal static class Here
{
    // What belongs to the one request, not to the page.
    private static readonly string[] Passing = ["notice", "expired", "handler"];

    public static string With(HttpRequest request, params ReadOnlySpan<(string Name, string? Value)> changes)
    {
        var query = request.Query.Where(pair => !Passing.Contains(pair.Key, StringComparer.OrdinalIgnoreCase)).ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in changes)
        {
            if (value is null)
                query.Remove(name);
            else
                query[name] = value;
        }

        return request.PathBase.ToUriComponent() + request.Path.ToUriComponent() + QueryString.Create(query.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))).ToUriComponent();
    }
}

/// <summary>What was done, by its name in <c>?notice=</c>: nothing else that stands there is ever shown.</summary>
internal static class Notices
{
    private static readonly Dictionary<string, string> Texts = new(StringComparer.Ordinal)
    {
        ["disabled"] = "The account is disabled. Its sessions and tokens have ended.",
        ["enabled"] = "The account is enabled again.",
        ["ended"] = "All sessions and tokens of the account have ended.",
        ["deleted-user"] = "The account is deleted.",
        ["roles"] = "The roles are changed.",
        ["unlocked"] = "Wrong codes are forgotten: codes work again.",
        ["code-sent"] = "A code is on its way.",
        ["created"] = "The application is registered.",
        ["saved"] = "Saved.",
        ["secret"] = "There is a new secret. Copy it now: it is shown this once.",
        ["secret-removed"] = "The secret is removed. It does not work any more.",
        ["deleted-application"] = "The application is deleted with its secrets, authorizations and tokens.",
        ["deleted-scope"] = "The scope is deleted.",
        ["session-ended"] = "The session has ended, with its sign-ins at applications.",
        ["revoked"] = "The authorization is taken back, with its tokens.",
        ["retried"] = "The message is tried again.",
        ["rotated"] = "New signing keys are made.",
    };

    public static string? Find(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Query["notice"] is [{ } name] ? Texts.GetValueOrDefault(name) : null;
}
