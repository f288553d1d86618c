using System.Globalization;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Grants;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.SignIn;

/// <summary>
/// The one-time-code grant at the token endpoint: <c>challenge</c>, <c>otp</c>, and <c>name</c> for a new person. The same counters, limits and silence
/// as on the pages. Error <c>registration_required</c>: the code is right, nobody has the address yet; the same code works again together with
/// <c>name</c>, and <c>invitation</c> where one is needed: <c>invitation_required</c>. Error
/// <c>interaction_required</c>: the code was right and the account has a password; no grant takes one (RFC 9700 §2.4: "The resource owner password
/// credentials grant MUST NOT be used"). <see cref="OneTimeCodeEndpoint"/> starts it.
/// </summary>
internal sealed class OneTimeCodeGrant(Challenges challenges, CodeChecker checker, Completer completer, IRegistry registry, Inviters inviters, IOptions<SignInOptions> settings, TimeProvider time) : IGrant
{
    /// <summary>The grant's name, and the switch: an application may use it when its grant types hold this.</summary>
    public const string Name = "urn:identityserver:params:oauth:grant-type:otp";

    /// <inheritdoc/>
    public string GrantType => Name;

    /// <summary>Who may use the grant: never a browser (OAuth 2.0 for Browser-Based Apps: "MUST use a redirect-based flow"), where any page could ask for the code.</summary>
    public static bool IsAllowed(Application application) => application.Allows(Name) && !application.IsBrowserBased;

    /// <inheritdoc/>
    public async Task<GrantResult> AuthorizeAsync(TokenRequest request, CancellationToken cancellationToken)
    {
        var application = request.Client.Application;
        if (!IsAllowed(application))
            return Refuse(ProtocolError.UnauthorizedClient("This client may not use one-time codes: it must be native or confidential."));
        if (request.Parameters["challenge"] is not { } text || request.Parameters["otp"] is not { } otp)
            return Refuse(ProtocolError.InvalidRequest("Send challenge, as /connect/otp answered it, and otp, the code that the person read."));

        var typedName = request.Parameters["name"];
        var name = PersonName.Read(typedName);
        if (typedName is not null && name is null)
            return Refuse(ProtocolError.InvalidRequest("name must be 1 to 100 characters without control characters."));
        if (ChallengeHandle.Read(text) is not { } sent
            || await challenges.FindAsync(ChallengePurpose.SignIn, sent.Id, sent.BrowserHash, application.Id, cancellationToken) is not { } challenge)
            return Refuse(Gone);

        // Before the code is spent: a bad scope must not cost the person another code.
        var (scopes, badScope) = await ScopesAsync(request, challenge.Request, application, cancellationToken);
        if (badScope is not null)
            return Refuse(badScope);

        return await checker.CheckAsync(challenge, otp, SourceOf(application, request.Ip), cancellationToken) switch
        {
            CodeCheck.Right(var current) => await FinishAsync(current, name, scopes, request, cancellationToken),
            CodeCheck.Wrong(var left) => Refuse(ProtocolError.InvalidGrant(
                string.Create(CultureInfo.InvariantCulture, $"The code is wrong; {left} tries are left."))),
            CodeCheck.Superseded => Refuse(ProtocolError.InvalidGrant("A newer code was sent: ask for that one. This cost no try.")),
            CodeCheck.Paused(var until) => Refuse(Paused(until)),
            CodeCheck.TryLater(var at) => Refuse(new ProtocolError(
                "too_many_requests", "Too many wrong codes from here: wait as long as Retry-After says.", StatusCodes.Status429TooManyRequests) { RetryAfter = at - time.GetUtcNow() }),
            _ => Refuse(Gone),
        };
    }

    /// <summary>A confidential application's requests come from its server, a native one's from the person.</summary>
    internal static Source SourceOf(Application application, string? ip) =>
        new(ip, application.ClientId) { IsServer = application.Type == ApplicationType.Confidential };

    private static ProtocolError Gone { get; } = ProtocolError.InvalidGrant("The challenge is finished, used up, too old or not this client's: start again at /connect/otp.");

    private async Task<GrantResult> FinishAsync(
        Challenge challenge, string? name, IReadOnlyList<string> scopes, TokenRequest request, CancellationToken cancellationToken)
    {
        // Only now that the code is right: strangers must not try out codes of invitations here.
        var invitation = request.Parameters["invitation"];
        var source = SourceOf(request.Client.Application, request.Ip);
        var (inviter, _) = await inviters.FindAsync(invitation, source, cancellationToken);
        var finisher = new Finisher(Visitor: null, name, challenge.Locale, source.IsServer ? null : source.Ip) { InviterId = inviter };
        return await completer.FinishAsync(challenge, finisher, cancellationToken) switch
        {
            Completion.SignedIn(var userId, _) => new GrantResult.Approved(new Approval
            {
                UserId = userId,
                Scopes = scopes,
                AuthenticatedAt = request.At,
                Methods = ProofMethods.Of(challenge.Channel),
            }),
            Completion.NewPerson when name is null || !settings.Value.InviteOnly => Refuse(new ProtocolError(
                "registration_required", "The code is right and nobody has this address yet: ask for the person's name and send the same code again with name.")),
            Completion.NewPerson => Refuse(new ProtocolError(
                "invitation_required",
                invitation is null
                    ? "New people need an invitation here: ask for its code and send the same code again with name and invitation."
                    : "invitation is nobody's code: ask for it again and send the same code again with name and invitation.")),
            Completion.PasswordNeeded => Refuse(new ProtocolError(
                "interaction_required", "The code is right, and this account has a password besides: it is signed in to on this server's pages, with an authorization request in the browser.")),
            _ => Refuse(Gone),
        };
    }

    // What was asked for at the start may be narrowed here, never widened; without any, openid.
    private async Task<(IReadOnlyList<string> Scopes, ProtocolError? Error)> ScopesAsync(
        TokenRequest request, string? atStart, Application application, CancellationToken cancellationToken)
    {
        if (atStart is null && request.Scopes is not null)
            return (request.Scopes, null);

        var (scopes, error) = RequestedScopes.Read(atStart ?? ScopeNames.OpenId, application, await registry.ScopesAsync(cancellationToken));
        if (error is not null || request.Scopes is null)
            return (scopes, error);

        return request.Scopes.All(scope => scopes.Contains(scope, StringComparer.Ordinal))
            ? (request.Scopes, null)
            : ([], ProtocolError.InvalidScope("A scope was not asked for at /connect/otp; ask for fewer here, not for others."));
    }

    private ProtocolError Paused(DateTimeOffset? until) => new(
        "too_many_requests",
        until is null
            ? "Too many wrong codes for this address: codes work again after its owner signed in on the pages, with the link in a mail or with another address."
            : "Too many wrong codes for this address: wait as long as Retry-After says.",
        StatusCodes.Status429TooManyRequests) { RetryAfter = until - time.GetUtcNow() };

    private static GrantResult.Refused Refuse(ProtocolError error) => new(error);
}
