using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http;

namespace IdentityServer.Protocol.Authorize;

/// <summary>The page that posts an answer to the client (OAuth 2.0 Form Post Response Mode §2). Without JavaScript it has a button.</summary>
internal static class FormPostPage
{
    /// <summary>Where its script is served.</summary>
    public const string ScriptPath = "/connect/form_post.js";

    private static readonly byte[] Script = "document.forms[0].submit();\n"u8.ToArray();

    /// <summary>Writes the page.</summary>
    public static Task WriteAsync(HttpContext context, string redirectUri, IEnumerable<KeyValuePair<string, string>> answer)
    {
        var response = context.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.ContentSecurityPolicy =
            $"default-src 'none'; script-src 'self'; base-uri 'none'; form-action {RedirectUris.PolicySource(redirectUri)}; frame-ancestors 'none'";
        return response.WriteAsync(Render(context.Request.PathBase.Value + ScriptPath, redirectUri, answer), Encoding.UTF8, context.RequestAborted);
    }

    /// <summary>Serves the script.</summary>
    public static async Task WriteScriptAsync(HttpContext context)
    {
        context.Response.ContentType = "text/javascript; charset=utf-8";
        context.Response.ContentLength = Script.Length;
        context.Response.Headers.CacheControl = "public, max-age=86400";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await context.Response.Body.WriteAsync(Script, context.RequestAborted);
    }

    /// <summary>The page: every value is encoded for an HTML attribute in double quotes.</summary>
    internal static string Render(string scriptPath, string redirectUri, IEnumerable<KeyValuePair<string, string>> answer)
    {
        var fields = string.Concat(answer.Select(item => $"""<input type="hidden" name="{Encode(item.Key)}" value="{Encode(item.Value)}">"""));
        return $"""
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>One moment</title></head>
            <body>
            <form method="post" action="{Encode(redirectUri)}">{fields}<button>Continue</button></form>
            <script src="{Encode(scriptPath)}"></script>
            </body>
            </html>
            """;
    }

    private static string Encode(string value) => HtmlEncoder.Default.Encode(value);
}
