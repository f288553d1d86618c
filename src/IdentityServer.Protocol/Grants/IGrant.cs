using IdentityServer.Protocol.Clients;
using IdentityServer.Protocol.Model;

namespace IdentityServer.Protocol.Grants;

/// <summary>
/// One grant type: decides whether what the client presents is worth tokens. Register it with
/// <c>services.AddScoped&lt;IGrant, XGrant&gt;()</c> and allow its type on an application. Parsing, client authentication, permission,
/// scopes, signing, writing and discovery are the token endpoint's.
/// </summary>
public interface IGrant
{
    /// <summary>The value of <c>grant_type</c> that it answers to.</summary>
    string GrantType { get; }

    /// <summary>Checks what was presented; writes nothing that tokens are bought with: that is the approval's <see cref="Approval.Spend"/>.</summary>
    Task<GrantResult> AuthorizeAsync(TokenRequest request, CancellationToken cancellationToken);
}

/// <summary>A request at the token endpoint whose client is authenticated and may use the grant.</summary>
/// <param name="Client">Who asks.</param>
/// <param name="Parameters">The form.</param>
/// <param name="Scopes">The <c>scope</c> parameter: each known and the application's to ask for; null when it was not sent.</param>
/// <param name="At">When it was received.</param>
public sealed record TokenRequest(AuthenticatedClient Client, Parameters Parameters, IReadOnlyList<string>? Scopes, DateTimeOffset At)
{
    /// <summary>Where it came from, behind configured proxies the forwarded address; null when that is not known.</summary>
    public string? Ip { get; init; }
}

/// <summary>What a grant decided.</summary>
public abstract record GrantResult
{
    private GrantResult()
    {
    }

    /// <summary>Tokens are due.</summary>
    public sealed record Approved(Approval Approval) : GrantResult;

    /// <summary>They are not.</summary>
    public sealed record Refused(ProtocolError Error) : GrantResult;
}

/// <summary>What tokens are due for. The issuer turns it into claims and one <see cref="Issuance"/>.</summary>
public sealed record Approval
{
    /// <summary>For whom; null when the application acts for itself.</summary>
    public Guid? UserId { get; init; }

    /// <summary>What is granted, already checked against what the application may ask for.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>The browser's sign-in, if one was there: <c>sid</c>.</summary>
    public Guid? SessionId { get; init; }

    /// <summary>When the person proved who they are: <c>auth_time</c>.</summary>
    public DateTimeOffset? AuthenticatedAt { get; init; }

    /// <summary>How: <c>amr</c>.</summary>
    public IReadOnlyList<string> Methods { get; init; } = [];

    /// <summary>The authorization request's <c>nonce</c>, for the ID token.</summary>
    public string? Nonce { get; init; }

    /// <summary>The authorization that exists already; when null and there is a user, the issuer writes an ad hoc one.</summary>
    public Guid? AuthorizationId { get; init; }

    /// <summary>What is spent, in the same transaction that writes what it bought.</summary>
    public Spend? Spend { get; init; }

    /// <summary>What happens about a refresh token.</summary>
    public RefreshChoice Refresh { get; init; } = RefreshChoice.NewIfOffline;

    /// <summary>What to answer when <see cref="Spend"/> lost a race.</summary>
    public Func<CancellationToken, Task<GrantResult>>? OnSpendLost { get; init; }
}

/// <summary>What happens about a refresh token.</summary>
public abstract record RefreshChoice
{
    private RefreshChoice()
    {
    }

    /// <summary>A new family when <c>offline_access</c> is granted and the application may refresh; the usual choice.</summary>
    public static RefreshChoice NewIfOffline { get; } = new New();

    /// <summary>No refresh token.</summary>
    public static RefreshChoice None { get; } = new Never();

    /// <summary>See <see cref="NewIfOffline"/>.</summary>
    public sealed record New : RefreshChoice;

    /// <summary>See <see cref="None"/>.</summary>
    public sealed record Never : RefreshChoice;

    /// <summary>This refresh token: the successor in an existing family.</summary>
    public sealed record Successor(string Token) : RefreshChoice;
}
