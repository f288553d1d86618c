using IdentityServer.Core.Account;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.SignIn;
using IdentityServer.Core.Users;
using IdentityServer.Protocol.Model;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.UI.Pages.Account;

/// <summary>Who I am, and where I am signed in.</summary>
public sealed class AccountModel(
    AccountOverview account, Sessions sessions, StartSignIn start, DeliveryChannels channels, Visitors visitors, TimeProvider time) : PageModel
{
    private const string EndedNotice = "ended";

    /// <summary>The signed-in person.</summary>
    public Me Me { get; private set; } = null!;

    /// <summary>The same in a line; the address follows below.</summary>
    public Person Person => new(Me.Name, Me.Name is null ? Me.Email ?? Me.Phone : null);

    /// <summary>Their live sessions.</summary>
    public IReadOnlyList<SessionView> Sessions { get; private set; } = [];

    /// <summary>What was just done.</summary>
    public Notice? Notice { get; private set; }

    /// <summary>Shows the page.</summary>
    public async Task<IActionResult> OnGetAsync([FromQuery] string? notice, CancellationToken cancellationToken)
    {
        if (await sessions.CurrentAsync(HttpContext) is not { } session)
            return new SeeOther(Paths.SignIn(null));

        if (notice == EndedNotice)
            Notice = new Notice(Texts.Text("Account.Ended"), IsProblem: false);
        return await ShowAsync(session, cancellationToken);
    }

    /// <summary>Sends a code to an address of mine that is not confirmed; typing it in this browser confirms the address.</summary>
    public async Task<IActionResult> OnPostConfirmAsync([FromForm] Channel channel, CancellationToken cancellationToken)
    {
        if (await sessions.CurrentAsync(HttpContext) is not { } session)
            return new SeeOther(Paths.SignIn(null));

        var me = await account.ReadAsync(session, cancellationToken);
        var address = channel == Channel.Email ? me.Email : me.Phone;
        switch (await start.StartAsync(address ?? "", parkedRequest: null, visitors.From(HttpContext), cancellationToken))
        {
            case StartOutcome.Started started:
                return new SeeOther(Paths.Code(started.ChallengeId, request: null));
            case StartOutcome.TryLater later:
                this.RetryAfter(later.At - time.GetUtcNow());
                Notice = new Notice(Texts.Text("SignIn.TryLater", Spans.Wait(later.At - time.GetUtcNow())));
                return await ShowAsync(session, cancellationToken);
            default:
                return new SeeOther(Paths.Account);
        }
    }

    /// <summary>Whether a code can be sent there.</summary>
    public bool CanConfirm(Channel channel) => channels.CanReach(channel);

    /// <summary>Ends one session.</summary>
    public async Task<IActionResult> OnPostEndAsync([FromForm(Name = "session")] Guid sessionId, CancellationToken cancellationToken)
    {
        if (await sessions.CurrentAsync(HttpContext) is not { } current)
            return new SeeOther(Paths.SignIn(null));

        await sessions.EndOneAsync(current.UserId, sessionId, cancellationToken);
        return new SeeOther($"{Paths.Account}?notice={EndedNotice}");
    }

    private async Task<IActionResult> ShowAsync(Session session, CancellationToken cancellationToken)
    {
        Me = await account.ReadAsync(session, cancellationToken);
        Sessions = await sessions.ListAsync(session, cancellationToken);
        return Page();
    }

    /// <summary>When a session was last used and where it came from.</summary>
    public string Describe(SessionView session)
    {
        var seen = session.IsCurrent ? Texts.Text("Account.ActiveNow") : Texts.Text("Account.LastActive", Spans.Ago(time.GetUtcNow() - session.LastSeenAt));
        return session.Ip is null ? seen : Texts.Text("Account.SeenFrom", seen, session.Ip);
    }
}
