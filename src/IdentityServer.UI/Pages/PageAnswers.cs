using System.Globalization;
using IdentityServer.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.UI.Pages;

/// <summary>Answers that several pages give.</summary>
internal static class PageAnswers
{
    /// <summary>The request that waited cannot be answered any more: the error page says so.</summary>
    public static IActionResult StaleRequest(this PageModel page)
    {
        page.HttpContext.Features.Set(new ShownError(ProtocolError.InvalidRequest(
            "The parked request is too old, or it was changed on its way. Start again at the application.")));
        return new StatusCodeResult(StatusCodes.Status400BadRequest);
    }

    /// <summary>Too much, too fast (RFC 6585 §4).</summary>
    public static void RetryAfter(this PageModel page, TimeSpan wait)
    {
        page.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        page.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
    }
}
