using System.IO.Compression;
using System.Text;
using Swashbuckle.AspNetCore.ReDoc;

namespace IdentityServer.ApiDocs;

/// <summary>ReDoc's script as its package holds it, but for the one picture that it would load from another server.</summary>
internal static class RedocBundle
{
    /// <summary>Where the page looks for it.</summary>
    public const string Path = "/redoc/redoc.standalone.js";

    private const string Resource = "Swashbuckle.AspNetCore.ReDoc.node_modules.redoc.bundles.redoc.standalone.js";
    private const string Picture = "https://cdn.redoc.ly/redoc/logo-mini.svg";
    private static readonly Lazy<byte[]> Content = new(Read);

    public static Task WriteAsync(HttpContext context)
    {
        context.Response.ContentType = "text/javascript; charset=utf-8";
        context.Response.Headers.CacheControl = "public, max-age=300";
        return context.Response.Body.WriteAsync(Content.Value, context.RequestAborted).AsTask();
    }

    private static byte[] Read()
    {
        using var packed = typeof(ReDocOptions).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The package of ReDoc has no {Resource} any more.");
        using var unpacked = new GZipStream(packed, CompressionMode.Decompress);
        using var reader = new StreamReader(unpacked, Encoding.UTF8);
        return Encoding.UTF8.GetBytes(reader.ReadToEnd().Replace(Picture, "data:,", StringComparison.Ordinal));
    }
}
