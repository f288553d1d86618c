using System.CommandLine;
using System.Globalization;
using IdentityServer.Core.Administration;
using IdentityServer.Core.Keys;
using IdentityServer.Core.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IdentityServer.Commands;

/// <summary><c>keys</c>: the keys that tokens are signed with.</summary>
internal static class KeysCommands
{
    public static Command Group(CommandFrame frame) => new("keys", "The keys that tokens are signed with.")
    {
        frame.OnDatabase("list", "List the published keys, and which of them sign.", "keys list", (services, _, cancellationToken) => ListAsync(services, cancellationToken)),
        frame.OnDatabase(
            "rotate",
            "Publish successors of the keys that sign now; they take over after at least a day, when everybody has seen them.",
            "keys rotate",
            (services, _, cancellationToken) => RotateAsync(services, cancellationToken)),
    };

    private static async Task<CommandResult> ListAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        // Asking for keys would make the first ones: to list changes nothing.
        var hasFiles = services.GetRequiredService<IOptions<KeyOptions>>().Value.SigningKeyFiles.Count > 0;
        if (!hasFiles && !await services.GetRequiredService<ServerDb>().SigningKeys.AnyAsync(cancellationToken))
            return new CommandResult("There are none yet: the first start makes them.", Array.Empty<object>());

        var keys = await services.GetRequiredService<SigningKeyAdministration>().ListAsync(cancellationToken);
        var rows = keys.Select(key => new
        {
            key.Kid,
            Algorithm = key.Algorithm.ToString(),
            State = key.State switch { SigningKeyState.Signs => "signs", SigningKeyState.Next => "next", _ => "retired" },
            key.Times.ActivatesAt,
            key.Times.RetiresAt,
            key.Times.ExpiresAt,
        }).ToList();
        return new CommandResult(
            Columns.Align([["kid", "algorithm", "state", "signs from", "until", "published until"], .. rows.Select(row => new[] { row.Kid, row.Algorithm, row.State, Day(row.ActivatesAt), Day(row.RetiresAt), Day(row.ExpiresAt) })]),
            rows);
    }

    private static async Task<CommandResult> RotateAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var keys = await services.GetRequiredService<SigningKeyAdministration>().RotateAsync(immediately: false, CommandFrame.By, cancellationToken);
        var next = keys.Where(key => key.State == SigningKeyState.Next).ToList();
        return next.Count == 0
            ? new CommandResult("The first keys were made; there was nothing to rotate.", Array.Empty<object>())
            : new CommandResult(
                string.Join(Environment.NewLine, next.Select(key => $"{key.Algorithm}: {key.Kid} is published and signs from {Day(key.Times.ActivatesAt)}.")),
                next.ConvertAll(key => new { key.Kid, Algorithm = key.Algorithm.ToString(), key.Times.ActivatesAt }));
    }

    private static string Day(DateTimeOffset at) => at.Year > 9000 ? "" : at.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}
