using IdentityServer.Core.Administration;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>One message on its way; never what it says.</summary>
public sealed class MessageModel(MessageAdministration messages, Issuer issuer, TimeProvider time) : AdminPage
{
    /// <summary>Which.</summary>
    [BindProperty(SupportsGet = true)]
    public Guid Id { get; set; }

    /// <summary>The message.</summary>
    public MessageView View { get; private set; } = null!;

    /// <summary>What its provider reported.</summary>
    public IReadOnlyList<MessageEvent> Steps { get; private set; } = [];

    /// <summary>Shows the page.</summary>
    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken) => await LoadAsync(cancellationToken) ? Page() : NotFound();

    /// <summary>Tries it again.</summary>
    public async Task<IActionResult> OnPostRetryAsync(CancellationToken cancellationToken)
    {
        var outcome = await messages.RetryAsync(Id, issuer.For(HttpContext), By, cancellationToken);
        if (outcome is RetryOutcome.Queued)
            return Done(Paths.Message(Id), "retried");
        if (outcome is RetryOutcome.NotFound || !await LoadAsync(cancellationToken))
            return NotFound();

        return outcome is RetryOutcome.TryLater(var at)
            ? Refuse($"The limits hold for administrators too: try again in {Math.Max(1, Math.Ceiling((at - time.GetUtcNow()).TotalMinutes)):0} minutes.", StatusCodes.Status429TooManyRequests)
            : Refuse(((RetryOutcome.Refused)outcome).Reason);
    }

    private async Task<bool> LoadAsync(CancellationToken cancellationToken)
    {
        if (await messages.FindAsync(Id, cancellationToken) is not var (view, steps))
            return false;
        (View, Steps) = (view, steps);
        return true;
    }
}
