using Markdig;
using Microsoft.AspNetCore.Http.HttpResults;

namespace IdentityServer.Development;

/// <summary>Shows the repository's documents to who runs the server from it. Owns <c>/dev/docs/…</c>, in Development only.</summary>
public static class DevelopmentGuides
{
    private const string Policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables().UseAutoIdentifiers().DisableHtml().Build();

    /// <summary>Maps the documents.</summary>
    public static IEndpointRouteBuilder MapDevelopmentGuides(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/dev/docs/{**path}", ShowAsync).ExcludeFromDescription();
        return endpoints;
    }

    private static async Task<Results<ContentHttpResult, NotFound>> ShowAsync(string path, IHostEnvironment environment, HttpContext context)
    {
        if (Find(environment.ContentRootPath, path) is not { } file)
            return TypedResults.NotFound();

        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        var text = await File.ReadAllTextAsync(file, context.RequestAborted);
        var title = System.Net.WebUtility.HtmlEncode(text.Split('\n')[0].TrimStart('#', ' '));
        return TypedResults.Text(
            $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{title}</title>
            <link rel="icon" href="/img/favicon.svg" type="image/svg+xml">
            <link rel="stylesheet" href="/css/site.css">
            <link rel="stylesheet" href="/css/brand.css">
            </head>
            <body>
            <div class="shell">
            <main class="card card-wide document">
            {Markdown.ToHtml(text, Pipeline)}
            </main>
            </div>
            </body>
            </html>

            """,
            "text/html; charset=utf-8");
    }

    // README.md and what lies under docs/ and samples/; never anything above the content root.
    private static string? Find(string root, string path)
    {
        var file = Path.GetFullPath(Path.Combine(root, path));
        var inside = Path.GetRelativePath(root, file).Replace('\\', '/');
        var isDocument = inside == "README.md" || (inside.EndsWith(".md", StringComparison.Ordinal)
            && (inside.StartsWith("docs/", StringComparison.Ordinal) || inside.StartsWith("samples/", StringComparison.Ordinal)));
        return isDocument && File.Exists(file) ? file : null;
    }
}
