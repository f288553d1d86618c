using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using IdentityServer.UI.Branding;

namespace IdentityServer.UI.Assets;

/// <summary>A file that pages refer to.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="Version">Changes with its content.</param>
public sealed record AssetFile(byte[] Content, string ContentType, string Version);

/// <summary>Styles, script and pictures: embedded in this assembly, and the brand's stylesheet, which configuration makes.</summary>
public sealed class AssetFiles
{
    private const string Folder = "wwwroot/";
    private const string SheetParts = "wwwroot/css/site/";

    private readonly FrozenDictionary<string, AssetFile> files;

    /// <summary>Reads them all.</summary>
    public AssetFiles(Brand brand)
    {
        var assembly = typeof(AssetFiles).Assembly;
        var read = new Dictionary<string, AssetFile>(StringComparer.Ordinal);
        var names = assembly.GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal));
        foreach (var parts in names.Order(StringComparer.Ordinal).GroupBy(PathOf, StringComparer.Ordinal))
            read[parts.Key] = Make(parts.Key, [.. parts.SelectMany(name => Read(assembly, name))]);

        read["/css/brand.css"] = Make("brand.css", Encoding.UTF8.GetBytes(brand.Stylesheet));
        // What browsers ask for on answers that are no pages of ours.
        read["/favicon.ico"] = read["/img/favicon.svg"];
        files = read.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>Every file by its path, e.g. <c>/css/site.css</c>.</summary>
    public IReadOnlyDictionary<string, AssetFile> All => files;

    /// <summary>The file's address for a page: it changes with the content, so browsers may keep it for ever.</summary>
    public string Url(string path) => $"{path}?v={files[path].Version}";

    // The style sheet is written in parts and served as one file, in the order of the parts' names.
    private static string PathOf(string name) => name.StartsWith(SheetParts, StringComparison.Ordinal) ? "/css/site.css" : name[(Folder.Length - 1)..];

    private static byte[] Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }

    private static AssetFile Make(string name, byte[] content) =>
        new(content, ContentType(Path.GetExtension(name)), Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 6)));

    private static string ContentType(string extension) => extension switch
    {
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => throw new InvalidOperationException($"Give {extension} files a media type."),
    };
}
