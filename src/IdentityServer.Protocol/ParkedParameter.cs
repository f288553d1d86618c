using Microsoft.AspNetCore.Http;

namespace IdentityServer.Protocol;

/// <summary>Finds the parked request that a page sends the browser back with.</summary>
internal static class ParkedParameter
{
    /// <summary>The parameter <c>request</c>, in the query, or in the form of a POST without one; null when it is absent or there more than once.</summary>
    public static async Task<string?> ReadAsync(HttpContext context)
    {
        var result = context.Request.Query.Count > 0
            ? Parameters.From(context.Request.Query)
            : await Parameters.ReadAsync(context.Request, context.RequestAborted);
        return result is ParametersResult.Read read ? read.Parameters["request"] : null;
    }
}
