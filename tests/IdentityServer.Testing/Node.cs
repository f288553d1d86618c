using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace IdentityServer.Testing;

/// <summary>
/// Runs scripts of tests/interop with Node.js: JSON in on stdin, JSON out on stdout. Their packages (jose,
/// openid-client, newman) are independent implementations. Installs them at first use; skips the test where Node.js is absent.
/// </summary>
public static class Node
{
    private static readonly TimeSpan InstallTimeout = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan RunTimeout = TimeSpan.FromMinutes(1);
    private static readonly SemaphoreSlim Installing = new(1);
    private static readonly string Folder = FindFolder();

    private static bool ready;

    private static string Npm => OperatingSystem.IsWindows() ? "npm.cmd" : "npm";

    /// <summary>Runs a script to its end.</summary>
    /// <param name="script">The file's name in tests/interop, such as "jose.mjs".</param>
    /// <param name="input">Goes to stdin as JSON.</param>
    /// <param name="environment">Added to the process's environment, such as NODE_EXTRA_CA_CERTS.</param>
    /// <param name="timeout">How long it may take; a minute when not said.</param>
    /// <param name="cancellationToken">Ends the process.</param>
    /// <returns>What the script wrote to stdout, which must be JSON.</returns>
    /// <exception cref="InvalidOperationException">The script failed; the message has its stderr.</exception>
    public static async Task<JsonNode> RunAsync(string script, JsonNode input, IReadOnlyDictionary<string, string>? environment = null, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        await RequireAsync(cancellationToken);
        var output = await StartAsync("node", [script], input.ToJsonString(), environment, timeout ?? RunTimeout, cancellationToken);
        try
        {
            return JsonNode.Parse(output) ?? throw new InvalidOperationException($"{script} answered null.");
        }
        catch (JsonException problem)
        {
            throw new InvalidOperationException($"{script} did not answer JSON: {output}", problem);
        }
    }

    /// <summary>Skips the running test where Node.js or npm is absent; installs the packages if they are not there.</summary>
    public static async Task RequireAsync(CancellationToken cancellationToken = default)
    {
        await Installing.WaitAsync(cancellationToken);
        try
        {
            if (ready)
                return;
            if (await MissingAsync(cancellationToken) is { } missing)
                Assert.Skip($"{missing} is not installed; this test needs Node.js 20 or newer with npm.");
            await using var otherProcesses = await LockAsync(cancellationToken);
            if (!IsInstalled())
                await StartAsync(Npm, ["ci", "--no-audit", "--no-fund"], input: "", environment: null, InstallTimeout, cancellationToken);
            ready = true;
        }
        finally
        {
            Installing.Release();
        }
    }

    private static bool IsInstalled()
    {
        // npm writes this file last.
        var installed = Path.Combine(Folder, "node_modules", ".package-lock.json");
        var wanted = Path.Combine(Folder, "package-lock.json");
        return File.Exists(installed) && File.GetLastWriteTimeUtc(installed) >= File.GetLastWriteTimeUtc(wanted);
    }

    // Test projects run as processes side by side.
    private static async Task<FileStream> LockAsync(CancellationToken cancellationToken)
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(Folder, "obj")).FullName, "install.lock");
        var waiting = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (waiting.Elapsed < InstallTimeout)
            {
                await Task.Delay(100, cancellationToken);
            }
        }
    }

    private static async Task<string?> MissingAsync(CancellationToken cancellationToken)
    {
        foreach (var tool in new[] { "node", Npm })
        {
            try
            {
                await StartAsync(tool, ["--version"], input: "", environment: null, RunTimeout, cancellationToken);
            }
            catch (Win32Exception)
            {
                return tool;
            }
        }
        return null;
    }

    private static async Task<string> StartAsync(string tool, string[] arguments, string input, IReadOnlyDictionary<string, string>? environment, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(tool, arguments)
        {
            UseShellExecute = false,
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.StandardInput.WriteAsync(input.AsMemory(), limit.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode == 0
                ? await output
                : throw new InvalidOperationException($"{tool} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await errors}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static string FindFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "IdentityServer.sln")))
                return Path.Combine(folder.FullName, "tests", "interop");
        }
        throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
