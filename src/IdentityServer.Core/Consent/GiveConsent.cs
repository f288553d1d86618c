using IdentityServer.Protocol.Authorize;
using IdentityServer.Protocol.Model;

namespace IdentityServer.Core.Consent;

/// <summary>What the consent page shows.</summary>
/// <param name="Application">Who asks.</param>
/// <param name="Scopes">What it asks for, with the words for people.</param>
/// <param name="Remembered">Names of scopes that the person allowed before.</param>
public sealed record ConsentView(Application Application, IReadOnlyList<Scope> Scopes, IReadOnlySet<string> Remembered);

/// <summary>Remembers what a person allowed an application.</summary>
public sealed class GiveConsent
{
    /// <summary>What the page shows; null when the application is gone.</summary>
    public Task<ConsentView?> LookAsync(AuthorizeRequest request, Session session, CancellationToken cancellationToken) => throw new InvalidOperationException("not yet");

    /// <summary>Remembers the scopes of the request beside those allowed before.</summary>
    public Task AllowAsync(AuthorizeRequest request, Session session, CancellationToken cancellationToken) => throw new InvalidOperationException("not yet");
}
