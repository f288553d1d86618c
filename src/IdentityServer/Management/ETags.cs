namespace IdentityServer.Management;

/// <summary>Versions of what can be edited (RFC 9110 §8.8.3, §13.1.1).</summary>
internal static class ETags
{
    /// <summary>Says which version the answer holds.</summary>
    public static void Write(HttpContext context, string? version)
    {
        if (version is not null)
            context.Response.Headers.ETag = $"\"{version}\"";
    }

    /// <summary>The version that <c>If-Match</c> asks for; null: any. What is no entity tag matches nothing.</summary>
    public static string? Wanted(HttpContext context)
    {
        var header = context.Request.Headers.IfMatch.ToString().Trim();
        return header is "" or "*" ? null : header.Length > 2 && header[0] == '"' && header[^1] == '"' ? header[1..^1] : header;
    }

    /// <summary>412: it was changed since the caller read it.</summary>
    public static IResult Stale() => Problem.Of(
        StatusCodes.Status412PreconditionFailed, "changed_meanwhile", "Somebody changed it since you read it: read it again, and send what you want with the new ETag in If-Match.");
}
