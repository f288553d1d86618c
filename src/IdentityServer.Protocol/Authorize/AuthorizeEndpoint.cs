using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Protocol.Authorize;

/// <summary>
/// The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2): <c>GET</c> and <c>POST /connect/authorize</c>. It reads, checks
/// and decides; what people see is the pages', and they come back through <see cref="ResumeAsync"/>, <c>/connect/authorize/resume</c>. Until
/// a code is due it writes nothing.
/// </summary>
internal sealed class AuthorizeEndpoint(
    IRegistry registry,
    ISessions sessions,
    ILedger ledger,
    IInteraction interaction,
    IdTokenHints hints,
    AuthorizationCodes codes,
    ParkedRequests parked,
    Issuer issuer,
    TimeProvider time,
    ILogger<AuthorizeEndpoint> log) : IProtocolEndpoint
{
    /// <summary>Takes a request up.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        BrowserResponse.Harden(context);
        var (parameters, repeated) = await Parameters.ReadAsync(context.Request, context.RequestAborted) switch
        {
            ParametersResult.Read read => (read.Parameters, null),
            ParametersResult.Refused refused => (refused.Others, refused.Error),
            _ => (null, null),
        };
        if (parameters is null)
        {
            Show(context, application: null, repeated!);
            return;
        }

        // RFC 6749 §4.1.2.1: with a wrong or missing client_id or redirect URI the server "MUST NOT automatically redirect".
        var application = parameters["client_id"] is { } clientId ? await registry.FindApplicationAsync(clientId, context.RequestAborted) : null;
        var redirect = application is null ? null : ClientRedirect.Match(application, parameters["redirect_uri"], issuer.For(context));
        if (application is null || redirect is null)
        {
            Show(context, application, repeated ?? PlaceProblem(parameters, application));
            return;
        }

        redirect = redirect.Answering(AuthorizeValidation.ResponseMode(parameters), AuthorizeValidation.State(parameters));
        if (repeated is not null)
        {
            await RejectAsync(context, application, redirect, repeated);
            return;
        }

        await TakeUpAsync(context, parameters, application, redirect);
    }

    /// <summary>Takes a parked request up again, after a person did what was asked of them.</summary>
    public async Task ResumeAsync(HttpContext context)
    {
        BrowserResponse.Harden(context);
        var request = parked.Open(await ParkedParameter.ReadAsync(context));
        // The registry may have changed since: the place is matched again, and so is what the application may do.
        var application = request is null ? null : await registry.FindApplicationAsync(request.ClientId, context.RequestAborted);
        var redirect = application is null ? null : ClientRedirect.Match(application, request!.RedirectUri, issuer.For(context));
        if (redirect is null)
        {
            Show(context, application, ProtocolError.InvalidRequest("This sign-in took too long or was already replaced. Go back to the application and start again."));
            return;
        }

        redirect = redirect.Answering(request!.ResponseMode, request.State);
        var known = await registry.ScopesAsync(context.RequestAborted);
        var (scopes, error) = AuthorizeValidation.Scopes(string.Join(' ', request.Scopes), application!, known);
        var problem = AuthorizeValidation.PermissionProblem(application!) ?? error;
        await (problem is null
            ? AnswerAsync(context, request with { Scopes = scopes }, application!, redirect)
            : RejectAsync(context, application!, redirect, problem));
    }

    private static ProtocolError PlaceProblem(Parameters parameters, Application? application)
    {
        if (parameters["client_id"] is null)
            return ProtocolError.InvalidRequest("client_id is missing.");
        if (application is null)
            return new ProtocolError("invalid_client", "There is no application with this client_id. Check its spelling, or ask an administrator to register it.");
        // OpenID Connect Core §3.1.2.1 makes redirect_uri REQUIRED, also where only one is registered.
        return parameters["redirect_uri"] is null
            ? ProtocolError.InvalidRequest("redirect_uri is missing.")
            : ProtocolError.InvalidRequest("This redirect_uri is not registered for the application. It is compared character by character; register it exactly as it is sent.");
    }

    private async Task TakeUpAsync(HttpContext context, Parameters parameters, Application application, ClientRedirect redirect)
    {
        var scopes = await registry.ScopesAsync(context.RequestAborted);
        switch (AuthorizeValidation.Check(parameters, application, scopes, time.GetUtcNow()))
        {
            case AuthorizeValidation.Refused refused:
                await RejectAsync(context, application, redirect, refused.Error);
                break;
            case AuthorizeValidation.Valid { Request: var request }:
                if (parameters["id_token_hint"] is { } hint)
                {
                    if (await hints.ReadAsync(hint, issuer.For(context), context.RequestAborted) is not { } known || known.Audience != application.ClientId)
                    {
                        await RejectAsync(context, application, redirect, ProtocolError.InvalidRequest("id_token_hint is no ID token of this server for this application, or too old to be checked: leave it out."));
                        return;
                    }

                    request = request with { ExpectedUserId = known.UserId };
                }

                // A POST from another site comes without the session's SameSite=Lax cookie; the GET that follows brings it.
                if (HttpMethods.IsPost(context.Request.Method))
                    BrowserResponse.SeeLocal(context, ParkedRequests.ResumePath(parked.Park(request)));
                else
                    await AnswerAsync(context, request, application, redirect);
                break;
        }
    }

    private async Task AnswerAsync(HttpContext context, AuthorizeRequest request, Application application, ClientRedirect redirect)
    {
        var now = time.GetUtcNow();
        var session = await sessions.CurrentAsync(context);
        var consent = session is not null && AuthorizationDecision.AsksForConsent(request, application)
            ? await ledger.FindConsentAsync(session.UserId, application.Id, context.RequestAborted)
            : null;
        switch (AuthorizationDecision.Make(request, application, session, consent, now))
        {
            case AuthorizationDecision.Reject reject:
                await RejectAsync(context, application, redirect, reject.Error);
                break;
            case AuthorizationDecision.Issue issue:
                await redirect.SendCodeAsync(context, await codes.CreateAsync(request, application, issue.Session, now, context.RequestAborted));
                break;
            case AuthorizationDecision.SignIn:
                Ask(context, Interaction.SignIn, request);
                break;
            case AuthorizationDecision.SelectAccount:
                Ask(context, Interaction.SelectAccount, request);
                break;
            case AuthorizationDecision.Consent:
                Ask(context, Interaction.Consent, request);
                break;
        }
    }

    private void Ask(HttpContext context, Interaction step, AuthorizeRequest request) =>
        BrowserResponse.SeeLocal(context, interaction.PathFor(step, parked.Park(request)));

    private void Show(HttpContext context, Application? application, ProtocolError error)
    {
        log.LogInformation("An authorization request of {ClientId} was refused on the error page: {Error} ({Detail}).", application?.ClientId ?? "an unknown client", error.Code, error.Description);
        BrowserResponse.Show(context, error);
    }

    private Task RejectAsync(HttpContext context, Application application, ClientRedirect redirect, ProtocolError error)
    {
        log.LogInformation("An authorization request of {ClientId} was refused: {Error} ({Detail}).", application.ClientId, error.Code, error.Description);
        return redirect.SendErrorAsync(context, error);
    }
}
