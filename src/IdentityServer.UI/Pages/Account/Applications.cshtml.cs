using IdentityServer.Core.Account;
using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using IdentityServer.UI.Pages.Consent;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.Account;

/// <summary>An application with access, in words.</summary>
public sealed record ApplicationWords(string ClientId, string Name, DateTimeOffset GrantedAt, IReadOnlyList<string> Scopes);

/// <summary>Which applications have access to my account, and to what; takes it away.</summary>
public sealed class ApplicationsModel(Sessions sessions, OwnApplications own, IRegistry registry, Visitors visitors, TimeProvider time) : SignedInPage(sessions, time)
{
    private const string RevokedNotice = "revoked";
    private const int Most = 200;

    /// <summary>By when they last got access.</summary>
    public IReadOnlyList<ApplicationWords> Applications { get; private set; } = [];

    /// <summary>Shows them.</summary>
    public async Task OnGetAsync([FromQuery] string? notice, CancellationToken cancellationToken)
    {
        Say(notice, (RevokedNotice, "Applications.Revoked"));
        var known = await registry.ScopesAsync(cancellationToken);
        var all = await own.ListAsync(Session.UserId, 0, Most, cancellationToken);
        Applications = [.. all.Items.Select(item => new ApplicationWords(
            item.ClientId,
            item.Name,
            item.GrantedAt,
            [.. item.Scopes.Select(scope => known.TryGetValue(scope, out var found) ? ScopeWords.For(found, new HashSet<string>(StringComparer.Ordinal)).Title : scope)]))];
    }

    /// <summary>Takes all access of one away; what has none is left alone, silently.</summary>
    public async Task<IActionResult> OnPostRevokeAsync([FromForm(Name = "application")] string? clientId, CancellationToken cancellationToken)
    {
        await own.RevokeAsync(Session.UserId, clientId ?? "", Operator.On(Session, visitors.From(HttpContext)), cancellationToken);
        return new SeeOther(Paths.Noted(Paths.Applications, RevokedNotice));
    }

    /// <summary>When access was given, in words.</summary>
    public string When(DateTimeOffset at) => Spans.When(at, Now);
}
