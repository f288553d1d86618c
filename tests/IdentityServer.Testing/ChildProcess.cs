using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace IdentityServer.Testing;

/// <summary>A program that a test starts and ends, and whose output it shows when something goes wrong.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<int, bool> GivenPorts = new();
    private readonly Process process;
    private readonly ConcurrentQueue<string> output = new();

    private ChildProcess(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => output.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => output.Enqueue(line.Data ?? "");
    }

    /// <summary>All that it wrote so far.</summary>
    public string Output => string.Join('\n', output);

    public static ChildProcess Start(string file, IEnumerable<string> arguments, string folder, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var child = new ChildProcess(new Process { StartInfo = start });
        child.process.Start();
        child.process.BeginOutputReadLine();
        child.process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Runs to the end and gives the output.</summary>
    /// <exception cref="InvalidOperationException">It ended with an error or took longer than five minutes.</exception>
    public static async Task<string> RunAsync(string file, IEnumerable<string> arguments, string folder, params (string Name, string Value)[] environment)
    {
        await using var child = Start(file, arguments, folder, environment);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        await child.process.WaitForExitAsync(limit.Token);
        return child.process.ExitCode == 0
            ? child.Output
            : throw new InvalidOperationException($"{file} {string.Join(' ', arguments)} ended with {child.process.ExitCode}:\n{child.Output}");
    }

    /// <summary>A port on loopback that nobody listens on, another one at each call: whoever asks may listen only much later.</summary>
    public static int FreePort()
    {
        while (true)
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var port = ((IPEndPoint)listener.LocalEndpoint).Port;
            if (GivenPorts.TryAdd(port, true))
                return port;
        }
    }

    /// <summary>Waits until the address answers 200.</summary>
    public Task<ChildProcess> AnswersAsync(string url) => WaitAsync(url, response => response.IsSuccessStatusCode);

    /// <summary>Waits until the address answers anything at all.</summary>
    public Task<ChildProcess> ListensAsync(string url) => WaitAsync(url, _ => true);

    public async Task WriteLineAsync(string line)
    {
        await process.StandardInput.WriteLineAsync(line);
        await process.StandardInput.FlushAsync();
    }

    /// <summary>Waits for the line of that number among those that begin so.</summary>
    public async Task<string> LineAsync(string beginning, int number)
    {
        var limit = Stopwatch.StartNew();
        while (limit.Elapsed < TimeSpan.FromSeconds(60))
        {
            if (output.Where(line => line.StartsWith(beginning, StringComparison.Ordinal)).ElementAtOrDefault(number) is { } found)
                return found;
            if (process.HasExited)
                await process.WaitForExitAsync();
            if (process.HasExited && output.Count(line => line.StartsWith(beginning, StringComparison.Ordinal)) <= number)
                break;
            await Task.Delay(50);
        }

        throw new InvalidOperationException($"There is no line {number} that begins with {beginning}:\n{Output}");
    }

    public async Task<int> ExitCodeAsync(TimeSpan within)
    {
        using var limit = new CancellationTokenSource(within);
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        process.Dispose();
    }

    private async Task<ChildProcess> WaitAsync(string url, Predicate<HttpResponseMessage> isReady)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var limit = Stopwatch.StartNew();
        while (limit.Elapsed < TimeSpan.FromSeconds(90) && !process.HasExited)
        {
            try
            {
                using var response = await client.GetAsync(url);
                if (isReady(response))
                    return this;
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
            {
                // Not yet.
            }

            await Task.Delay(100);
        }

        throw new InvalidOperationException($"{process.StartInfo.FileName} does not answer at {url}:\n{Output}");
    }
}
