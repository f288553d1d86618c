using IdentityServer.Core.Account;
using IdentityServer.Core.Users;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.Account;

/// <summary>Where I am signed in; ends what should not be.</summary>
public sealed class SessionsModel(Sessions sessions, OwnSessions own, Visitors visitors, TimeProvider time) : SignedInPage(sessions, time)
{
    private const string EndedNotice = "ended";
    private const string OthersEndedNotice = "others-ended";
    private const int Most = 200;

    /// <summary>The live ones, this browser's first.</summary>
    public IReadOnlyList<SessionView> Sessions { get; private set; } = [];

    /// <summary>Shows them.</summary>
    public async Task OnGetAsync([FromQuery] string? notice, CancellationToken cancellationToken)
    {
        Say(notice, (EndedNotice, "Account.Ended"), (OthersEndedNotice, "Sessions.OthersEnded"));
        var all = await own.ListAsync(Session.UserId, Session.Id, 0, Most, cancellationToken);
        Sessions = [.. all.Items.OrderByDescending(session => session.IsCurrent).ThenByDescending(session => session.LastSeenAt)];
    }

    /// <summary>Ends one; another person's is left alone, silently.</summary>
    public async Task<IActionResult> OnPostEndAsync([FromForm(Name = "session")] Guid sessionId, CancellationToken cancellationToken)
    {
        await own.EndAsync(Session.UserId, sessionId, Operator.On(Session, visitors.From(HttpContext)), cancellationToken);
        return new SeeOther(Paths.Noted(Paths.Sessions, EndedNotice));
    }

    /// <summary>Ends all others.</summary>
    public async Task<IActionResult> OnPostEndOthersAsync(CancellationToken cancellationToken)
    {
        await own.EndOthersAsync(Session.UserId, Session.Id, authorization: null, Operator.On(Session, visitors.From(HttpContext)), cancellationToken);
        return new SeeOther(Paths.Noted(Paths.Sessions, OthersEndedNotice));
    }

    /// <summary>When a session was last used and where it came from.</summary>
    public string Describe(SessionView session)
    {
        var seen = session.IsCurrent ? Texts.Text("Account.ActiveNow") : Texts.Text("Account.LastActive", Spans.Ago(Now - session.LastSeenAt));
        return session.Ip is null ? seen : Texts.Text("Account.SeenFrom", seen, session.Ip);
    }
}
