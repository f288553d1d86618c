using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using IdentityServer.Core;

namespace IdentityServer.Commands;

/// <summary>
/// A command line that names a command, e.g. <c>dotnet IdentityServer.dll users list</c>. Settings (<c>--Section:Key=value</c>, <c>--environment</c>) may stand
/// anywhere on it and are the configuration's. Without a command the server runs, and every argument is a setting.
/// </summary>
internal sealed class CommandLine
{
    private static readonly string[] HostSettings = ["--environment", "--contentRoot", "--applicationName", "--urls"];
    private static readonly string[] OwnOptions = ["--help", "-h", "-?", "--version", CommandFrame.JsonName];

    private readonly string[] words;
    private readonly string[] settings;

    private CommandLine(IEnumerable<string> words, IEnumerable<string> settings)
    {
        this.words = [.. words];
        this.settings = [.. settings];
    }

    /// <summary>The command line, when it names a command or asks for help; null when the server is to run.</summary>
    public static CommandLine? Find(string[] args)
    {
        var (words, settings) = (new List<string>(), new List<string>());
        for (var i = 0; i < args.Length; i++)
        {
            var name = args[i].Split('=')[0];
            if (!IsSetting(name))
            {
                words.Add(args[i]);
                continue;
            }

            settings.Add(args[i]);
            if (name.Length == args[i].Length && i + 1 < args.Length)
                settings.Add(args[++i]);
        }

        return words is [var first, ..] && (OwnOptions.Contains(first, StringComparer.Ordinal) || first[..1] is not ("-" or "/"))
            ? new CommandLine(words, settings)
            : null;
    }

    /// <summary>Does what the words say.</summary>
    /// <param name="build">Makes the server, which is not started, from settings. Called only by commands that need it, and not for help.</param>
    /// <param name="output">Where results go, and nothing else.</param>
    /// <param name="error">Where it says what is wrong.</param>
    /// <returns>An <see cref="ExitCodes">exit code</see>.</returns>
    public async Task<int> RunAsync(Func<string[], WebApplication> build, TextWriter output, TextWriter error)
    {
        var frame = new CommandFrame(build, settings);
        var line = Root(frame).Parse(words);
        if (line.Action is ParseErrorAction)
        {
            foreach (var problem in Problems(line))
                await error.WriteLineAsync(problem);
            await error.WriteLineAsync($"See: dotnet IdentityServer.dll {CommandFrame.Path(line.CommandResult)}--help");
            return ExitCodes.Usage;
        }

        return await line.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
    }

    /// <summary>Every command.</summary>
    internal static RootCommand Root(CommandFrame frame)
    {
        var root = new RootCommand("An OpenID Connect server whose users sign in without passwords. Without a command it runs; then --urls and --Section:Key=value are settings, which commands take, too.")
        {
            frame.Json,
            MaintenanceCommands.Migrate(frame),
            MaintenanceCommands.Prune(frame),
            Doctor.Command(frame),
            Health.Command(frame),
            SendTest.Command(frame),
            UsersCommands.Admin(frame),
            UsersCommands.Group(frame),
            SuppressionsCommands.Group(frame),
            ApplicationsCommands.Group(frame),
            KeysCommands.Group(frame),
            ConfigurationCommands.Plan(frame),
            ConfigurationCommands.Apply(frame),
        };
        root.HelpName = "dotnet IdentityServer.dll";
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExample((SynchronousCommandLineAction)help.Action!);
        return root;
    }

    private static IEnumerable<string> Problems(ParseResult line)
    {
        var commands = line.CommandResult.Command.Subcommands.Select(command => command.Name).ToList();
        return commands.Count == 0 ? line.Errors.Select(error => error.Message)
            : line.UnmatchedTokens is [var typed, ..] ? [$"There is no command \"{typed}\"; {NearestName.Advice(typed, commands)}"]
            : [$"A command is missing: {string.Join(", ", commands)}."];
    }

    private static bool IsSetting(string name) => name.StartsWith("--", StringComparison.Ordinal)
        && (name.Contains(':', StringComparison.Ordinal) || HostSettings.Contains(name, StringComparer.OrdinalIgnoreCase));

    private sealed class HelpWithExample(SynchronousCommandLineAction usual) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var code = usual.Invoke(parseResult);
            if (parseResult.CommandResult.Command is ServerCommand command)
                parseResult.InvocationConfiguration.Output.WriteLine($"Example:{Environment.NewLine}  dotnet IdentityServer.dll {command.Example}{Environment.NewLine}");
            return code;
        }
    }
}
