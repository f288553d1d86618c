using IdentityServer.Core.Account;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.Account;

/// <summary>
/// The code that proves a new address. Fresh proof was asked for when it was sent; that a message takes a while must not cost the person another round.
/// </summary>
public sealed class AddressCodeModel(Sessions sessions, AccountOverview account, ChangeAddress change, Visitors visitors, TimeProvider time) : OwnCodePage(sessions, visitors, time)
{
    private bool replaces;

    /// <inheritdoc/>
    protected override string StartPath => Paths.Addresses;

    /// <inheritdoc/>
    protected override string CodePath(string challenge, string? notice) => Paths.AddressCode(challenge, notice);

    /// <inheritdoc/>
    protected override Task<OwnCodeView?> LookAsync(Requester requester, CancellationToken cancellationToken) =>
        change.LookAsync(ChallengeId, requester, cancellationToken);

    /// <inheritdoc/>
    protected override async Task<ConfirmOutcome> CheckAsync(string code, Requester requester, CancellationToken cancellationToken)
    {
        var me = await account.ReadAsync(Session, cancellationToken);
        replaces = View is { Channel: Channel.Email } ? me.EmailVerified : me.PhoneVerified;
        return await change.ConfirmAsync(ChallengeId, code, requester, cancellationToken);
    }

    /// <inheritdoc/>
    protected override Task<SendOutcome?> ResendAsync(Requester requester, CancellationToken cancellationToken) =>
        change.ResendAsync(ChallengeId, requester, cancellationToken);

    /// <inheritdoc/>
    protected override Task<IActionResult> ConfirmedAsync(OwnCodeView view, CancellationToken cancellationToken) =>
        Task.FromResult<IActionResult>(new SeeOther(Paths.Noted(Paths.Addresses, replaces ? AddressesModel.ChangedNotice : AddressesModel.ConfirmedNotice)));
}
