using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace IdentityServer.Core.Persistence.Sqlite;

/// <summary>
/// Binds SQLite's native library. Microsoft.EntityFrameworkCore.Sqlite.Core 10 was built against a newer SQLitePCLRaw than the 2.0.6 referenced here,
/// and the bundled SQLite 3.35.5 lacks later fixes: see docs/decisions/0002, which says when to delete this file.
/// </summary>
internal static class NativeSqlite
{
    private const string SystemLibrary = "libsqlite3.so.0";
    private static readonly Version Bundled = new(3, 35, 5);

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "Must run before EF Core's SQLite provider is loaded, however that happens.")]
    internal static void Bind()
    {
        AssemblyLoadContext.Default.Resolving += (context, name) =>
        {
            // The runtime refuses an assembly that is older than the reference asks for, unless a resolver hands it over.
            var path = Path.Combine(AppContext.BaseDirectory, "SQLitePCLRaw.core.dll");
            return name.Name == "SQLitePCLRaw.core" && File.Exists(path) ? context.LoadFromAssemblyPath(path) : null;
        };
        Initialize();
    }

    // Not inlined: its types must not be looked for before the resolver stands.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Initialize()
    {
        NativeLibrary.SetDllImportResolver(typeof(SQLitePCL.SQLite3Provider_e_sqlite3).Assembly, PreferSystem);
        SQLitePCL.Batteries_V2.Init();
    }

    private static nint PreferSystem(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != "e_sqlite3" || !NativeLibrary.TryLoad(SystemLibrary, out var handle))
            return 0;
        if (VersionOf(handle) > Bundled)
            return handle;
        NativeLibrary.Free(handle);
        return 0;
    }

    private static Version VersionOf(nint library)
    {
        var version = Marshal.GetDelegateForFunctionPointer<SqliteLibraryVersion>(NativeLibrary.GetExport(library, "sqlite3_libversion"));
        return Version.Parse(Marshal.PtrToStringUTF8(version())!);
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate nint SqliteLibraryVersion();
}
