using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace IdentityServer.Protocol.Discovery;

/// <summary>A public JSON document as bytes, with the tag that a cache asks for it by (RFC 9110 §8.8.3).</summary>
internal sealed class ReadyDocument(byte[] bytes)
{
    private readonly EntityTagHeaderValue tag = new($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 16))}\"");

    /// <summary>Answers with the document, or with 304 when the caller has it already.</summary>
    public async Task WriteAsync(HttpContext context, string contentType, TimeSpan maxAge)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = $"public, max-age={(int)maxAge.TotalSeconds}";
        headers.ETag = tag.ToString();
        headers.XContentTypeOptions = "nosniff";
        // Without it a cache would give the answer to a call without Origin, which has no CORS headers, to a single-page app.
        headers.Append(HeaderNames.Vary, HeaderNames.Origin);

        if (context.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Compare(tag, useStrongComparison: false)))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = contentType;
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }
}
