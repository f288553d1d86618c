using System.CommandLine;
using System.Globalization;
using IdentityServer.Core.Administration;
using IdentityServer.Core.Users;
using IdentityServer.Management;
using IdentityServer.Protocol;
using Microsoft.Extensions.Options;

namespace IdentityServer.Commands;

/// <summary><c>users</c>: people with an account; and <c>admin create</c>, for the first who may administer the others.</summary>
internal static class UsersCommands
{
    private const int MostListed = 1_000;

    private static readonly Argument<string> Who = new("who") { Description = "An id, an e-mail address, or a phone number with its calling code." };

    public static Command Group(CommandFrame frame) => new("users", "People with an account.")
    {
        List(frame),
        OnUser(frame, "show", "Show a user.", "users show anna@example.com", (_, user, _) => Task.FromResult(Show(user))),
        OnUser(frame, "disable", "Lock a user out: sessions and tokens end now and for good.", "users disable anna@example.com", DisableAsync),
        OnUser(frame, "enable", "Let a user in again.", "users enable anna@example.com", EnableAsync),
        Unlock(frame),
        Delete(frame),
    };

    public static Command Admin(CommandFrame frame)
    {
        var email = new Option<string>("--email") { Description = "The administrator's e-mail address, to which codes go.", Required = true, HelpName = "address" };
        email.Validators.Add(result =>
        {
            if (Address.Parse(result.GetValueOrDefault<string>())?.Channel != Core.Persistence.Tables.Channel.Email)
                result.AddError("What follows --email is no e-mail address.");
        });
        var name = new Option<string>("--name") { Description = "The name of a new account; the address when absent.", HelpName = "name" };
        return new Command("admin", "Who may administer this server.")
        {
            frame.OnDatabase(
                "create",
                "Make the user with this address an administrator; the account is made when there is none.",
                "admin create --email anna@example.com",
                (services, line, cancellationToken) => CreateAdminAsync(services, Address.Parse(line.GetRequiredValue(email))!, line.GetValue(name), cancellationToken),
                email,
                name),
        };
    }

