using IdentityServer.Protocol.Model;

namespace IdentityServer.Protocol.Authorize;

/// <summary>What an authorization request is answered with. Making one asks nothing and changes nothing.</summary>
internal abstract record AuthorizationDecision
{
    private AuthorizationDecision()
    {
    }

    /// <summary>The person must prove who they are.</summary>
    public sealed record SignIn : AuthorizationDecision;

    /// <summary>The person must choose the account.</summary>
    public sealed record SelectAccount : AuthorizationDecision;

    /// <summary>The person must allow what is asked for.</summary>
    public sealed record Consent : AuthorizationDecision;

    /// <summary>A code is due for this session's user.</summary>
    public sealed record Issue(Session Session) : AuthorizationDecision;

    /// <summary>The client gets an error.</summary>
    public sealed record Reject(ProtocolError Error) : AuthorizationDecision;

    /// <summary>Whether <see cref="Make"/> needs to know the consent that was given.</summary>
    public static bool AsksForConsent(AuthorizeRequest request, Application application) =>
        application.Consent == ConsentMode.Explicit || Has(request, Prompts.Consent);

    /// <summary>
    /// Decides. A prompt is satisfied by what happened after the request was received, so that there is nothing to remember between the steps.
    /// </summary>
    /// <param name="request">Validated.</param>
    /// <param name="application">Who asks.</param>
    /// <param name="session">The browser's live session, if any.</param>
    /// <param name="consent">What the session's user allowed the application before, if anything.</param>
    /// <param name="now">The time.</param>
    public static AuthorizationDecision Make(AuthorizeRequest request, Application application, Session? session, Authorization? consent, DateTimeOffset now)
    {
        if (request.Denied)
            return new Reject(new ProtocolError("access_denied", "The person did not allow it."));

        // OpenID Connect Core §3.1.2.1, id_token_hint: somebody else signed in "as a result of the request": the server "MUST return an error".
        if (session is not null && IsSomebodyElse(request, session) && session.AuthenticatedAt > request.ReceivedAt)
            return new Reject(new ProtocolError("login_required", "The person signed in with another account than the one of id_token_hint."));

        var decision = NextStep(request, application, session, consent, now);
        return Has(request, Prompts.None) ? Silent(decision) : decision;
    }

    private static AuthorizationDecision NextStep(AuthorizeRequest request, Application application, Session? session, Authorization? consent, DateTimeOffset now)
    {
        if (session is null || MustSignInAgain(request, session, now))
            return new SignIn();
        if (Has(request, Prompts.SelectAccount) && session.ChosenAt <= request.ReceivedAt && session.AuthenticatedAt <= request.ReceivedAt)
            return new SelectAccount();
        return AsksForConsent(request, application) && !IsAllowed(request, consent) ? new Consent() : new Issue(session);
    }

    private static bool MustSignInAgain(AuthorizeRequest request, Session session, DateTimeOffset now)
    {
        if (IsSomebodyElse(request, session))
            return true;
        if (session.AuthenticatedAt > request.ReceivedAt)
            return false;
        return Has(request, Prompts.Login)
            || request.MaxAge == 0
            || (request.MaxAge is { } seconds && now - session.AuthenticatedAt > TimeSpan.FromSeconds(seconds));
    }

    private static bool IsAllowed(AuthorizeRequest request, Authorization? consent) =>
        consent is { RevokedAt: null }
        && request.Scopes.All(scope => consent.Scopes.Contains(scope, StringComparer.Ordinal))
        && (!Has(request, Prompts.Consent) || consent.GrantedAt > request.ReceivedAt);

    // OpenID Connect Core §3.1.2.6.
    private static AuthorizationDecision Silent(AuthorizationDecision decision) => decision switch
    {
        SignIn => new Reject(new ProtocolError("login_required", "The person must sign in, which prompt=none forbids to ask for.")),
        SelectAccount => new Reject(new ProtocolError("account_selection_required", "The person must choose an account, which prompt=none forbids to ask for.")),
        Consent => new Reject(new ProtocolError("consent_required", "The person must consent, which prompt=none forbids to ask for.")),
        _ => decision,
    };

    private static bool IsSomebodyElse(AuthorizeRequest request, Session session) =>
        request.ExpectedUserId is { } expected && expected != session.UserId;

    private static bool Has(AuthorizeRequest request, string prompt) => request.Prompts.Contains(prompt, StringComparer.Ordinal);
}
