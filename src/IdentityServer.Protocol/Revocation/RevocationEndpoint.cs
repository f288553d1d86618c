using IdentityServer.Protocol.Clients;
using IdentityServer.Protocol.Grants;
using IdentityServer.Protocol.Model;
using IdentityServer.Protocol.Tokens;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Protocol.Revocation;

/// <summary>
/// <c>POST /connect/revoke</c> (RFC 7009): an application gives up a token of its own. A refresh token ends its family, its
/// authorization and with it every access token; an access token ends alone. An unknown token is answered with 200 (§2.2), another
/// client's with an error (§2.1: "If this validation fails, the request is refused and the client is informed of the error"); it is not touched.
/// </summary>
internal sealed class RevocationEndpoint(
    Issuer issuer, ClientAuthenticator clients, AccessTokenReader accessTokens, RefreshTokens refreshTokens, ILedger ledger, TimeProvider time,
    ILogger<RevocationEndpoint> log) : IProtocolEndpoint
{
    private static readonly ProtocolError Foreign = ProtocolError.InvalidGrant("The token was issued to another client, which alone may revoke it.");

    public async Task HandleAsync(HttpContext context)
    {
        switch (await clients.ReadAsync(context.Request, context.RequestAborted))
        {
            case ClientRequest.Accepted(_, var parameters) when parameters["token"] is null:
                await RefuseAsync(context, ProtocolError.InvalidRequest("The parameter token is missing."));
                break;
            case ClientRequest.Accepted(var client, var parameters):
                if (await RevokeAsync(client.Application, parameters["token"]!, issuer.For(context), context.RequestAborted) is { } foreign)
                    await RefuseAsync(context, foreign);
                else
                    JsonAnswer.ForbidCaching(context);
                break;
            case ClientRequest.Refused(var error):
                await RefuseAsync(context, error);
                break;
        }
    }

    // RFC 7009 §2.1: a wrong token_type_hint must not hide a token; here the shapes tell, and the hint is not needed.
    private async Task<ProtocolError?> RevokeAsync(Application caller, string wire, string iss, CancellationToken cancellationToken)
    {
        if (await refreshTokens.ReadAsync(wire, cancellationToken) is { } refresh)
            return refresh.Family.ApplicationId == caller.Id ? await EndAsync(refresh.Family, cancellationToken) : Foreign;
        if (await accessTokens.FindAsync(wire, iss, cancellationToken) is not { } access)
            return null;
        if (access.ClientId != caller.ClientId)
            return Foreign;
        if (access.ExpiresAt <= time.GetUtcNow())
            return null;

        if (wire.Contains('.', StringComparison.Ordinal))
            await ledger.ConsumeIdAsync(AccessTokenReader.RevokedId(iss, access), access.ExpiresAt, cancellationToken);
        else
            await ledger.RevokeTokenAsync(Guid.ParseExact(access.Id, "N"), cancellationToken);
        return null;
    }

    private async Task<ProtocolError?> EndAsync(Token family, CancellationToken cancellationToken)
    {
        // Any generation will do: a client that signs out may hold an older token than it thinks.
        if (family.Status != TokenStatus.Valid)
            return null;
        if (family.AuthorizationId is { } authorizationId)
            await ledger.RevokeAuthorizationAsync(authorizationId, time.GetUtcNow(), cancellationToken);
        else
            await ledger.RevokeTokenAsync(family.Id, cancellationToken);
        return null;
    }

    private Task RefuseAsync(HttpContext context, ProtocolError error)
    {
        log.LogInformation("A revocation request was refused: {Error} ({Detail}).", error.Code, error.LogDetail ?? error.Description);
        return JsonAnswer.WriteErrorAsync(context, error);
    }
}
