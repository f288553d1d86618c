using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages;

/// <summary>
/// Sends the browser on to a path of this server. RFC 9700 §4.12: 303 is the one redirect after which a browser never repeats a
/// POST with its body.
/// </summary>
public sealed class SeeOther : ActionResult
{
    private readonly string path;

    /// <summary>To <paramref name="path"/>, which starts with one slash and lacks the path base.</summary>
    /// <exception cref="ArgumentException">The path could lead to another host.</exception>
    public SeeOther(string path)
    {
        if (path.Length == 0 || path[0] != '/' || path.StartsWith("//", StringComparison.Ordinal) || path.Contains('\\', StringComparison.Ordinal))
            throw new ArgumentException("Pages go on to local paths only.", nameof(path));

        this.path = path;
    }

    /// <inheritdoc/>
    public override void ExecuteResult(ActionContext context)
    {
        var http = context.HttpContext;
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = http.Request.PathBase.Value + path;
    }
}
