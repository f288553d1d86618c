namespace IdentityServer.Protocol.Authorize;

/// <summary>A validated authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1), as it is parked while a person is asked.</summary>
public sealed record AuthorizeRequest
{
    /// <summary>The application.</summary>
    public required string ClientId { get; init; }

    /// <summary>Where the answer goes: matched exactly before anything else was read.</summary>
    public required string RedirectUri { get; init; }

    /// <summary><c>query</c>, <c>fragment</c> or <c>form_post</c>.</summary>
    public required string ResponseMode { get; init; }

    /// <summary>Asked for, each known and allowed.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Given back as it came.</summary>
    public string? State { get; init; }

    /// <summary>For the ID token.</summary>
    public string? Nonce { get; init; }

    /// <summary>PKCE's S256 challenge; null only where an administrator lifted PKCE.</summary>
    public string? CodeChallenge { get; init; }

    /// <summary><c>none</c>, <c>login</c>, <c>consent</c>, <c>select_account</c>.</summary>
    public IReadOnlyList<string> Prompts { get; init; } = [];

    /// <summary>How many seconds ago the person may have proved who they are.</summary>
    public int? MaxAge { get; init; }

    /// <summary>The address to fill in.</summary>
    public string? LoginHint { get; init; }

    /// <summary>Languages of choice, best first.</summary>
    public IReadOnlyList<string> UiLocales { get; init; } = [];

    /// <summary>The user that the ID token hint names: nobody else may answer.</summary>
    public Guid? ExpectedUserId { get; init; }

    /// <summary>When it was received: what a prompt asks for must happen after this.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>The person said no.</summary>
    public bool Denied { get; init; }
}
