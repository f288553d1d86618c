using System.Security.Cryptography;
using System.Text;
using IdentityServer.Protocol.Jose;
using IdentityServer.Protocol.Model;

namespace IdentityServer.Hosting;

/// <summary>An application as configuration declares it: the section <c>Applications</c>, by <c>client_id</c>.</summary>
internal sealed class DeclaredApplication
{
    /// <summary>The name that people see; the <c>client_id</c> when absent.</summary>
    public string? DisplayName { get; set; }

    /// <summary><c>Public</c> or <c>Confidential</c>.</summary>
    public ApplicationType Type { get; set; }

    /// <summary><c>Web</c> or <c>Native</c>.</summary>
    public ApplicationKind Kind { get; set; }

    /// <summary><c>Explicit</c> (people are asked) or <c>Implicit</c> (your own application; not one with redirect URIs that other apps on the device can take: loopback, or a scheme of its own).</summary>
    public ConsentMode Consent { get; set; }

    /// <summary>Compared exactly.</summary>
    public IList<string> RedirectUris { get; set; } = [];

    /// <summary>Compared exactly.</summary>
    public IList<string> PostLogoutRedirectUris { get; set; } = [];

    /// <summary>Origins for CORS; those of the redirect URIs when empty and the application is a single-page one.</summary>
    public IList<string> Origins { get; set; } = [];

    /// <summary>E.g. <c>authorization_code</c>, <c>refresh_token</c>.</summary>
    public IList<string> GrantTypes { get; set; } = [];

    /// <summary>Scopes that it may ask for.</summary>
    public IList<string> Scopes { get; set; } = [];

    /// <summary>Secrets in the clear, at least 32 characters each: from user secrets or the environment outside Development.</summary>
    public IList<string> Secrets { get; set; } = [];

    /// <summary>False only for a confidential application that cannot do PKCE.</summary>
    public bool RequirePkce { get; set; } = true;

    /// <summary><c>Jwt</c> or <c>Reference</c>.</summary>
    public AccessTokenFormat AccessTokenFormat { get; set; }

    /// <summary>RS256 when absent.</summary>
    public JwsAlgorithm? IdTokenAlgorithm { get; set; }

    /// <summary>ES256 when absent.</summary>
    public JwsAlgorithm? AccessTokenAlgorithm { get; set; }

    /// <summary>How long an authorization code works, at most 10 minutes; 1 minute when absent.</summary>
    public TimeSpan? CodeLifetime { get; set; }

    /// <summary>How long an access token works; 15 minutes when absent.</summary>
    public TimeSpan? AccessTokenLifetime { get; set; }

    /// <summary>How long an ID token works; 15 minutes when absent.</summary>
    public TimeSpan? IdTokenLifetime { get; set; }

    /// <summary>A refresh token that was not used for this long ends; 14 days when absent.</summary>
    public TimeSpan? RefreshIdleLifetime { get; set; }

    /// <summary>A refresh token and its successors end at this age; 90 days when absent.</summary>
    public TimeSpan? RefreshAbsoluteLifetime { get; set; }

    /// <summary>The application; its id is the existing row's or a new one.</summary>
    public Application ToApplication(string clientId, Guid id)
    {
        var defaults = new Application { Id = id, ClientId = clientId, DisplayName = DisplayName ?? clientId };
        return defaults with
        {
            Type = Type,
            Kind = Kind,
            Consent = Consent,
            RedirectUris = [.. RedirectUris],
            PostLogoutRedirectUris = [.. PostLogoutRedirectUris],
            Origins = [.. Origins],
            GrantTypes = [.. GrantTypes],
            Scopes = [.. Scopes],
            Secrets = [.. Secrets.Select(secret => new ApplicationSecret(SHA256.HashData(Encoding.UTF8.GetBytes(secret)), ExpiresAt: null))],
            RequirePkce = RequirePkce,
            AccessTokenFormat = AccessTokenFormat,
            IdTokenAlgorithm = IdTokenAlgorithm ?? defaults.IdTokenAlgorithm,
            AccessTokenAlgorithm = AccessTokenAlgorithm ?? defaults.AccessTokenAlgorithm,
            CodeLifetime = CodeLifetime ?? defaults.CodeLifetime,
            AccessTokenLifetime = AccessTokenLifetime ?? defaults.AccessTokenLifetime,
            IdTokenLifetime = IdTokenLifetime ?? defaults.IdTokenLifetime,
            RefreshIdleLifetime = RefreshIdleLifetime ?? defaults.RefreshIdleLifetime,
            RefreshAbsoluteLifetime = RefreshAbsoluteLifetime ?? defaults.RefreshAbsoluteLifetime,
        };
    }
}

/// <summary>A scope as configuration declares it: the section <c>Scopes</c>, by name.</summary>
internal sealed class DeclaredScope
{
    /// <summary>The name that people see.</summary>
    public string? DisplayName { get; set; }

    /// <summary>One sentence for the consent page.</summary>
    public string? Description { get; set; }

    /// <summary>The <c>aud</c> of access tokens with this scope.</summary>
    public IList<string> Resources { get; set; } = [];

    /// <summary>Claims about the user that it opens.</summary>
    public IList<string> Claims { get; set; } = [];

    /// <summary>The scope.</summary>
    public Scope ToScope(string name) => new()
    {
        Name = name,
        DisplayName = DisplayName,
        Description = Description,
        Resources = [.. Resources],
        Claims = [.. Claims],
    };
}

/// <summary>A user as configuration declares them: the section <c>Users</c>, by e-mail address or phone number. For development and first administrators.</summary>
internal sealed class DeclaredUser
{
    /// <summary>The name that people see.</summary>
    public string? Name { get; set; }

    /// <summary>A phone number with its calling code, besides the e-mail address. A new user's is trusted; a changed one waits for its owner's proof.</summary>
    public string? Phone { get; set; }

    /// <summary>A disabled user cannot sign in.</summary>
    public bool Disabled { get; set; }

    /// <summary><c>admin</c> makes an administrator. Roles that somebody got elsewhere stay when none are declared.</summary>
    public IList<string> Roles { get; set; } = [];
}
