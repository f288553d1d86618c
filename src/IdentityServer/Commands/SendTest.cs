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

    public static async Task<CommandResult> RunAsync(IServiceProvider services, string[] args, CancellationToken cancellationToken)
    {
        if (AddressIn(args) is not { } typed)
            return new CommandResult("Say whom to: send-test --to someone@example.com", 1);
        if (Address.Parse(typed) is not { } address)
            return new CommandResult("What follows --to is no address that can be written to.", 1);

        var senders = services.GetRequiredService<Senders>().Of(address.Channel);
        if (senders.Count == 0)
            return new CommandResult($"No sender is configured for {address.Channel}: see the section Delivery in docs/configuration.md.", 1);

        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var content = new RenderedMessage(
            "Test message",
            string.Create(CultureInfo.InvariantCulture, $"This is a test message of the sign-in server, sent at {now:yyyy-MM-dd HH:mm:ss} UTC. Nothing needs to be done."),
            Html: null);
        var lines = new List<string>();
        var isWell = true;
        foreach (var sender in senders)
        {
            var (well, said) = await TryAsync(sender, new OutgoingMessage(Guid.CreateVersion7(now), address.Value, content, now.AddMinutes(5)), cancellationToken);
            isWell &= well;
            lines.Add($"{sender.Name}: {said}");
        }

        return new CommandResult(string.Join(Environment.NewLine, lines), isWell ? 0 : 1);
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

    private static string? AddressIn(string[] args)
    {
        if (Array.Find(args, arg => arg.StartsWith("--to=", StringComparison.Ordinal)) is { } joined)
            return joined["--to=".Length..];
        var at = Array.IndexOf(args, "--to");
        return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
    }
}
