using System.Security.Cryptography;

namespace IdentityServer.Core.Keys;

/// <summary>Reads master keys, and makes the first one.</summary>
internal static class MasterKeyFiles
{
    private const int Size = 32;

    /// <summary>Reads the files that the options name.</summary>
    /// <param name="options">Names the files.</param>
    /// <param name="folder">Relative paths start here.</param>
    /// <param name="mayCreate">Whether a missing master key is made. Not where several instances must share one.</param>
    /// <exception cref="MasterKeyException">A file is missing or malformed.</exception>
    public static MasterKeys Load(KeyOptions options, string folder, bool mayCreate)
    {
        var path = Path.GetFullPath(options.MasterKeyFile, folder);
        if (mayCreate && !File.Exists(path))
            Create(path);
        return new MasterKeys(options.PreviousMasterKeyFiles.Select(file => Path.GetFullPath(file, folder)).Prepend(path).Select(Read));
    }

    private static byte[] Read(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new MasterKeyException($"The master key {path} cannot be read. Make one with \"openssl rand -base64 32\", give the same file to every "
                + "instance, readable by the server's user only, and name it in Keys:MasterKeyFile (Keys:PreviousMasterKeyFiles for earlier ones).", problem);
        }

        var key = new byte[Size + 1];
        return Convert.TryFromBase64String(text.Trim(), key, out var length) && length == Size
            ? key[..Size]
            : throw new MasterKeyException($"{path} is not a master key: it holds 32 random bytes in base64, as \"openssl rand -base64 32\" prints them.");
    }

    // Two processes that start at once end with the same key: a move that refuses to overwrite looks first and moves then, so it needs the lock.
    private static void Create(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var gate = Lock($"{path}.lock");
        if (File.Exists(path))
            return;

        var draft = $"{path}.{RandomNumberGenerator.GetHexString(8)}";
        var settings = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            settings.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(draft, settings))
            writer.WriteLine(Convert.ToBase64String(RandomNumberGenerator.GetBytes(Size)));
        File.Move(draft, path);
    }

    private static FileStream Lock(string path)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                // Gone with the first to close it: by then the key is there, and whoever locks a new file finds it.
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            }
            catch (IOException) when (tries < 500)
            {
                Thread.Sleep(20);
            }
        }
    }
}
