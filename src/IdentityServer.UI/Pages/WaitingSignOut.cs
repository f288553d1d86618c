using IdentityServer.Protocol;
using IdentityServer.Protocol.EndSession;

namespace IdentityServer.UI.Pages;

/// <summary>The logout request that waits while a person is on the sign-out page: one a request, taken from <c>?request=</c>.</summary>
public sealed class WaitingSignOut(ParkedSignOuts parked, IRegistry registry)
{
    /// <summary>As it travels; null when no application asked.</summary>
    public string? Sealed { get; private set; }

    /// <summary>Opened; null when no application asked, or when it is too old or not ours.</summary>
    public EndSessionRequest? Opened { get; private set; }

    /// <summary>Where the finished step goes: the request is taken up again, or the last page is shown.</summary>
    public string NextPath => Opened is null || Sealed is null ? Paths.SignedOut : ParkedSignOuts.ResumePath(Sealed);

    /// <summary>Takes the request that the page carries.</summary>
    public void Take(string? sealedRequest)
    {
        Sealed = sealedRequest;
        Opened = parked.Open(sealedRequest);
    }

    /// <summary>The name of the application that asked; null when it did not say who it is.</summary>
    public async ValueTask<string?> ApplicationAsync(CancellationToken cancellationToken) =>
        Opened?.ClientId is { } id ? (await registry.FindApplicationAsync(id, cancellationToken))?.DisplayName : null;
}
