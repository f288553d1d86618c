using IdentityServer.Protocol.Authorize;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Protocol.EndSession;

/// <summary>
/// RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0): <c>GET</c> and <c>POST /connect/endsession</c>, and
/// <c>/connect/endsession/resume</c>, where the sign-out page comes back to. An error is always shown, and ends nothing.
/// </summary>
internal sealed class EndSessionEndpoint(
    IRegistry registry,
    ISessions sessions,
    IInteraction interaction,
    IdTokenHints hints,
    ParkedSignOuts parked,
    Issuer issuer,
    TimeProvider time,
    ILogger<EndSessionEndpoint> log) : IProtocolEndpoint
{
    /// <summary>Takes a request up. <c>logout_hint</c> is not needed (a browser has one session) and ignored.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        BrowserResponse.Harden(context);
        var read = await Parameters.ReadAsync(context.Request, context.RequestAborted);
        if (read is not ParametersResult.Read { Parameters: var parameters })
        {
            Show(context, ((ParametersResult.Refused)read).Error);
            return;
        }

        var hint = parameters["id_token_hint"] is { } token ? await hints.ReadAsync(token, issuer.For(context), context.RequestAborted) : null;
        var clientId = parameters["client_id"] ?? hint?.Audience;
        var application = clientId is null ? null : await registry.FindApplicationAsync(clientId, context.RequestAborted);
        if (Problem(parameters, hint, application) is { } problem)
        {
            Show(context, problem);
            return;
        }

        var request = Read(parameters, hint, application);
        // As at the authorization endpoint: only the GET that follows a cross-site POST brings the session's cookie.
        if (HttpMethods.IsPost(context.Request.Method))
            BrowserResponse.SeeLocal(context, ParkedSignOuts.ResumePath(parked.Park(request)));
        else
            await AnswerAsync(context, request, application);
    }

    /// <summary>Takes a parked request up again: when no session is left, it leads where the application asked.</summary>
    public async Task ResumeAsync(HttpContext context)
    {
        BrowserResponse.Harden(context);
        if (parked.Open(await ParkedParameter.ReadAsync(context)) is not { } request)
        {
            Show(context, ProtocolError.InvalidRequest("This sign-out took too long. Start it again."));
            return;
        }

        var application = request.ClientId is { } clientId ? await registry.FindApplicationAsync(clientId, context.RequestAborted) : null;
        await AnswerAsync(context, request, application);
    }

    private static ProtocolError? Problem(Parameters parameters, IdTokenHint? hint, Application? application)
    {
        if (parameters["client_id"] is { } clientId)
        {
            if (application is null)
                return new ProtocolError("invalid_client", "There is no application with this client_id.");
            // §2: "When both client_id and id_token_hint are present, the OP MUST verify that the Client Identifier matches".
            if (hint is not null && hint.Audience != clientId)
                return ProtocolError.InvalidRequest("id_token_hint was not issued to this client_id.");
        }

        if (AuthorizeValidation.SizeProblem(parameters, "state", "ui_locales") is { } size)
            return size;
        if (parameters["post_logout_redirect_uri"] is not { } uri)
            return null;
        if (application is null)
            return ProtocolError.InvalidRequest("post_logout_redirect_uri needs a client_id, or an id_token_hint that this server can still check.");
        return ClientRedirect.MatchPostLogout(application, uri, state: null) is null
            ? ProtocolError.InvalidRequest("This post_logout_redirect_uri is not registered for the application. It is compared character by character; register it exactly as it is sent.")
            : null;
    }

    private EndSessionRequest Read(Parameters parameters, IdTokenHint? hint, Application? application) => new()
    {
        ClientId = application?.ClientId,
        PostLogoutRedirectUri = parameters["post_logout_redirect_uri"],
        State = parameters["state"],
        SessionId = hint?.SessionId,
        UiLocales = AuthorizeValidation.UiLocales(parameters),
        ReceivedAt = time.GetUtcNow(),
    };

    private async Task AnswerAsync(HttpContext context, EndSessionRequest request, Application? application)
    {
        var session = await sessions.CurrentAsync(context);
        switch (EndSessionDecisions.Make(request, session))
        {
            case EndSessionDecision.Ask:
                BrowserResponse.SeeLocal(context, interaction.PathFor(Interaction.SignOut, parked.Park(request)));
                return;
            case EndSessionDecision.End:
                await sessions.EndAsync(context, session!);
                break;
        }

        var back = application is not null && request.PostLogoutRedirectUri is { } uri
            ? ClientRedirect.MatchPostLogout(application, uri, request.State)
            : null;
        if (back is not null)
            await back.SendBackAsync(context);
        else
            BrowserResponse.SeeLocal(context, interaction.PathFor(Interaction.SignedOut, request: null));
    }

    private void Show(HttpContext context, ProtocolError error)
    {
        log.LogInformation("A logout request was refused on the error page: {Error} ({Detail}).", error.Code, error.Description);
        BrowserResponse.Show(context, error);
    }
}
