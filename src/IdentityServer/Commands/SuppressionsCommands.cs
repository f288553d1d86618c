using System.CommandLine;
using System.Globalization;
using IdentityServer.Core.Administration;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Users;

namespace IdentityServer.Commands;

/// <summary><c>suppressions</c>: addresses that nothing is sent to, since their owner answered STOP or nobody reads there.</summary>
internal static class SuppressionsCommands
{
    private const int MostListed = 1_000;

    public static Command Group(CommandFrame frame) => new("suppressions", "Addresses that nothing is sent to.")
    {
        List(frame),
        Lift(frame),
    };

    private static ServerCommand List(CommandFrame frame)
    {
        var address = new Option<string>("--address") { Description = "Only this one: an e-mail address, or a phone number with its calling code.", HelpName = "address" };
        address.Validators.Add(result =>
        {
            if (Address.Parse(result.GetValueOrDefault<string>()) is null)
                result.AddError("What follows --address is neither an e-mail address nor a phone number with its calling code.");
        });
        var limit = new Option<int>("--limit") { Description = $"Rows at most, up to {MostListed}.", DefaultValueFactory = _ => 50, HelpName = "rows" };
        limit.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !(int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var rows) && rows is > 0 and <= MostListed))
                result.AddError($"--limit is between 1 and {MostListed}.");
        });
        return frame.OnDatabase(
            "list",
            "List why and until when nothing is sent, without the addresses: only their hashes are known.",
            "suppressions list --address +4915112345678",
            (services, line, cancellationToken) => ListAsync(services, Address.Parse(line.GetValue(address)), line.GetValue(limit), cancellationToken),
            address,
            limit);
    }

    private static async Task<CommandResult> ListAsync(IServiceProvider services, Address? address, int limit, CancellationToken cancellationToken)
    {
        var suppressions = services.GetRequiredService<SuppressionAdministration>();
        IReadOnlyList<SuppressedAddress> found = address is null ? await suppressions.ListAsync(limit, cancellationToken)
            : await suppressions.FindAsync(address, cancellationToken) is { } one ? [one]
            : [];
        var table = Columns.Align(
        [
            ["reason", "provider", "since", "until"],
            .. found.Select(row => new[] { row.Reason, row.Provider, Time(row.At), Time(row.EndsAt) }),
        ]);
        return new CommandResult(found.Count > 0 ? table : address is null ? "Everybody is written to." : "This address is written to.", found);
    }

    private static ServerCommand Lift(CommandFrame frame)
    {
        var address = CommandFrame.AddressArgument("An e-mail address, or a phone number with its calling code.");
        return frame.OnDatabase(
            "lift",
            "Send to an address again, when its owner asks for it.",
            "suppressions lift +4915112345678",
            async (services, line, cancellationToken) =>
            {
                var lifted = await services.GetRequiredService<SuppressionAdministration>().LiftAsync(Address.Parse(line.GetRequiredValue(address))!, CommandFrame.By, cancellationToken);
                return new CommandResult(
                    lifted ? "Messages go to this address again. A provider that keeps a list of its own, as Twilio does after STOP, must be told too." : "Nothing held this address back.",
                    new { lifted });
            },
            address);
    }

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
