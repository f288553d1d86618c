using IdentityServer.Core.Persistence;
using IdentityServer.Hosting;

namespace IdentityServer.Commands;

/// <summary>A word on the command line that does one thing and ends, e.g. <c>dotnet IdentityServer.dll prune</c>.</summary>
internal sealed record Command(string Name, string Summary, Func<IServiceProvider, CancellationToken, Task<string>> Run)
{
    private static readonly Command[] All =
    [
        new("migrate", "Apply pending migrations to the database.", async (services, cancellationToken) =>
        {
            await services.GetRequiredService<DatabaseMigrator>().MigrateAsync(cancellationToken);
            return "The database is up to date.";
        }),
        new("prune", "Delete what has expired, once.", async (services, cancellationToken) =>
        {
            await services.GetRequiredService<DatabaseMigrator>().PrepareAsync(cancellationToken);
            return $"{await services.GetRequiredService<PruneJob>().RunAsync(cancellationToken)} rows deleted.";
        }),
        new("help", "List the commands.", (_, _) => Task.FromResult(Help())),
    ];

    /// <summary>The command that the arguments name; null when they name none and the server is to run.</summary>
    /// <exception cref="SettingsException">There is no such command.</exception>
    public static Command? Find(string[] args) => args switch
    {
        ["--help" or "-h", ..] => All[^1],
        [var name, ..] when !name.StartsWith('-') && !name.StartsWith('/') =>
            Array.Find(All, command => command.Name == name)
            ?? throw new SettingsException([$"There is no command \"{name}\".{Environment.NewLine}{Help()}"]),
        _ => null,
    };

    /// <summary>Runs it and prints what it did.</summary>
    public async Task<int> RunAsync(WebApplication app)
    {
        await using var scope = app.Services.CreateAsyncScope();
        Console.WriteLine(await Run(scope.ServiceProvider, app.Lifetime.ApplicationStopping));
        return 0;
    }

    private static string Help() =>
        "Commands (without one the server runs):" + string.Concat(All.Select(command => $"{Environment.NewLine}  {command.Name,-10}{command.Summary}"));
}
