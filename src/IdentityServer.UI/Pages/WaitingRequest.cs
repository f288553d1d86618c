using IdentityServer.Protocol;
using IdentityServer.Protocol.Authorize;
using IdentityServer.Protocol.Model;

namespace IdentityServer.UI.Pages;

/// <summary>The authorization request that waits while a person is on a page: one a request, taken from <c>?request=</c> or from a challenge.</summary>
public sealed class WaitingRequest(ParkedRequests parked, IRegistry registry)
{
    /// <summary>As it travels; null when no application waits.</summary>
    public string? Sealed { get; private set; }

    /// <summary>Opened; null when no application waits, or when it is too old or not ours.</summary>
    public AuthorizeRequest? Opened { get; private set; }

    /// <summary>An application seems to wait, but its request cannot be answered any more.</summary>
    public bool IsStale => Sealed is not null && Opened is null;

    /// <summary>Takes the request that a page carries; null changes nothing.</summary>
    public void Take(string? sealedRequest)
    {
        if (string.IsNullOrEmpty(sealedRequest) || string.Equals(sealedRequest, Sealed, StringComparison.Ordinal))
            return;

        Sealed = sealedRequest;
        Opened = parked.Open(sealedRequest);
    }

    /// <summary>Who waits; null when nobody does, or the application is gone.</summary>
    public async ValueTask<Application?> ApplicationAsync(CancellationToken cancellationToken) =>
        Opened is null ? null : await registry.FindApplicationAsync(Opened.ClientId, cancellationToken);

    /// <summary>Where a finished step goes: the request is taken up again, or the account is shown.</summary>
    public static string NextPath(string? sealedRequest) =>
        string.IsNullOrEmpty(sealedRequest) ? Paths.Account : ParkedRequests.ResumePath(sealedRequest);
}
