using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace IdentityServer.UI.Assets;

/// <summary>Serves the pages' files, one route each.</summary>
internal static class AssetEndpoints
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static void MapAssets(this IEndpointRouteBuilder endpoints)
    {
        foreach (var (path, file) in endpoints.ServiceProvider.GetRequiredService<AssetFiles>().All)
            endpoints.MapMethods(path, Methods, (HttpContext context) => Serve(context, file)).ExcludeFromDescription();
    }

    private static FileContentHttpResult Serve(HttpContext context, AssetFile file)
    {
        var headers = context.Response.Headers;
        var isCurrent = context.Request.Query["v"] == file.Version;
        headers.CacheControl = isCurrent ? "public, max-age=31536000, immutable" : "public, max-age=300";
        headers.XContentTypeOptions = "nosniff";
        // An SVG that is opened by itself is a document, and may run scripts.
        headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        return TypedResults.Bytes(file.Content, file.ContentType, entityTag: new EntityTagHeaderValue($"\"{file.Version}\""));
    }
}
