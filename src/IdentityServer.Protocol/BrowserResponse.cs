using Microsoft.AspNetCore.Http;

namespace IdentityServer.Protocol;

/// <summary>What the endpoints that a browser visits have in common.</summary>
internal static class BrowserResponse
{
    // RFC 9700 §4.16: "Authorization servers MUST prevent clickjacking attacks."
    private const string Nothing = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Headers of every answer: not stored (RFC 6749 §5.1), not framed, and silent about where the browser comes from.</summary>
    public static void Harden(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers.Pragma = "no-cache";
        headers.ContentSecurityPolicy = Nothing;
        headers["Referrer-Policy"] = "no-referrer";
        headers.XContentTypeOptions = "nosniff";
    }

    /// <summary>Sends the browser to a page or endpoint of this server; only <see cref="Authorize.ClientRedirect"/> sends it elsewhere.</summary>
    /// <exception cref="InvalidOperationException">The path leads to another host, as <c>//host</c> and <c>/\host</c> do.</exception>
    public static void SeeLocal(HttpContext context, string path)
    {
        if (!path.StartsWith('/') || path.StartsWith("//", StringComparison.Ordinal) || path.StartsWith("/\\", StringComparison.Ordinal))
            throw new InvalidOperationException("A page's path must be local.");
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = context.Request.PathBase.Value + path;
    }

    /// <summary>Leaves the error to the host's error page.</summary>
    public static void Show(HttpContext context, ProtocolError error)
    {
        context.Features.Set(new ShownError(error));
        context.Response.StatusCode = StatusCodes.Status400BadRequest;
    }
}
