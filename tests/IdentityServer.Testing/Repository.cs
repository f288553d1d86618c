using System.Runtime.CompilerServices;

namespace IdentityServer.Testing;

/// <summary>Where things lie in the repository.</summary>
public static class Repository
{
    /// <summary>The repository's root.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", ".."));

    /// <summary>The built server, of the same configuration as the tests.</summary>
    public static string ServerDll { get; } = Path.Combine(
        Root, "src", "IdentityServer", "bin", AppContext.BaseDirectory.Contains("Release", StringComparison.Ordinal) ? "Release" : "Debug", "net10.0", "IdentityServer.dll");

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
