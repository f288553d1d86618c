namespace IdentityServer.Protocol.Clients;

/// <summary>How a client says who it is (OpenID Connect Core §9), as discovery lists it.</summary>
public static class ClientAuthenticationMethods
{
    /// <summary>A public application, which has no secret.</summary>
    public const string None = "none";

    /// <summary>The secret in the Authorization header (RFC 6749 §2.3.1).</summary>
    public const string Basic = "client_secret_basic";

    /// <summary>The secret in the form (RFC 6749 §2.3.1).</summary>
    public const string Post = "client_secret_post";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Basic, Post, None];
}
