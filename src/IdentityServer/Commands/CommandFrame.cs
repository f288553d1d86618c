using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;

namespace IdentityServer.Commands;

/// <summary>What the process ends with.</summary>
internal static class ExitCodes
{
    /// <summary>It is done; nobody has to do anything.</summary>
    public const int Done = 0;

    /// <summary>Somebody must act: the text says what to do.</summary>
    public const int Act = 1;

    /// <summary>The command line was not understood; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary><c>plan</c>: there is something to apply.</summary>
    public const int Pending = 3;
}

/// <summary>What a command did.</summary>
/// <param name="Text">In words.</param>
/// <param name="Data">The same for <c>--json</c>; null: <c>{"message": text}</c>.</param>
/// <param name="ExitCode">One of <see cref="ExitCodes"/>.</param>
internal sealed record CommandResult(string Text, object? Data = null, int ExitCode = ExitCodes.Done);

/// <summary>What a command does: with the server's services, what stands on the line, and a token that ends it at Ctrl+C.</summary>
internal delegate Task<CommandResult> Handler(IServiceProvider services, ParseResult line, CancellationToken cancellationToken);

/// <summary>A command with an example for its help.</summary>
internal sealed class ServerCommand(string name, string description, string example) : Command(name, description)
{
    /// <summary>What to type after <c>dotnet IdentityServer.dll</c>.</summary>
    public string Example => example;
}

/// <summary>What all commands share: they get services in a scope of their own and return a result, which is printed as text or as JSON.</summary>
internal sealed class CommandFrame(Func<string[], WebApplication> build, string[] settings)
{
    /// <summary>Who acts, for the audit log.</summary>
    public static readonly Operator By = new(UserId: null, "command");

    /// <summary>The option that every command has.</summary>
    public const string JsonName = "--json";

    // Results alone go to standard output.
    private const string LogToStandardError = "--Logging:Console:LogToStandardErrorThreshold=Trace";

    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web)
    {
        // As in the API.
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Prints results as JSON.</summary>
    public Option<bool> Json { get; } = new(JsonName) { Description = "Print the result as JSON.", Recursive = true };

    /// <summary>An address that need not have an account.</summary>
    public static Argument<string> AddressArgument(string description)
    {
        var address = new Argument<string>("address") { Description = description };
        address.Validators.Add(result =>
        {
            if (Address.Parse(result.GetValueOrDefault<string>()) is null)
                result.AddError("This is neither an e-mail address nor a phone number with its calling code.");
        });
        return address;
    }

    /// <summary>A command that needs the database as it should be: outside Development it ends where migrations are pending.</summary>
    public ServerCommand OnDatabase(string name, string description, string example, Handler handler, params Symbol[] symbols) => OnServer(
        name,
        description,
        example,
        async (services, line, cancellationToken) =>
        {
            await services.GetRequiredService<DatabaseMigrator>().PrepareAsync(cancellationToken);
            return await handler(services, line, cancellationToken);
        },
        symbols);

    /// <summary>A command that needs the server's services.</summary>
    public ServerCommand OnServer(string name, string description, string example, Handler handler, params Symbol[] symbols) => Alone(
        name,
        description,
        example,
        async (line, cancellationToken) =>
        {
            await using var app = build([.. settings, LogToStandardError]);
            await using var scope = app.Services.CreateAsyncScope();
            return await handler(scope.ServiceProvider, line, cancellationToken);
        },
        symbols);

    /// <summary>A command that needs nothing of the server.</summary>
    public ServerCommand Alone(string name, string description, string example, Func<ParseResult, CancellationToken, Task<CommandResult>> handler, params Symbol[] symbols)
    {
        var command = new ServerCommand(name, description, example);
        foreach (var symbol in symbols)
        {
            if (symbol is Option option)
                command.Add(option);
            else
                command.Add((Argument)symbol);
        }

        command.SetAction(async (line, cancellationToken) =>
        {
            var result = await handler(line, cancellationToken);
            var text = line.GetValue(Json) ? JsonSerializer.Serialize(result.Data ?? new { message = result.Text }, JsonOptions) : result.Text;
            await line.InvocationConfiguration.Output.WriteLineAsync(text);
            return result.ExitCode;
        });
        return command;
    }

    /// <summary>A command's words, each followed by a space; empty for the root.</summary>
    public static string Path(System.CommandLine.Parsing.CommandResult result) =>
        result.Parent is System.CommandLine.Parsing.CommandResult parent ? $"{Path(parent)}{result.Command.Name} " : "";
}
