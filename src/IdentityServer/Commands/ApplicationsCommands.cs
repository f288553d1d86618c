using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IdentityServer.Core;
using IdentityServer.Core.Persistence;
using IdentityServer.Protocol.Model;

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

    /// <summary>A new secret, 256 random bits, and its trace.</summary>
    internal static (string Secret, ApplicationSecret Trace) NewSecret()
    {
        var secret = System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return (secret, new ApplicationSecret(SHA256.HashData(Encoding.UTF8.GetBytes(secret)), ExpiresAt: null));
    }

    /// <summary>Whether configuration declares it: then the next start would undo what is changed here.</summary>
    internal static bool IsDeclared(IServiceProvider services, string clientId) =>
        services.GetRequiredService<IConfiguration>().GetSection($"Applications:{clientId}").Exists();

    private static async Task<CommandResult> ListAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var applications = await services.GetRequiredService<Registry>().ApplicationsAsync(cancellationToken);
        var rows = applications.OrderBy(application => application.ClientId, StringComparer.Ordinal).Select(application => new
        {
            application.ClientId,
            application.DisplayName,
            application.Type,
            application.Kind,
            application.GrantTypes,
            application.Scopes,
            application.RedirectUris,
            Secrets = application.Secrets.Count(secret => secret.ExpiresAt is null || secret.ExpiresAt > now),
            IsDeclared = IsDeclared(services, application.ClientId),
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
        var registry = services.GetRequiredService<Registry>();
        if (await registry.FindApplicationAsync(clientId, cancellationToken) is not { } application)
            return Refuse(await UnknownAsync(registry, clientId, cancellationToken));
        if (application.Type == ApplicationType.Public)
            return Refuse($"{clientId} is a public application: it has no secret.");
        if (IsDeclared(services, clientId))
            return Refuse($"Configuration declares {clientId}, and the next start would bring its secrets back: change Applications:{clientId}:Secrets instead.");

        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var end = now + keepOld;
        var old = application.Secrets.Where(secret => secret.ExpiresAt is null || secret.ExpiresAt > now)
            .Select(secret => secret.ExpiresAt < end ? secret : secret with { ExpiresAt = end });
        var (secret, trace) = NewSecret();
        var problems = await services.GetRequiredService<RegistryWriter>().PutAsync(
            [], [application with { Secrets = [trace, .. keepOld == TimeSpan.Zero ? [] : old] }], cancellationToken);
        if (problems.Count > 0)
            return Refuse(string.Join(Environment.NewLine, problems));

        var until = string.Create(CultureInfo.InvariantCulture, $"{end:yyyy-MM-dd HH:mm} UTC");
        return new CommandResult(
            $"{secret}{Environment.NewLine}{Environment.NewLine}It is shown this once. The secrets until now {(keepOld == TimeSpan.Zero ? "have ended" : $"end at {until}")}.",
            new { clientId, secret, oldSecretsEndAt = end });
    }

    private static async Task<string> UnknownAsync(Registry registry, string clientId, CancellationToken cancellationToken)
    {
        var known = (await registry.ApplicationsAsync(cancellationToken)).Select(application => application.ClientId).ToList();
        return $"There is no application \"{clientId}\"{(known.Count == 0 ? "." : $"; {NearestName.Advice(clientId, known)}")}";
    }

    private static CommandResult Refuse(string text) => new(text, ExitCode: ExitCodes.Act);

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
