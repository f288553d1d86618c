using IdentityServer.Core.Account;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.SignIn;

/// <summary>Before something sensitive: sends a code to an address of who is signed in (<c>/sign-in/prove?for=place</c>).</summary>
public sealed class ProveModel(Sessions sessions, AccountOverview account, ConfirmPresence presence, DeliveryChannels channels, Visitors visitors, TimeProvider time)
    : SignedInPage(sessions, time)
{
    /// <summary>The place that asks: a name, from the address of the page.</summary>
    [FromQuery(Name = "for")]
    public string? For { get; set; }

    /// <summary>Where a code can be sent, masked: who sits at somebody else's screen need not learn more.</summary>
    public IReadOnlyList<(Channel Channel, string Address)> Addresses { get; private set; } = [];

    /// <summary>Shows where.</summary>
    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        if (ProofPlace.Find(For) is not { } place)
            return NotFound();
        return place.IsProved(Session, Now) ? new SeeOther(place.Path) : await ShowAsync(cancellationToken);
    }

    /// <summary>Sends the code.</summary>
    public async Task<IActionResult> OnPostAsync([FromForm] Channel? channel, CancellationToken cancellationToken)
    {
        if (ProofPlace.Find(For) is not { } place)
            return NotFound();

        switch (await presence.SendAsync(channel, Requester.On(Session, visitors.From(HttpContext)), cancellationToken))
        {
            case SendOutcome.Sent(var code):
                return new SeeOther(Paths.ProveCode(place.Name, code.Challenge!));
            case SendOutcome.TryLater(var at):
                this.RetryAfter(at - Now);
                Notice = new Notice(Texts.Text("SignIn.TryLater", Spans.Wait(at - Now)));
                return await ShowAsync(cancellationToken);
            default:
                Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
                return await ShowAsync(cancellationToken);
        }
    }

    private async Task<IActionResult> ShowAsync(CancellationToken cancellationToken)
    {
        var me = await account.ReadAsync(Session, cancellationToken);
        var addresses = new List<(Channel, string)>();
        if (me is { EmailVerified: true, Email: { } email })
            addresses.Add((Channel.Email, MaskedAddress.Of(email)!));
        if (me is { PhoneVerified: true, Phone: { } phone } && channels.CanReach(Channel.Sms))
            addresses.Add((Channel.Sms, MaskedAddress.Of(phone)!));
        Addresses = addresses;
        return Page();
    }
}
