using Microsoft.AspNetCore.Http;

namespace IdentityServer.Protocol;

/// <summary>A refusal in the words of the standards.</summary>
/// <param name="Code">A registered error code, e.g. <c>invalid_grant</c>.</param>
/// <param name="Description">What happened and what to do next, for the developer of the client: printable ASCII without quotes and backslashes (RFC 6749 §5.2), no secrets, no personal data.</param>
/// <param name="Status">The HTTP status where the error is an answer of its own: 400, 401, 403, 413, 429 or 503.</param>
public sealed record ProtocolError(string Code, string Description, int Status = StatusCodes.Status400BadRequest)
{
    /// <summary>For the log only, never for the client: e.g. why a client's authentication failed.</summary>
    public string? LogDetail { get; init; }

    /// <summary>With 429 and 503: how long to wait, sent as <c>Retry-After</c> in whole seconds (RFC 9110 §10.2.3).</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>RFC 6749 §5.2: a parameter is missing, repeated, malformed or not understood.</summary>
    public static ProtocolError InvalidRequest(string description) => new("invalid_request", description);

    /// <summary>RFC 6749 §5.2: who calls is unknown or did not prove it.</summary>
    public static ProtocolError InvalidClient(string description) => new("invalid_client", description, StatusCodes.Status401Unauthorized);

    /// <summary>RFC 6749 §5.2: the code, refresh token or other grant is wrong, used, expired or somebody else's.</summary>
    public static ProtocolError InvalidGrant(string description) => new("invalid_grant", description);

    /// <summary>RFC 6749 §5.2: the application may not use this grant type.</summary>
    public static ProtocolError UnauthorizedClient(string description) => new("unauthorized_client", description);

    /// <summary>RFC 6749 §5.2: the server has no such grant type.</summary>
    public static ProtocolError UnsupportedGrantType(string description) => new("unsupported_grant_type", description);

    /// <summary>RFC 6749 §5.2: a scope is unknown, or not the application's to ask for.</summary>
    public static ProtocolError InvalidScope(string description) => new("invalid_scope", description);

    /// <summary>RFC 6750 §3.1: the access token is missing its life, its signature or its authorization.</summary>
    public static ProtocolError InvalidToken(string description) => new("invalid_token", description, StatusCodes.Status401Unauthorized);
}

/// <summary>
/// An error that is shown to the person, because no client can be trusted with it. The endpoint sets it as a feature with
/// status 400 and no body; the host re-executes the request on its error page, which reads it.
/// </summary>
/// <param name="Error">What went wrong.</param>
public sealed record ShownError(ProtocolError Error);
