namespace IdentityServer.Protocol.Jose;

/// <summary>The signature algorithms that this server knows (RFC 7518 §3.1). <c>none</c> and HMAC cannot be expressed.</summary>
public enum JwsAlgorithm
{
    /// <summary>RSASSA-PKCS1-v1_5 with SHA-256.</summary>
    RS256,

    /// <summary>RSASSA-PSS with SHA-256.</summary>
    PS256,

    /// <summary>ECDSA on P-256 with SHA-256.</summary>
    ES256,
}

/// <summary>A live private key.</summary>
public sealed class SigningKey;
