using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace IdentityServer.Protocol;

/// <summary>Writes the JSON answers of the endpoints that applications call.</summary>
public static class JsonAnswer
{
    // An answer is application/json, never HTML: escaping for HTML would only make it longer.
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the JSON object that <paramref name="write"/> fills, its braces included, never to be cached.</summary>
    public static async Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Json))
            write(writer);

        ForbidCaching(context);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.ContentLength = buffer.WrittenCount;
        await context.Response.BodyWriter.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
    }

    /// <summary>Writes <c>{"error", "error_description"}</c> (RFC 6749 §5.2).</summary>
    public static Task WriteErrorAsync(HttpContext context, ProtocolError error)
    {
        // RFC 6749 §5.2: "If the client attempted to authenticate via the "Authorization" request header field, the authorization
        // server MUST respond with an HTTP 401 […] and include the "WWW-Authenticate" response header field".
        if (error is { Code: "invalid_client", Status: StatusCodes.Status401Unauthorized } && context.Request.Headers.Authorization.Count > 0)
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"client\", charset=\"UTF-8\"";

        if (error.RetryAfter is { } wait)
            context.Response.Headers.RetryAfter = ((long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

        return WriteAsync(context, error.Status, json =>
        {
            json.WriteStartObject();
            json.WriteString("error"u8, error.Code);
            json.WriteString("error_description"u8, error.Description);
            json.WriteEndObject();
        });
    }

    /// <summary>RFC 6749 §5.1: both headers, on every answer with tokens or credentials in it.</summary>
    internal static void ForbidCaching(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Pragma = "no-cache";
    }
}
