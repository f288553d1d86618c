using IdentityServer.Core.Account;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.Account;

/// <summary>An address of the account, or the place for one.</summary>
/// <param name="Channel">Which kind.</param>
/// <param name="Address">Which; null when there is none.</param>
/// <param name="IsProved">Whether a code proved it.</param>
/// <param name="CanReach">Whether this server can send a code there.</param>
/// <param name="CanRemove">Whether another proved one stays.</param>
public sealed record AddressKind(Channel Channel, string? Address, bool IsProved, bool CanReach, bool CanRemove);

/// <summary>The account's e-mail address and phone number: confirm, change, add, remove.</summary>
public sealed class AddressesModel(Sessions sessions, AccountOverview account, ChangeAddress change, DeliveryChannels channels, Visitors visitors, TimeProvider time)
    : SignedInPage(sessions, time)
{
    internal const string ChangedNotice = "changed";
    internal const string ConfirmedNotice = "confirmed";
    private const string RemovedNotice = "removed";

    /// <summary>The addresses.</summary>
    public IReadOnlyList<AddressKind> Kinds { get; private set; } = [];

    /// <summary>What was typed.</summary>
    public string? Typed { get; private set; }

    /// <summary>What is wrong with it.</summary>
    public string? Mistake { get; private set; }

    /// <summary>Where it was typed.</summary>
    public Channel? Mistaken { get; private set; }

    /// <inheritdoc/>
    protected override ProofPlace Place => ProofPlace.Addresses;

    /// <summary>Shows the addresses.</summary>
    public async Task<IActionResult> OnGetAsync([FromQuery] string? notice, CancellationToken cancellationToken)
    {
        Say(notice, (ChangedNotice, "Addresses.Changed"), (ConfirmedNotice, "Addresses.Confirmed"), (RemovedNotice, "Addresses.Removed"));
        return await ShowAsync(cancellationToken);
    }

    /// <summary>Sends a code to the new address, or to one that was never proved.</summary>
    public async Task<IActionResult> OnPostStartAsync([FromForm] Channel channel, [FromForm] string? address, CancellationToken cancellationToken)
    {
        switch (await change.StartAsync(channel, address, Requester.On(Session, visitors.From(HttpContext)), cancellationToken))
        {
            case SendOutcome.Sent(var code):
                return new SeeOther(Paths.AddressCode(code.Challenge!));
            case SendOutcome.TryLater(var at):
                this.RetryAfter(at - Now);
                Notice = new Notice(Texts.Text("SignIn.TryLater", Spans.Wait(at - Now)));
                break;
            case SendOutcome.Unusable unusable:
                (Typed, Mistaken, Mistake) = (address, channel, MistakeOf(unusable, channel));
                Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
                break;
        }

        return await ShowAsync(cancellationToken);
    }

    /// <summary>Removes an address.</summary>
    public async Task<IActionResult> OnPostRemoveAsync([FromForm] Channel channel, CancellationToken cancellationToken)
    {
        if (await change.RemoveAsync(channel, Requester.On(Session, visitors.From(HttpContext)), cancellationToken) == RemoveOutcome.Removed)
            return new SeeOther(Paths.Noted(Paths.Addresses, RemovedNotice));

        Notice = new Notice(Texts.Text("Addresses.LastOne"));
        Response.StatusCode = StatusCodes.Status409Conflict;
        return await ShowAsync(cancellationToken);
    }

    private static string MistakeOf(SendOutcome.Unusable unusable, Channel channel) => Texts.Text(
        unusable.IsOwn ? "Addresses.AlreadyYours"
        : unusable.GetsNoMessages ? "SignIn.NoMessages"
        : channel == Channel.Sms ? "Addresses.NotANumber"
        : "SignIn.NotAnAddress");

    private async Task<IActionResult> ShowAsync(CancellationToken cancellationToken)
    {
        var me = await account.ReadAsync(Session, cancellationToken);
        var email = new AddressKind(Channel.Email, me.Email, me.EmailVerified, channels.CanReach(Channel.Email), CanRemove: me.PhoneVerified && channels.CanReach(Channel.Sms));
        var phone = new AddressKind(Channel.Sms, me.Phone, me.PhoneVerified, channels.CanReach(Channel.Sms), CanRemove: me.EmailVerified);
        Kinds = phone.CanReach || phone.Address is not null ? [email, phone] : [email];
        return Page();
    }
}
