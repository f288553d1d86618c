using IdentityServer.Protocol.Model;

namespace IdentityServer.Protocol.Grants;

/// <summary>The client credentials grant (RFC 6749 §4.4): a confidential application acts for itself. There is no user, so no ID token, no refresh token (§4.4.3) and no scope that is about a user.</summary>
internal sealed class ClientCredentialsGrant(IRegistry registry) : IGrant
{
    public string GrantType => GrantTypes.ClientCredentials;

    public async Task<GrantResult> AuthorizeAsync(TokenRequest request, CancellationToken cancellationToken)
    {
        var application = request.Client.Application;
        // RFC 6749 §4.4: "The client credentials grant type MUST only be used by confidential clients."
        if (application.Type != ApplicationType.Confidential)
            return new GrantResult.Refused(ProtocolError.UnauthorizedClient("Only confidential clients may use client_credentials."));

        var known = await registry.ScopesAsync(cancellationToken);
        if (request.Scopes?.FirstOrDefault(scope => IsAboutUser(known[scope])) is { } misplaced)
            return new GrantResult.Refused(ProtocolError.InvalidScope($"The scope {misplaced} is about a user; with client_credentials there is none."));

        // RFC 6749 §3.3: without the parameter, "a pre-defined default value": all that the application may ask for itself.
        return new GrantResult.Approved(new Approval
        {
            Scopes = request.Scopes ?? [.. application.Scopes.Where(scope => known.TryGetValue(scope, out var found) && !IsAboutUser(found))],
            Refresh = RefreshChoice.None,
        });
    }

    private static bool IsAboutUser(Scope scope) => scope.Name is ScopeNames.OpenId or ScopeNames.OfflineAccess || scope.Claims.Count > 0;
}
