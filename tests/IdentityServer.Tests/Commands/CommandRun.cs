using System.Globalization;
using System.Text.Json;
using IdentityServer.Commands;
using IdentityServer.Core.Persistence;
using IdentityServer.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Commands;

/// <summary>Commands inside the test, one after the other: what the process does with its arguments, without the process.</summary>
/// <param name="server">Whose database they work on; null: one of their own.</param>
internal sealed class CommandRun(Server? server = null) : IDisposable
{
    private readonly string folder = server?.Folder ?? Directory.CreateTempSubdirectory("identityserver-").FullName;

    /// <summary>Settings for all further commands, e.g. <c>--Applications:spa:Type=Public</c>.</summary>
    public List<string> Settings { get; } = [];

    public async Task<CommandAnswer> RunAsync(params string[] words)
    {
        var line = CommandLine.Find([.. words, .. Settings, $"--contentRoot={folder}", "--environment=Development", "--Logging:LogLevel:Default=None"])
            ?? throw new InvalidOperationException("These words name no command.");
        await using var output = new StringWriter(CultureInfo.InvariantCulture);
        await using var error = new StringWriter(CultureInfo.InvariantCulture);
        var code = await line.RunAsync(ServerBuilder.Build, output, error);
        return new CommandAnswer(code, output.ToString(), error.ToString());
    }

    /// <summary>What the database holds.</summary>
    public async Task<T> ReadAsync<T>(Func<ServerDb, Task<T>> read)
    {
        await using var app = ServerBuilder.Build([.. Settings, $"--contentRoot={folder}", "--environment=Development", "--Logging:LogLevel:Default=None"]);
        await using var scope = app.Services.CreateAsyncScope();
        return await read(scope.ServiceProvider.GetRequiredService<ServerDb>());
    }

    public void Dispose()
    {
        if (server is not null)
            return;
        SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }
}

/// <summary>How a command ended.</summary>
internal sealed record CommandAnswer(int Code, string Output, string Error)
{
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Output);
}