    private static ServerCommand List(CommandFrame frame)
    {
        var search = new Option<string>("--search") { Description = "Part of a name or an address.", HelpName = "text" };
        var role = new Option<string>("--role") { Description = "Only those with this role.", HelpName = RoleNames.Admin };
        var disabled = new Option<bool>("--disabled") { Description = "Only those who are locked out." };
        var limit = new Option<int>("--limit") { Description = $"Rows at most, up to {MostListed}.", DefaultValueFactory = _ => 50, HelpName = "rows" };
        var offset = new Option<int>("--offset") { Description = "Rows to skip.", HelpName = "rows" };
        limit.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !(int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var rows) && rows is > 0 and <= MostListed))
                result.AddError($"--limit is between 1 and {MostListed}.");
        });
        offset.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                result.AddError("--offset is 0 or more.");
        });
        return frame.OnDatabase(
            "list",
            "List users, the newest first.",
            "users list --search anna",
            (services, line, cancellationToken) => ListAsync(
                services,
                new UserQuery(line.GetValue(search), Limit: line.GetValue(limit), Offset: line.GetValue(offset)) { Role = line.GetValue(role), Disabled = line.GetValue(disabled) ? true : null },
                cancellationToken),
            search,
            role,
            disabled,
            limit,
            offset);
    }

    private static async Task<CommandResult> ListAsync(IServiceProvider services, UserQuery query, CancellationToken cancellationToken)
    {
        var found = await services.GetRequiredService<UserQueries>().ListAsync(query, cancellationToken);
        var table = Columns.Align(
        [
            ["id", "address", "name", "state", "roles", "last sign-in"],
            .. found.Items.Select(item => new[] { item.User.Id.ToString("D"), item.User.Email ?? item.User.PhoneNumber ?? "", item.User.Name ?? "", State(item), string.Join(' ', item.Roles), Time(item.User.LastSignInAt) }),
        ]);
        return new CommandResult($"{table}{Environment.NewLine}{found.Items.Count} of {found.Count}", new { found.Count, Results = found.Items.Select(UserJson.Of) });
    }

    private static CommandResult Show(UserWithRoles found) => new(
        string.Join(
            Environment.NewLine,
            $"id            {found.User.Id:D}",
            $"name          {found.User.Name}",
            $"e-mail        {found.User.Email}{(found.User.EmailConfirmed ? " (proved)" : "")}",
            $"phone         {found.User.PhoneNumber}{(found.User.PhoneNumberConfirmed ? " (proved)" : "")}",
            $"state         {State(found)}",
            $"roles         {string.Join(' ', found.Roles)}",
            $"made          {Time(found.User.CreatedAt)}",
            $"last sign-in  {Time(found.User.LastSignInAt)}"),
        UserJson.Of(found));

    private static ServerCommand Unlock(CommandFrame frame)
    {
        var address = CommandFrame.AddressArgument("An e-mail address, or a phone number with its calling code; with or without an account.");
        return frame.OnDatabase(
            "unlock",
            "Forget the wrong codes and passwords of an address, so that the right ones work there again.",
            "users unlock +4915112345678",
            async (services, line, cancellationToken) =>
            {
                await services.GetRequiredService<CodeUnlock>().UnlockAsync(Address.Parse(line.GetRequiredValue(address))!, CommandFrame.By, cancellationToken);
                return new CommandResult("Codes work again for this address.");
            },
            address);
    }

    private static ServerCommand Delete(CommandFrame frame)
    {
        var yes = new Option<bool>("--yes") { Description = "Yes, for good.", Required = true };
        var command = OnUser(
            frame,
            "delete",
            "Delete a user with all that belongs to the account; it cannot be undone.",
            "users delete anna@example.com --yes",
            async (services, user, cancellationToken) => Done(
                await services.GetRequiredService<UserAdministration>().DeleteAsync(user.User.Id, CommandFrame.By, cancellationToken), user, "is deleted"));
        command.Add(yes);

        // The library takes a switch that is missing for one that says no, whatever Required says.
        command.Validators.Add(result =>
        {
            if (!result.GetValue(yes))
                result.AddError("It cannot be undone: say --yes.");
        });
        return command;
    }

    private static async Task<CommandResult> DisableAsync(IServiceProvider services, UserWithRoles user, CancellationToken cancellationToken) => Done(
        await services.GetRequiredService<UserAdministration>().DisableAsync(user.User.Id, CommandFrame.By, cancellationToken), user, "is locked out; sessions and tokens have ended");

    private static async Task<CommandResult> EnableAsync(IServiceProvider services, UserWithRoles user, CancellationToken cancellationToken) => Done(
        await services.GetRequiredService<UserAdministration>().EnableAsync(user.User.Id, CommandFrame.By, cancellationToken), user, "may sign in");

    private static CommandResult Done(UserChange change, UserWithRoles user, string what) => change switch
    {
        UserChange.Done => new CommandResult($"{user.User.Id:D} {what}.", new { user.User.Id, message = what }),
        UserChange.LastAdministrator => new CommandResult(
            $"{user.User.Id:D} is the last administrator: make another first, dotnet IdentityServer.dll admin create", ExitCode: ExitCodes.Act),
        _ => new CommandResult($"{user.User.Id:D} is gone meanwhile.", ExitCode: ExitCodes.Act),
    };

    private static ServerCommand OnUser(
        CommandFrame frame, string name, string description, string example, Func<IServiceProvider, UserWithRoles, CancellationToken, Task<CommandResult>> handler) => frame.OnDatabase(
        name,
        description,
        example,
        async (services, line, cancellationToken) =>
        {
            var queries = services.GetRequiredService<UserQueries>();
            var typed = line.GetRequiredValue(Who);
            var id = Guid.TryParse(typed, out var parsed) ? parsed : Address.Parse(typed) is { } address ? await queries.FindIdAsync(address, cancellationToken) : null;
            return id is { } known && await queries.FindAsync(known, cancellationToken) is { } user
                ? await handler(services, user, cancellationToken)
                : new CommandResult($"There is no such user. Look for them: dotnet IdentityServer.dll users list --search …", ExitCode: ExitCodes.Act);
        },
        Who);

    private static async Task<CommandResult> CreateAdminAsync(IServiceProvider services, Address email, string? name, CancellationToken cancellationToken)
    {
        var queries = services.GetRequiredService<UserQueries>();
        var id = await queries.FindIdAsync(email, cancellationToken);
        var isNew = id is null;
        if (isNew)
        {
            if (await services.GetRequiredService<UserDirectory>().PutAsync(email.Value, name, disabled: false, phone: null, cancellationToken) is { } problem)
                return new CommandResult(problem, ExitCode: ExitCodes.Act);
            id = await queries.FindIdAsync(email, cancellationToken);
        }

        if (id is not { } known || await queries.FindAsync(known, cancellationToken) is not { } user)
            return new CommandResult("The account is gone meanwhile.", ExitCode: ExitCodes.Act);
        if (user.User.DisabledAt is not null)
            return new CommandResult($"The account is locked: dotnet IdentityServer.dll users enable {known:D}", ExitCode: ExitCodes.Act);
        if (!user.Roles.Contains(RoleNames.Admin, StringComparer.Ordinal))
            await services.GetRequiredService<UserAdministration>().SetRolesAsync(known, [.. user.Roles, RoleNames.Admin], CommandFrame.By, cancellationToken);

        var authority = services.GetRequiredService<IOptions<ProtocolOptions>>().Value.Issuer ?? "http://localhost:5000";
        return new CommandResult(
            $"{known:D} is an administrator{(isNew ? "; the account is new" : "")}. Sign in at {authority} with a code that goes to the address.",
            new { Id = known, isNew, authority });
    }

    private static string State(UserWithRoles found) => found.User.DisabledAt is not null ? "disabled" : found.User.IsActive ? "active" : "registered";

    private static string Time(DateTimeOffset? at) => at?.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture) ?? "never";
}
