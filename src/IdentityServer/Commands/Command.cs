using IdentityServer.Core.Persistence;
using IdentityServer.Hosting;

namespace IdentityServer.Commands;

/// <summary>What a command did, in words, and the process's exit code: 1 when somebody must act.</summary>
internal sealed record CommandResult(string Text, int ExitCode = 0);

/// <summary>A word on the command line that does one thing and ends, e.g. <c>dotnet IdentityServer.dll prune</c>.</summary>
internal sealed record Command(string Name, string Summary, Func<IServiceProvider, string[], CancellationToken, Task<CommandResult>> Run)
{
    private static readonly Command[] All =
    [
        new("migrate", "Apply pending migrations to the database.", async (services, _, cancellationToken) =>
        {
            await services.GetRequiredService<DatabaseMigrator>().MigrateAsync(cancellationToken);
            return new CommandResult("The database is up to date.");
        }),
        new("prune", "Delete what has expired, once.", async (services, _, cancellationToken) =>
        {
            await services.GetRequiredService<DatabaseMigrator>().PrepareAsync(cancellationToken);
            return new CommandResult($"{await services.GetRequiredService<PruneJob>().RunAsync(cancellationToken)} rows deleted.");
        }),
        new("send-test", "Send a test message: send-test --to <address>.", SendTest.RunAsync),
        new("doctor", "Look for what is wrong with configuration, database, keys and senders; changes nothing.", Doctor.RunAsync),
        new("help", "List the commands.", (_, _, _) => Task.FromResult(new CommandResult(Help()))),
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
    public async Task<int> RunAsync(WebApplication app, string[] args)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var result = await Run(scope.ServiceProvider, args, app.Lifetime.ApplicationStopping);
        Console.WriteLine(result.Text);
        return result.ExitCode;
    }

    private static string Help() =>
        "Commands (without one the server runs):" + string.Concat(All.Select(command => $"{Environment.NewLine}  {command.Name,-10}{command.Summary}"));
}
