using System.Globalization;
using IdentityServer.Core.Administration;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>What was sent, and what became of it.</summary>
public sealed class MessagesModel(MessageAdministration messages) : AdminPage
{
    /// <summary>Only what came to this.</summary>
    [BindProperty(SupportsGet = true)]
    public MessageStatus? Status { get; set; }

    /// <summary>Only what travels so.</summary>
    [BindProperty(SupportsGet = true)]
    public Channel? Channel { get; set; }

    /// <summary>Only what this provider took.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Provider { get; set; }

    /// <summary>This part of the list.</summary>
    public Listed<MessageView> Messages { get; private set; } = new(0, []);

    /// <summary>Shows the list.</summary>
    public async Task OnGetAsync(CancellationToken cancellationToken) => Messages = await messages.ListAsync(
        new MessageQuery { Status = Status, Channel = Channel, Provider = string.IsNullOrWhiteSpace(Provider) ? null : Provider.Trim(), Limit = PageSize, Offset = Offset }, cancellationToken);

    /// <summary>From queued to taken.</summary>
    public static string Lasted(Message message) =>
        message.SentAt is { } sent ? $"{(sent - message.CreatedAt).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s" : "–";
}
