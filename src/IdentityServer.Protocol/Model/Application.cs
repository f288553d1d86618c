using IdentityServer.Protocol.Jose;

namespace IdentityServer.Protocol.Model;

/// <summary>Whether an application can keep a secret (RFC 6749 §2.1).</summary>
public enum ApplicationType
{
    /// <summary>Runs on the user's machine: a browser or a native app. Holds no secret.</summary>
    Public,

    /// <summary>Runs on its owner's server and authenticates with a secret.</summary>
    Confidential,
}

/// <summary>Where an application runs (OpenID Connect Dynamic Registration §2, <c>application_type</c>).</summary>
public enum ApplicationKind
{
    /// <summary>A web server, or a single-page app when it is public. Redirect URIs are https, or http on loopback hosts.</summary>
    Web,

    /// <summary>Installed on a device. Redirect URIs are private-use schemes, claimed https, or http on loopback with a free port (RFC 8252 §7).</summary>
    Native,
}

/// <summary>Whether a person is asked before an application gets access.</summary>
public enum ConsentMode
{
    /// <summary>Asked once for each scope: the default, for applications of third parties.</summary>
    Explicit,

    /// <summary>Never asked: for the deployment's own applications.</summary>
    Implicit,
}

/// <summary>How an application's access tokens look on the wire.</summary>
public enum AccessTokenFormat
{
    /// <summary>A signed JWT (RFC 9068), checked without asking this server.</summary>
    Jwt,

    /// <summary>A random handle, checked by introspection only (RFC 7662).</summary>
    Reference,
}

/// <summary>What an administrator registers: <c>client_id</c> on the wire.</summary>
public sealed record Application
{
    /// <summary>The row's id, never shown to applications.</summary>
    public required Guid Id { get; init; }

    /// <summary>The public name on the wire, at most 100 characters of <c>[A-Za-z0-9._~-]</c>.</summary>
    public required string ClientId { get; init; }

    /// <summary>The name that people see on the consent page.</summary>
    public required string DisplayName { get; init; }

    /// <summary>Public or confidential.</summary>
    public ApplicationType Type { get; init; }

    /// <summary>Web or native.</summary>
    public ApplicationKind Kind { get; init; }

    /// <summary>Whether people are asked.</summary>
    public ConsentMode Consent { get; init; } = ConsentMode.Explicit;

    /// <summary>Compared as exact strings (RFC 9700 §2.1); only a native application's loopback port is free (RFC 8252 §7.3).</summary>
    public IReadOnlyList<string> RedirectUris { get; init; } = [];

    /// <summary>Compared as exact strings (OpenID Connect RP-Initiated Logout §3.1).</summary>
    public IReadOnlyList<string> PostLogoutRedirectUris { get; init; } = [];

    /// <summary>Origins that may call this server from a browser (CORS), e.g. <c>https://app.example</c>. Empty: those of a public web application's redirect URIs.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    /// <summary>Grant types that the application may use at the token endpoint.</summary>
    public IReadOnlyList<string> GrantTypes { get; init; } = [];

    /// <summary>Scopes that the application may ask for. <c>openid</c> must be listed like any other.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>PKCE is required unless an administrator lifts it for one confidential application.</summary>
    public bool RequirePkce { get; init; } = true;

    /// <summary>JWT or reference.</summary>
    public AccessTokenFormat AccessTokenFormat { get; init; }

    /// <summary>RS256 by default, which every OpenID Connect client must understand (OpenID Connect Core §15.1).</summary>
    public JwsAlgorithm IdTokenAlgorithm { get; init; } = JwsAlgorithm.RS256;

    /// <summary>ES256 by default: signing is some thirteen times cheaper than RSA.</summary>
    public JwsAlgorithm AccessTokenAlgorithm { get; init; } = JwsAlgorithm.ES256;

    /// <summary>Life of an authorization code; at most 10 minutes (RFC 6749 §4.1.2), 1 minute by default.</summary>
    public TimeSpan CodeLifetime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Life of an access token.</summary>
    public TimeSpan AccessTokenLifetime { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Life of an ID token.</summary>
    public TimeSpan IdTokenLifetime { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>A refresh family that was not used for this long ends.</summary>
    public TimeSpan RefreshIdleLifetime { get; init; } = TimeSpan.FromDays(14);

    /// <summary>A refresh family ends at this age, however often it is used.</summary>
    public TimeSpan RefreshAbsoluteLifetime { get; init; } = TimeSpan.FromDays(90);

    /// <summary>Secrets of a confidential application; several at a time while one is replaced.</summary>
    public IReadOnlyList<ApplicationSecret> Secrets { get; init; } = [];

    /// <summary>A single-page app: public, and in a browser.</summary>
    public bool IsBrowserBased => Type == ApplicationType.Public && Kind == ApplicationKind.Web;

    /// <summary>Whether <paramref name="grantType"/> may be used.</summary>
    public bool Allows(string grantType) => GrantTypes.Contains(grantType, StringComparer.Ordinal);
}

/// <summary>A secret's trace: the SHA-256 of 256 random bits, so a fast hash is right.</summary>
/// <param name="Hash">SHA-256 of the secret's UTF-8 bytes.</param>
/// <param name="ExpiresAt">When it stops working; never when null.</param>
public sealed record ApplicationSecret(byte[] Hash, DateTimeOffset? ExpiresAt);
