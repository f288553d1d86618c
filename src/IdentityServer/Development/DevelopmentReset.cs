using IdentityServer.Core.Persistence;
using IdentityServer.Hosting;

namespace IdentityServer.Development;

/// <summary><c>POST /dev/reset</c>: empties database and inbox and writes again what configuration declares. In Development and Testing only.</summary>
internal static class DevelopmentReset
{
    private const string Testing = "Testing";

    /// <summary>Maps it where it may be; elsewhere it does not exist.</summary>
    public static void MapDevelopmentReset(this WebApplication app)
    {
        if (app.Environment.IsDevelopment() || app.Environment.IsEnvironment(Testing))
            app.MapPost("/dev/reset", ResetAsync).ExcludeFromDescription();
    }

    private static async Task<IResult> ResetAsync(HttpContext context, ServerDb db, DeclaredSync declared)
    {
        // Any website that a developer visits could send the form; its browser says where it comes from, older ones by the origin alone.
        var own = $"{context.Request.Scheme}://{context.Request.Host}";
        if (!DevelopmentInbox.IsOwnHost(context)
            || context.Request.Headers["Sec-Fetch-Site"].ToString() is not ("" or "same-origin" or "none")
            || (context.Request.Headers.Origin.ToString() is var origin && origin is not "" && origin != own))
            return TypedResults.NotFound();

        await DatabaseReset.EmptyAsync(db, context.RequestAborted);
        foreach (var file in DevelopmentInbox.Files(context))
            file.Delete();
        await declared.RunAsync(context.RequestAborted);
        return TypedResults.NoContent();
    }
}
