using System.CommandLine;
using System.Globalization;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Users;

namespace IdentityServer.Commands;

/// <summary>
/// <c>send-test --to address</c>: hands a test message to every sender of the address's channel and prints what each provider said. Nothing is
/// queued or tried again.
/// </summary>
internal static class SendTest
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static ServerCommand Command(CommandFrame frame)
    {
        var to = new Option<string>("--to") { Description = "An e-mail address, or a phone number with its calling code.", Required = true, HelpName = "address" };
        to.Validators.Add(result =>
        {
            if (Address.Parse(result.GetValueOrDefault<string>()) is null)
                result.AddError("What follows --to is no address that can be written to.");
        });
        return frame.OnServer(
            "send-test",
            "Hand a test message to every sender of the address's channel; not queued, and not counted in limits or budget.",
            "send-test --to someone@example.com",
            (services, line, cancellationToken) => RunAsync(services, Address.Parse(line.GetRequiredValue(to))!, cancellationToken),
            to);
    }

    private static async Task<CommandResult> RunAsync(IServiceProvider services, Address address, CancellationToken cancellationToken)
    {
        var senders = services.GetRequiredService<Senders>().Of(address.Channel);
        if (senders.Count == 0)
            return new CommandResult($"No sender is configured for {address.Channel}: see the section Delivery in docs/configuration.md.", ExitCode: ExitCodes.Act);

        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var content = new RenderedMessage(
            "Test message",
            string.Create(CultureInfo.InvariantCulture, $"This is a test message of the sign-in server, sent at {now:yyyy-MM-dd HH:mm:ss} UTC. Nothing needs to be done."),
            Html: null);
        var answers = new List<(string Sender, bool IsWell, string Said)>();
        foreach (var sender in senders)
        {
            var (well, said) = await TryAsync(sender, new OutgoingMessage(Guid.CreateVersion7(now), address.Value, content, now.AddMinutes(5)), cancellationToken);
            answers.Add((sender.Name, well, said));
        }

        return new CommandResult(
            string.Join(Environment.NewLine, answers.Select(answer => $"{answer.Sender}: {answer.Said}")),
            answers.ConvertAll(answer => new { answer.Sender, answer.IsWell, answer.Said }),
            answers.TrueForAll(answer => answer.IsWell) ? ExitCodes.Done : ExitCodes.Act);
    }

    // Reasons hold no address, no content and no secret: that is every sender's contract.
    private static async Task<(bool IsWell, string Said)> TryAsync(ISender sender, OutgoingMessage message, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            return await sender.SendAsync(message, limit.Token) switch
            {
                SendResult.Accepted(var id) => (true, id is null ? "accepted." : $"accepted as {id}."),
                SendResult.Rejected(var reason, _) => (false, $"the address is refused for good: {reason}."),
                SendResult.Misconfigured(var reason) => (false, $"this server is refused; mend the configuration: {reason}."),
                SendResult.Retry(var reason) => (false, $"not now: {reason}. The server itself would try again."),
                SendResult.Ambiguous(var reason) => (false, $"it may have been taken: {reason}."),
                _ => throw new InvalidOperationException(),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (false, "no answer in half a minute.");
        }
    }
}
