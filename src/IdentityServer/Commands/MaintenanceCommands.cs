using IdentityServer.Core.Persistence;

namespace IdentityServer.Commands;

/// <summary>Commands that look after the database.</summary>
internal static class MaintenanceCommands
{
    public static ServerCommand Migrate(CommandFrame frame) => frame.OnServer(
        "migrate",
        "Apply pending migrations to the database.",
        "migrate",
        async (services, _, cancellationToken) =>
        {
            await services.GetRequiredService<DatabaseMigrator>().MigrateAsync(cancellationToken);
            return new CommandResult("The database is up to date.");
        });

    public static ServerCommand Prune(CommandFrame frame) => frame.OnDatabase(
        "prune",
        "Delete what has expired, once.",
        "prune",
        async (services, _, cancellationToken) =>
        {
            var rows = await services.GetRequiredService<PruneJob>().RunAsync(cancellationToken);
            return new CommandResult($"{rows} {(rows == 1 ? "row" : "rows")} deleted.", new { rows });
        });
}
