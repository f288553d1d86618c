namespace IdentityServer.Core.Delivery;

/// <summary>Folders for messages on disk.</summary>
internal static class PrivateFolder
{
    /// <summary>Messages hold codes: only this account reads them.</summary>
    public static void Make(string path)
    {
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnerOnly);
    }
}
