namespace IdentityServer.Protocol.Model;

/// <summary>What a token is.</summary>
public enum TokenKind
{
    /// <summary>An authorization code.</summary>
    Code,

    /// <summary>A refresh family: one row, however often it is used.</summary>
    RefreshFamily,

    /// <summary>An access token that is a handle.</summary>
    ReferenceAccessToken,
}

/// <summary>What became of a token.</summary>
public enum TokenStatus
{
    /// <summary>Can be used until it expires.</summary>
    Valid,

    /// <summary>Was used; a single-use token only.</summary>
    Redeemed,

    /// <summary>Was ended before its time.</summary>
    Revoked,
}

/// <summary>A credential that was handed out. The credential itself is never stored.</summary>
public sealed record Token
{
    /// <summary>The row's id.</summary>
    public required Guid Id { get; init; }

    /// <summary>What it is.</summary>
    public required TokenKind Kind { get; init; }

    /// <summary>What became of it.</summary>
    public TokenStatus Status { get; init; }

    /// <summary>How it is found: base64url of the SHA-256 of the credential, or a refresh family's id in "N" form.</summary>
    public required string Reference { get; init; }

    /// <summary>A refresh family's current generation, from 1.</summary>
    public int? Generation { get; init; }

    /// <summary>To whom it was handed.</summary>
    public required Guid ApplicationId { get; init; }

    /// <summary>The authorization under which it was handed out.</summary>
    public Guid? AuthorizationId { get; init; }

    /// <summary>For whom.</summary>
    public Guid? UserId { get; init; }

    /// <summary>The browser's sign-in that it came from; ends with it.</summary>
    public Guid? SessionId { get; init; }

    /// <summary>What it grants: a <see cref="Grants.Approval"/>'s facts as JSON. Opaque to the ledger.</summary>
    public required string Payload { get; init; }

    /// <summary>When it was handed out.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it stops working.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When it was used.</summary>
    public DateTimeOffset? RedeemedAt { get; init; }
}

/// <summary>How an authorization came to be.</summary>
public enum AuthorizationKind
{
    /// <summary>Consent that is remembered: one a user and application.</summary>
    Permanent,

    /// <summary>One sign-in to one application: what its code, its refresh family and its access tokens hang on.</summary>
    AdHoc,
}

/// <summary>A user's grant to an application.</summary>
public sealed record Authorization
{
    /// <summary>The row's id; access tokens carry an ad hoc one's in <c>aid</c>.</summary>
    public required Guid Id { get; init; }

    /// <summary>To which application.</summary>
    public required Guid ApplicationId { get; init; }

    /// <summary>By whom.</summary>
    public Guid? UserId { get; init; }

    /// <summary>Remembered or for one sign-in.</summary>
    public required AuthorizationKind Kind { get; init; }

    /// <summary>Granted scopes.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>The browser's sign-in that it came from.</summary>
    public Guid? SessionId { get; init; }

    /// <summary>When it was last granted.</summary>
    public required DateTimeOffset GrantedAt { get; init; }

    /// <summary>When it was ended.</summary>
    public DateTimeOffset? RevokedAt { get; init; }
}

/// <summary>One atomic entry in the ledger: what is spent, what is handed out. All of it is written or nothing.</summary>
public sealed record Issuance
{
    /// <summary>What is spent, if anything.</summary>
    public Spend? Spend { get; init; }

    /// <summary>A new authorization, if any.</summary>
    public Authorization? Authorization { get; init; }

    /// <summary>New tokens.</summary>
    public IReadOnlyList<Token> Tokens { get; init; } = [];

    /// <summary>Nothing to write.</summary>
    public bool IsEmpty => Spend is null && Authorization is null && Tokens.Count == 0;
}

/// <summary>What an issuance spends.</summary>
public abstract record Spend
{
    private Spend()
    {
    }

    /// <summary>A single-use token: <c>Valid</c> becomes <c>Redeemed</c>.</summary>
    public sealed record Redeem(Guid TokenId, DateTimeOffset At) : Spend;

    /// <summary>A refresh family's generation: the next one becomes current, and the family's idle life starts anew.</summary>
    public sealed record Advance(Guid TokenId, int Generation, DateTimeOffset ExpiresAt) : Spend;
}
