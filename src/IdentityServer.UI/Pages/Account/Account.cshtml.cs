using IdentityServer.Core.Account;
using IdentityServer.Core.Users;
using IdentityServer.UI.Resources;

namespace IdentityServer.UI.Pages.Account;

/// <summary>Who I am, and the way to everything that I can see and change.</summary>
public sealed class AccountModel(Sessions sessions, AccountOverview account, OwnSessions ownSessions, OwnApplications applications, TimeProvider time) : SignedInPage(sessions, time)
{
    /// <summary>The signed-in person.</summary>
    public Me Me { get; private set; } = null!;

    /// <summary>The same in a line.</summary>
    public Person Person => new(Me.Name, Me.Email ?? Me.Phone);

    /// <summary>How many browsers are signed in.</summary>
    public int Sessions { get; private set; }

    /// <summary>How many applications have access.</summary>
    public int Applications { get; private set; }

    /// <summary>Shows the page.</summary>
    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        Me = await account.ReadAsync(Session, cancellationToken);
        Sessions = (await ownSessions.ListAsync(Me.Id, Session.Id, 0, 0, cancellationToken)).Count;
        Applications = (await applications.ListAsync(Me.Id, 0, 0, cancellationToken)).Count;
    }

    /// <summary>How long ago, in words.</summary>
    public string Ago(DateTimeOffset at) => Spans.Ago(Now - at);
}
