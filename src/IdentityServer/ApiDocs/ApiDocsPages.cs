using System.Text;
using IdentityServer.Core;
using IdentityServer.Core.Persistence;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;

namespace IdentityServer.ApiDocs;

/// <summary>
/// The API's description at <c>/openapi/v1.json</c>, made from its routes, and two pages that show it: <c>/swagger</c> to try it out, <c>/redoc</c> to
/// read. Their files come with the packages; nothing is loaded from elsewhere.
/// </summary>
internal static class ApiDocsPages
{
    private const string Document = "/openapi/v1.json";

    // Both pages style their elements by scripts; nothing else of the strict policy is given up, and no other path gets this one.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src blob:; "
        + "form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

    // The packages' own page would load fonts from another server.
    private const string RedocPage = """
        <!DOCTYPE html>
        <html lang="en">
        <head>
            <meta charset="utf-8">
            <title>%(DocumentTitle)</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <link href="index.css" rel="stylesheet">
        </head>
        <body>
            <div id="redoc-container"></div>
            <script src="redoc.standalone.js"></script>
            <script src="index.js"></script>
        </body>
        </html>
        """;

    private static readonly PathString[] Pages = ["/swagger", "/redoc"];

    public static IServiceCollection AddApiDocs(this IServiceCollection services)
    {
        services.AddSettings<ApiDocsOptions>("ApiDocs");
        services.AddOpenApi("v1", options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.ShouldInclude = route => route.RelativePath?.StartsWith("api/", StringComparison.Ordinal) == true;
            options.AddDocumentTransformer(ApiDocument.Complete);
            options.AddOperationTransformer(ApiOperation.Complete);
            options.AddSchemaTransformer(ApiExamples.Add);
        });
        return services;
    }

    public static void UseApiDocs(this WebApplication app)
    {
        if (!(app.Services.GetRequiredService<IOptions<ApiDocsOptions>>().Value.Enabled ?? app.Environment.IsDevelopment()))
            return;

        app.MapOpenApi("/openapi/{documentName}.json").AddEndpointFilter(async (context, next) =>
        {
            context.HttpContext.Response.Headers.XContentTypeOptions = "nosniff";
            context.HttpContext.Response.Headers.CacheControl = "no-store";
            return await next(context);
        });
        app.Use((context, next) =>
        {
            if (Pages.Any(page => context.Request.Path.StartsWithSegments(page, StringComparison.OrdinalIgnoreCase)))
                Protect(context.Response.Headers);
            return context.Request.Path == RedocBundle.Path ? RedocBundle.WriteAsync(context)
                : SwaggerReturn.Find(context.Request.Path)?.ExecuteAsync(context) ?? next(context);
        });
        app.UseSwaggerUI(options =>
        {
            options.RoutePrefix = "swagger";
            options.DocumentTitle = "API";
            options.SwaggerEndpoint(Document, "v1");
            options.OAuthClientId("swagger");
            options.OAuthUsePkce();
            options.InjectJavascript("listen.js");
            options.OAuthScopes("openid", ApiScopes.Account);
        });
        app.UseReDoc(options =>
        {
            options.RoutePrefix = "redoc";
            options.DocumentTitle = "API";
            options.SpecUrl = Document;
            options.IndexStream = () => new MemoryStream(Encoding.UTF8.GetBytes(RedocPage));
            options.NativeScrollbars();
        });
    }

    private static void Protect(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }
}
