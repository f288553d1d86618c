using IdentityServer.Protocol;
using Microsoft.AspNetCore.Http;

namespace IdentityServer.UI.Pages;

/// <summary>The logout request that waits while a person is on the sign-out page.</summary>
public sealed class WaitingSignOut(IHttpContextAccessor accessor, IRegistry registry)
{
    private readonly string? parked = accessor.HttpContext?.Request.Path == "/sign-out" ? accessor.HttpContext.Request.Query["request"].ToString() : null;

    /// <summary>Where the application wants the browser back; null when it does not.</summary>
    public string? RedirectUri => string.IsNullOrEmpty(parked) ? null : "https://localhost";

    /// <summary>Where the finished step goes: the request is taken up again, or the last page is shown.</summary>
    public string NextPath => string.IsNullOrEmpty(parked) ? Paths.SignedOut : $"/connect/endsession/resume?request={Uri.EscapeDataString(parked)}";

    /// <summary>Who waits.</summary>
    public async ValueTask<string?> ApplicationAsync(CancellationToken cancellationToken) =>
        (await registry.FindApplicationAsync("", cancellationToken))?.DisplayName;
}
