using System.Diagnostics;
using System.Globalization;

namespace IdentityServer.Testing;

/// <summary>
/// A PostgreSQL server for tests: the one that <c>IDENTITYSERVER_TEST_POSTGRES</c> names (a connection string whose user may create databases), or a private
/// one, started from Debian's binaries on a Unix socket, which ends with this process. Needs no driver: who migrates creates the database.
/// </summary>
public static class PostgresCluster
{
    private const string Variable = "IDENTITYSERVER_TEST_POSTGRES";

    // Durability is of no use here. The last lines end the server when this process has gone, however it went.
    private const string Script = """
        set -e
        bin=$1 owner=$2
        dir=$(mktemp -d)
        run=
        if [ "$(id -u)" = 0 ]; then chown postgres "$dir"; run="runuser -u postgres --"; fi
        cd "$dir"
        $run "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
        $run "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/log" -o "-c listen_addresses='' -c unix_socket_directories='$dir' \
          -c fsync=off -c full_page_writes=off -c max_connections=300" start >/dev/null
        (
          while kill -0 "$owner" 2>/dev/null; do sleep 1; done
          $run "$bin/pg_ctl" -D "$dir/data" -m immediate stop
          rm -rf "$dir"
        ) >/dev/null 2>&1 </dev/null &
        echo "$dir"
        """;

    private static readonly Lazy<(string? Server, string? Reason)> Started = new(Start);

    /// <summary>Why no server is there; null when one is.</summary>
    public static string? Missing => Started.Value.Reason;

    /// <summary>The connection string of a database of its own, which does not exist yet.</summary>
    public static string NewDatabase() =>
        $"{Started.Value.Server};Database=test_{Guid.CreateVersion7(TimeProvider.System.GetUtcNow()):N};Maximum Pool Size=40";

    private static (string? Server, string? Reason) Start()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } server)
            return (server.TrimEnd(';'), null);

        var binaries = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetFiles("/usr/lib/postgresql", "initdb", SearchOption.AllDirectories).Order(StringComparer.Ordinal).LastOrDefault()
            : null;
        if (binaries is null)
            return (null, $"PostgreSQL is not here: install postgresql, or set {Variable} to a connection string.");

        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["-c", Script, "sh", Path.GetDirectoryName(binaries)!, Environment.ProcessId.ToString(CultureInfo.InvariantCulture)])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var directory = process.StandardOutput.ReadToEnd().Trim();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? ($"Host={directory};Username=postgres", null)
            : throw new InvalidOperationException($"PostgreSQL did not start: {error}");
    }
}
