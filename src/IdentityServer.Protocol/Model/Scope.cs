namespace IdentityServer.Protocol.Model;

/// <summary>Something that an application may ask for.</summary>
public sealed record Scope
{
    /// <summary>The name on the wire (RFC 6749 §3.3).</summary>
    public required string Name { get; init; }

    /// <summary>The name that people see on the consent page.</summary>
    public string? DisplayName { get; init; }

    /// <summary>One sentence for the consent page.</summary>
    public string? Description { get; init; }

    /// <summary>The APIs that accept tokens with this scope: the <c>aud</c> of access tokens (RFC 9068 §3).</summary>
    public IReadOnlyList<string> Resources { get; init; } = [];

    /// <summary>The claims about the user that it opens (OpenID Connect Core §5.4).</summary>
    public IReadOnlyList<string> Claims { get; init; } = [];
}

/// <summary>The names of the scopes that the standards define.</summary>
public static class ScopeNames
{
    /// <summary>Makes a request an OpenID Connect one.</summary>
    public const string OpenId = "openid";

    /// <summary>Name, locale, picture and the like.</summary>
    public const string Profile = "profile";

    /// <summary>E-mail address and whether it is verified.</summary>
    public const string Email = "email";

    /// <summary>Phone number and whether it is verified.</summary>
    public const string Phone = "phone";

    /// <summary>A refresh token (OpenID Connect Core §11).</summary>
    public const string OfflineAccess = "offline_access";
}

/// <summary>The grant types that this engine has built in.</summary>
public static class GrantTypes
{
    /// <summary>RFC 6749 §4.1.</summary>
    public const string AuthorizationCode = "authorization_code";

    /// <summary>RFC 6749 §6.</summary>
    public const string RefreshToken = "refresh_token";

    /// <summary>RFC 6749 §4.4.</summary>
    public const string ClientCredentials = "client_credentials";
}
