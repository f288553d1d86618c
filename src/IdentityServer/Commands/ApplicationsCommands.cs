using System.CommandLine;
using System.Globalization;
using IdentityServer.Core;
using IdentityServer.Core.Administration;
using IdentityServer.Core.Persistence;

namespace IdentityServer.Commands;

/// <summary><c>applications</c>: what may ask this server for tokens.</summary>
internal static class ApplicationsCommands
{
    private static readonly Argument<string> ClientId = new("client-id") { Description = "The application's client_id." };

    public static Command Group(CommandFrame frame) => new("applications", "What may ask this server for tokens.")
    {
        frame.OnDatabase("list", "List the applications.", "applications list", (services, _, cancellationToken) => ListAsync(services, cancellationToken)),
        NewApplication.Command(frame),
        RotateSecret(frame),
    };

    /// <summary>What became of a change, where nothing was changed; null when it was made.</summary>
    internal static CommandResult? Refusal(RegistryChange change) => change switch
    {
        RegistryChange.Refused(var reason) => new CommandResult(reason, ExitCode: ExitCodes.Act),
        RegistryChange.Invalid(var problems) => new CommandResult(string.Join(Environment.NewLine, problems), new { problems }, ExitCodes.Act),
        RegistryChange.Done => null,
        _ => new CommandResult("The application is gone meanwhile.", ExitCode: ExitCodes.Act),
    };

    private static async Task<CommandResult> ListAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var found = await services.GetRequiredService<ApplicationAdministration>().ListAsync(search: null, int.MaxValue, offset: 0, cancellationToken);
        var rows = found.Items.Select(view => new
        {
            view.Application.ClientId,
            view.Application.DisplayName,
            view.Application.Type,
            view.Application.Kind,
            view.Application.GrantTypes,
            view.Application.Scopes,
            view.Application.RedirectUris,
            Secrets = view.Secrets.Count(secret => secret.ExpiresAt is null || secret.ExpiresAt > now),
            view.IsDeclared,
        }).ToList();
        return rows.Count == 0
            ? new CommandResult("There are none. Add one: dotnet IdentityServer.dll applications add --help", rows)
            : new CommandResult(
                Columns.Align([["client_id", "name", "type", "kind", "grant types"], .. rows.Select(row => new[] { row.ClientId, row.DisplayName, $"{row.Type}", $"{row.Kind}", string.Join(' ', row.GrantTypes) })]),
                rows);
    }

    private static ServerCommand RotateSecret(CommandFrame frame)
    {
        var keepOld = new Option<TimeSpan>("--keep-old")
        {
            Description = "How long the secrets until now still work: 30m, 24h, 7d, or 0.",
            HelpName = "duration",
            DefaultValueFactory = _ => TimeSpan.FromHours(24),
            CustomParser = result =>
            {
                if (Duration(result.Tokens[0].Value) is { } duration)
                    return duration;
                result.AddError("--keep-old is a number with m, h or d, such as 24h, at most 365d.");
                return default;
            },
        };
        return frame.OnDatabase(
            "rotate-secret",
            "Give an application a new secret and print it, once; the old ones end later.",
            "applications rotate-secret webapp --keep-old 24h",
            (services, line, cancellationToken) => RotateAsync(services, line.GetRequiredValue(ClientId), line.GetValue(keepOld), cancellationToken),
            ClientId,
            keepOld);
    }

    private static async Task<CommandResult> RotateAsync(IServiceProvider services, string clientId, TimeSpan keepOld, CancellationToken cancellationToken)
    {
        var end = services.GetRequiredService<TimeProvider>().GetUtcNow() + keepOld;
        var (change, secret) = await services.GetRequiredService<ApplicationAdministration>().RotateSecretAsync(clientId, keepOld, CommandFrame.By, cancellationToken);
        if (change is RegistryChange.NotFound)
            return new CommandResult(await UnknownAsync(services.GetRequiredService<Registry>(), clientId, cancellationToken), ExitCode: ExitCodes.Act);
        if (Refusal(change) is { } refusal)
            return refusal;

        var until = string.Create(CultureInfo.InvariantCulture, $"{end:yyyy-MM-dd HH:mm} UTC");
        return new CommandResult(
            $"{secret!.Value}{Environment.NewLine}{Environment.NewLine}It is shown this once. The secrets until now {(keepOld == TimeSpan.Zero ? "have ended" : $"end at {until}")}.",
            new { clientId, secret = secret.Value, oldSecretsEndAt = end });
    }

    private static async Task<string> UnknownAsync(Registry registry, string clientId, CancellationToken cancellationToken)
    {
        var known = (await registry.ApplicationsAsync(cancellationToken)).Select(application => application.ClientId).ToList();
        return $"There is no application \"{clientId}\"{(known.Count == 0 ? "." : $"; {NearestName.Advice(clientId, known)}")}";
    }

    private static TimeSpan? Duration(string text)
    {
        if (text == "0")
            return TimeSpan.Zero;
        if (text.Length < 2 || !int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return null;

        // As a number first: days of an int do not fit into a time span.
        var minutes = text[^1] switch { 'm' => number, 'h' => number * 60.0, 'd' => number * 1440.0, _ => double.MaxValue };
        return minutes <= 365 * 1440.0 ? TimeSpan.FromMinutes(minutes) : null;
    }
}
