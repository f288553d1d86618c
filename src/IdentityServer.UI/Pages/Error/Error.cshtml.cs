using System.Diagnostics;
using IdentityServer.Protocol;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.UI.Pages.Error;

/// <summary>
/// Says what went wrong and what to do. The host re-executes failed requests here with their own method, so there are no handlers: whatever
/// the method, the page is shown. It does nothing, therefore it asks for no antiforgery token.
/// </summary>
[IgnoreAntiforgeryToken]
public sealed class ErrorModel : PageModel
{
    /// <summary>The HTTP status that the request is answered with.</summary>
    public int Status => Response.StatusCode;

    /// <summary>A protocol error that no application can be told.</summary>
    public ProtocolError? Shown => HttpContext.Features.Get<ShownError>()?.Error;

    /// <summary>For the log.</summary>
    public string RequestId => Activity.Current?.TraceId.ToString() ?? HttpContext.TraceIdentifier;

    /// <summary>What happened.</summary>
    public string Heading => Texts.Text($"Error.{Kind}.Heading");

    /// <summary>What to do.</summary>
    public string Lead => Texts.Text($"Error.{Kind}.Lead");

    /// <summary>Home is no help to somebody whom an application sent.</summary>
    public bool CanGoHome => Shown is null;

    private string Kind => Shown is not null ? "Request" : Status switch
    {
        StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed or StatusCodes.Status410Gone => "NotFound",
        StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden => "Forbidden",
        StatusCodes.Status429TooManyRequests => "TooMany",
        StatusCodes.Status503ServiceUnavailable => "Unavailable",
        >= 500 => "Server",
        _ => "BadRequest",
    };

    /// <summary>Somebody who opens this page by its own address finds nothing.</summary>
    public override void OnPageHandlerExecuting(PageHandlerExecutingContext context)
    {
        var isReexecuted = HttpContext.Features.Get<IStatusCodeReExecuteFeature>() is not null
            || HttpContext.Features.Get<IExceptionHandlerFeature>() is not null;
        if (!isReexecuted && Shown is null)
            Response.StatusCode = StatusCodes.Status404NotFound;
    }
}
