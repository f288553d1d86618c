using IdentityServer.Protocol.Model;

namespace IdentityServer.Protocol.EndSession;

/// <summary>A validated logout request (OpenID Connect RP-Initiated Logout §2), as it is parked while a person is asked.</summary>
public sealed record EndSessionRequest
{
    /// <summary>The application that asks; null when it did not say.</summary>
    public string? ClientId { get; init; }

    /// <summary>Where the browser goes afterwards, matched exactly; null for this server's own page.</summary>
    public string? PostLogoutRedirectUri { get; init; }

    /// <summary>Given back as it came.</summary>
    public string? State { get; init; }

    /// <summary>The sign-in that a valid <c>id_token_hint</c> names.</summary>
    public Guid? SessionId { get; init; }

    /// <summary>Languages of choice, best first.</summary>
    public IReadOnlyList<string> UiLocales { get; init; } = [];

    /// <summary>When it was received.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }
}

/// <summary>What a logout request comes to.</summary>
internal enum EndSessionDecision
{
    /// <summary>Nobody is signed in (any more): go where the application asked.</summary>
    GoOn,

    /// <summary>End the session, then go on.</summary>
    End,

    /// <summary>
    /// Ask first. OpenID Connect RP-Initiated Logout §2: "At the Logout Endpoint, the OP SHOULD ask the End-User whether to log out of the OP
    /// as well. Furthermore, the OP MUST ask the End-User this question if an id_token_hint was not provided or if the supplied ID Token does
    /// not belong to the current OP session with the RP and/or currently logged in End-User."
    /// </summary>
    Ask,
}

/// <summary>Decides what a logout request comes to.</summary>
internal static class EndSessionDecisions
{
    /// <summary>The rule: an application ends without a question only the sign-in that it can name.</summary>
    public static EndSessionDecision Make(EndSessionRequest request, Session? session) =>
        session is null ? EndSessionDecision.GoOn
        : request.SessionId == session.Id ? EndSessionDecision.End
        : EndSessionDecision.Ask;
}
