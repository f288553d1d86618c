using System.Globalization;
using IdentityServer.Protocol.Clients;
using IdentityServer.Protocol.Grants;
using IdentityServer.Protocol.Model;
using IdentityServer.Protocol.Tokens;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Protocol.Introspection;

/// <summary>
/// <c>POST /connect/introspect</c> (RFC 7662): tells a confidential application (an API, mostly) whether a token is good now and what
/// it allows. It is told about tokens that were issued to it, and about access tokens whose <c>aud</c> names it or a resource of a
/// scope that it may ask for. Everything else looks like a token that does not exist.
/// </summary>
internal sealed class IntrospectionEndpoint(
    Issuer issuer, ClientAuthenticator clients, AccessTokenReader accessTokens, RefreshTokens refreshTokens, ILedger ledger, ISubjects subjects,
    IRegistry registry, TimeProvider time, ILogger<IntrospectionEndpoint> log) : IProtocolEndpoint
{
    private static readonly ProtocolError Public = ProtocolError.InvalidClient("Only confidential clients may introspect tokens: authenticate with a secret.");

    public async Task HandleAsync(HttpContext context)
    {
        switch (await clients.ReadAsync(context.Request, context.RequestAborted))
        {
            // RFC 7662 §2.1: "To prevent token scanning attacks, the endpoint MUST also require some form of authorization".
            case ClientRequest.Accepted({ Application.Type: ApplicationType.Public }, _):
                await RefuseAsync(context, Public);
                break;
            case ClientRequest.Accepted(_, var parameters) when parameters["token"] is null:
                await RefuseAsync(context, ProtocolError.InvalidRequest("The parameter token is missing."));
                break;
            case ClientRequest.Accepted(var client, var parameters):
                await AnswerAsync(context, client.Application, parameters["token"]!);
                break;
            case ClientRequest.Refused(var error):
                await RefuseAsync(context, error);
                break;
        }
    }

    // token_type_hint only helps servers that look in one place after the other (RFC 7662 §2.1); here the shapes tell.
    private async Task AnswerAsync(HttpContext context, Application caller, string wire)
    {
        var cancellationToken = context.RequestAborted;
        var iss = issuer.For(context);
        if (await accessTokens.ReadAsync(wire, iss, cancellationToken) is { } live && await MaySeeAsync(caller, live.Token, cancellationToken))
            await WriteAsync(context, live.Token, iss);
        else if (await refreshTokens.ReadAsync(wire, cancellationToken) is { } refresh && await IsUsableAsync(caller, refresh, cancellationToken))
            await WriteAsync(context, caller, refresh, iss);
        else
            await WriteInactiveAsync(context);
    }

    private async Task<bool> MaySeeAsync(Application caller, AccessToken token, CancellationToken cancellationToken)
    {
        if (token.ClientId == caller.ClientId || token.Audience.Contains(caller.ClientId, StringComparer.Ordinal))
            return true;
        var known = await registry.ScopesAsync(cancellationToken);
        return caller.Scopes.SelectMany(scope => known.GetValueOrDefault(scope)?.Resources ?? []).Intersect(token.Audience, StringComparer.Ordinal).Any();
    }

    // What the token endpoint would accept: the current token of a live family, or the one before it.
    private async Task<bool> IsUsableAsync(Application caller, PresentedRefreshToken token, CancellationToken cancellationToken) =>
        token.Family.ApplicationId == caller.Id
        && token.Family.Status == TokenStatus.Valid
        && token.Behind is 0 or 1
        && RefreshTokens.Expiry(caller, token.Family) > time.GetUtcNow()
        && (token.Family.AuthorizationId is not { } id || await ledger.FindAuthorizationAsync(id, cancellationToken) is { RevokedAt: null })
        && token.Family.UserId is { } userId && await subjects.FindAsync(userId, cancellationToken) is not null;

    private static Task WriteAsync(HttpContext context, AccessToken token, string iss) =>
        JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("active"u8, value: true);
            json.WriteString("token_type"u8, "Bearer"u8);
            token.WriteClaims(json, iss);
            json.WriteEndObject();
        });

    private static Task WriteAsync(HttpContext context, Application caller, PresentedRefreshToken token, string iss) =>
        JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("active"u8, value: true);
            json.WriteString("iss"u8, iss);
            json.WriteString("sub"u8, token.Family.UserId!.Value.ToString("D", CultureInfo.InvariantCulture));
            json.WriteString("client_id"u8, caller.ClientId);
            json.WriteString("scope"u8, string.Join(' ', token.Payload.Scopes));
            json.WriteNumber("iat"u8, token.Family.CreatedAt.ToUnixTimeSeconds());
            json.WriteNumber("exp"u8, RefreshTokens.Expiry(caller, token.Family).ToUnixTimeSeconds());
            json.WriteEndObject();
        });

    // RFC 7662 §2.2: "the authorization server SHOULD NOT include any additional information about an inactive token, including why".
    private static Task WriteInactiveAsync(HttpContext context) =>
        JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("active"u8, value: false);
            json.WriteEndObject();
        });

    private Task RefuseAsync(HttpContext context, ProtocolError error)
    {
        log.LogInformation("An introspection request was refused: {Error} ({Detail}).", error.Code, error.LogDetail ?? error.Description);
        return JsonAnswer.WriteErrorAsync(context, error);
    }
}
