using System.Text.Json;

namespace IdentityServer.Protocol.Jose;

/// <summary>A checked header. <paramref name="Json"/> holds every member, those unknown here included.</summary>
internal sealed record JwsHeader(JwsAlgorithm Algorithm, string? Kid, string? Typ, JsonElement Json);

/// <summary>What verifying came to.</summary>
internal abstract record JwsVerification
{
    private JwsVerification()
    {
    }

    /// <summary>The signature is right. The claims in <paramref name="Payload"/> are still to be judged.</summary>
    public sealed record Valid(JwsHeader Header, JsonElement Payload) : JwsVerification;

    public sealed record Invalid(JwsFault Reason) : JwsVerification;
}

internal enum JwsFault
{
    /// <summary>Longer than <see cref="JwsVerifier.MaxLength"/>.</summary>
    TooLong,

    /// <summary>Not three parts of base64url, or the header is not a JSON object of the right shape.</summary>
    Malformed,

    /// <summary>"alg" is absent, unknown or not among those allowed.</summary>
    Algorithm,

    /// <summary>RFC 7515, section 4.1.11: no extension is understood here, so none may be critical.</summary>
    CriticalExtension,

    /// <summary>"typ" is not the expected one: a token of another kind.</summary>
    Type,

    /// <summary>No key for this "kid" and "alg".</summary>
    UnknownKey,

    /// <summary>The signature is not by any of the keys.</summary>
    Signature,

    /// <summary>Rightly signed, but not a strict JSON object.</summary>
    Payload,
}
