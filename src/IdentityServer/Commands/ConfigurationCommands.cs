using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;
using IdentityServer.Hosting;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Commands;

/// <summary><c>plan</c> and <c>apply</c>: what configuration declares against what the database holds. The server applies it at each start.</summary>
internal static class ConfigurationCommands
{
    public static ServerCommand Plan(CommandFrame frame) => frame.OnServer(
        "plan",
        "Show what applying the declared applications, scopes and users would change; changes nothing. Ends with 3 when there is something.",
        "plan --json",
        async (services, _, cancellationToken) =>
        {
            if (await services.GetRequiredService<DatabaseMigrator>().PendingAsync(cancellationToken) is { Count: > 0 } pending)
                return new CommandResult($"{pending.Count} migration(s) come first: dotnet IdentityServer.dll migrate", ExitCode: ExitCodes.Act);
            var steps = await StepsAsync(services, cancellationToken);
            var isDone = steps.TrueForAll(step => step.Action == StepAction.Leave);
            return new CommandResult(Text(steps, isDone ? "Nothing to do." : "To do it: dotnet IdentityServer.dll apply"), steps, isDone ? ExitCodes.Done : ExitCodes.Pending);
        });

    public static ServerCommand Apply(CommandFrame frame) => frame.OnDatabase(
        "apply",
        "Add and change what configuration declares; what it does not declare stays as it is.",
        "apply",
        async (services, _, cancellationToken) =>
        {
            var steps = await StepsAsync(services, cancellationToken);
            await services.GetRequiredService<DeclaredSync>().RunAsync(cancellationToken);
            return new CommandResult(Text(steps, "The database holds what is declared."), steps);
        });

    private static string Text(List<Step> steps, string end) => string.Join(
        Environment.NewLine,
        [.. steps.Select(step => $"{step.Action.ToString().ToLowerInvariant(),-6} {step.What} {step.Name}{(step.Changes.Count == 0 ? "" : $" ({string.Join("; ", step.Changes)})")}"), end]);

    private static async Task<List<Step>> StepsAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var registry = services.GetRequiredService<Registry>();
        var configuration = services.GetRequiredService<IConfiguration>();
        var (scopes, applications) = DeclaredSync.Read(configuration, () => Guid.Empty);
        var knownScopes = await registry.ScopesAsync(cancellationToken);
        var known = (await registry.ApplicationsAsync(cancellationToken)).ToDictionary(application => application.ClientId, StringComparer.Ordinal);

        List<Step> steps =
        [
            .. scopes.Select(scope => Compare("scope", scope.Name, knownScopes.GetValueOrDefault(scope.Name) is { } row ? Describe(row) : null, Describe(scope))),
            .. applications.Select(application => Compare("application", application.ClientId, known.GetValueOrDefault(application.ClientId) is { } row ? Describe(row) : null, Describe(application))),
            .. known.Keys.Except(applications.Select(application => application.ClientId), StringComparer.Ordinal).Order(StringComparer.Ordinal)
                .Select(clientId => new Step(StepAction.Leave, "application", clientId, ["not declared"])),
        ];
        foreach (var (address, user) in DeclaredSync.Declared<DeclaredUser>(configuration, "Users"))
            steps.Add(await CompareAsync(services.GetRequiredService<ServerDb>(), address, user, cancellationToken));
        return steps;
    }

    private static JsonObject Describe(Scope scope) => JsonSerializer.SerializeToNode(scope)!.AsObject();

    // Secrets are compared by their traces, which are not shown.
    private static JsonObject Describe(Application application)
    {
        var fields = JsonSerializer.SerializeToNode(application)!.AsObject();
        fields.Remove(nameof(Application.Id));
        fields[nameof(Application.Secrets)] = new JsonArray([.. application.Secrets.Select(secret => $"{Convert.ToHexString(secret.Hash)} {secret.ExpiresAt:O}").Order(StringComparer.Ordinal)]);
        return fields;
    }

    private static Step Compare(string what, string name, JsonObject? before, JsonObject after)
    {
        if (before is null)
            return new Step(StepAction.Add, what, name, []);
        var changes = after.Where(field => !JsonNode.DeepEquals(before[field.Key], field.Value))
            .Select(field => field.Key == nameof(Application.Secrets) ? field.Key : $"{field.Key}: {Show(before[field.Key])} -> {Show(field.Value)}").ToList();
        return new Step(changes.Count == 0 ? StepAction.Leave : StepAction.Change, what, name, changes);
    }

    private static string Show(JsonNode? value) => value?.ToJsonString() ?? "null";

    // As UserDirectory.PutAsync goes about it: what is not declared stays.
    private static async Task<Step> CompareAsync(ServerDb db, string address, DeclaredUser declared, CancellationToken cancellationToken)
    {
        if (Address.Parse(address) is not { } read)
            return new Step(StepAction.Add, "user", address, ["this is no address that receives messages: apply refuses"]);
        var users = db.Users.AsNoTracking();
        var user = await (read.Channel == Core.Persistence.Tables.Channel.Email
            ? users.Where(row => row.NormalizedEmail == read.LookupKey)
            : users.Where(row => row.PhoneNumber == read.LookupKey)).SingleOrDefaultAsync(cancellationToken);
        if (user is null)
            return new Step(StepAction.Add, "user", address, []);

        List<string> changes = [];
        if (declared.Name is not null && declared.Name != user.Name)
            changes.Add("Name");
        if (declared.Phone is not null && Address.Parse(declared.Phone)?.Value != user.PhoneNumber)
            changes.Add("Phone");
        if (declared.Disabled != (user.DisabledAt is not null))
            changes.Add(declared.Disabled ? "Disabled: sessions and tokens end" : "enabled");
        return new Step(changes.Count == 0 ? StepAction.Leave : StepAction.Change, "user", address, changes);
    }

    private enum StepAction
    {
        Leave,
        Add,
        Change,
    }

    private sealed record Step(StepAction Action, string What, string Name, IReadOnlyList<string> Changes);
}
