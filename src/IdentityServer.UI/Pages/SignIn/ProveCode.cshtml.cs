using IdentityServer.Core.Account;
using IdentityServer.Core.Users;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.SignIn;

/// <summary>The code that is fresh proof: the session is as good as new, and the person goes on to what asked for it.</summary>
public sealed class ProveCodeModel(Sessions sessions, ConfirmPresence presence, Visitors visitors, TimeProvider time) : OwnCodePage(sessions, visitors, time)
{
    private readonly Sessions sessions = sessions;

    /// <summary>The place that asks: a name, from the address of the page.</summary>
    [FromQuery(Name = "for")]
    public string? For { get; set; }

    /// <inheritdoc/>
    protected override string StartPath => ProofPlace.Find(For) is { } place ? Paths.Prove(place.Name) : Paths.Account;

    /// <inheritdoc/>
    protected override string CancelPath => Paths.Account;

    /// <inheritdoc/>
    protected override string CodePath(string challenge, string? notice) => Paths.ProveCode(For ?? "", challenge, notice);

    /// <inheritdoc/>
    protected override Task<OwnCodeView?> LookAsync(Requester requester, CancellationToken cancellationToken) =>
        presence.LookAsync(ChallengeId, requester, cancellationToken);

    /// <inheritdoc/>
    protected override Task<ConfirmOutcome> CheckAsync(string code, Requester requester, CancellationToken cancellationToken) =>
        presence.CheckAsync(ChallengeId, code, requester, cancellationToken);

    /// <inheritdoc/>
    protected override Task<SendOutcome?> ResendAsync(Requester requester, CancellationToken cancellationToken) =>
        presence.ResendAsync(ChallengeId, requester, cancellationToken);

    /// <inheritdoc/>
    protected override async Task<IActionResult> ConfirmedAsync(OwnCodeView view, CancellationToken cancellationToken) =>
        await sessions.RenewAsync(HttpContext, Session, view.Channel)
            ? new SeeOther(ProofPlace.Find(For)?.Path ?? Paths.Account)
            : new SeeOther(Paths.SignIn(null));

    /// <inheritdoc/>
    protected override Dictionary<string, string> Route() => new(base.Route(), StringComparer.Ordinal) { ["for"] = For ?? "" };
}
