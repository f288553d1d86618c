using IdentityServer.Protocol.Clients;
using IdentityServer.Protocol.Grants;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Protocol.Tokens;

/// <summary>
/// <c>POST /connect/token</c> (RFC 6749 §3.2). Every request goes through the same phases: parse, authenticate the client, choose the
/// grant and check permission, read the scopes, ask the grant, issue. What is worth tokens is the grants' to say; what tokens look
/// like is <see cref="TokenIssuer"/>'s.
/// </summary>
internal sealed class TokenEndpoint(
    Issuer issuer, ClientAuthenticator clients, IRegistry registry, IEnumerable<IGrant> grants, TokenIssuer tokens, TimeProvider time, ILogger<TokenEndpoint> log)
    : IProtocolEndpoint
{
    // A lost spend is answered by reading again, which sees what the winner wrote; more rounds than this are a bug.
    private const int MaxRounds = 4;

    public async Task HandleAsync(HttpContext context)
    {
        switch (await clients.ReadAsync(context.Request, context.RequestAborted))
        {
            case ClientRequest.Accepted(var client, var parameters):
                await AnswerAsync(context, client, parameters);
                break;
            case ClientRequest.Refused(var error):
                await RefuseAsync(context, error, client: null);
                break;
        }
    }

    private async Task AnswerAsync(HttpContext context, AuthenticatedClient client, Parameters parameters)
    {
        var cancellationToken = context.RequestAborted;
        if (Choose(client.Application, parameters["grant_type"], out var grant) is { } notAllowed)
        {
            await RefuseAsync(context, notAllowed, client);
            return;
        }

        IReadOnlyList<string>? scopes = null;
        if (parameters["scope"] is { } requested)
        {
            (scopes, var badScope) = RequestedScopes.Read(requested, client.Application, await registry.ScopesAsync(cancellationToken));
            if (badScope is not null)
            {
                await RefuseAsync(context, badScope, client);
                return;
            }
        }

        var request = new TokenRequest(client, parameters, scopes, time.GetUtcNow()) { Ip = context.Connection.RemoteIpAddress?.ToString() };
        switch (await RunAsync(issuer.For(context), grant!, request, cancellationToken))
        {
            case (_, { } error):
                await RefuseAsync(context, error, client);
                break;
            case ({ } answer, _):
                log.LogDebug("{ClientId} was issued tokens by {GrantType}.", client.Application.ClientId, grant!.GrantType);
                await JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, answer.Write);
                break;
        }
    }

    private ProtocolError? Choose(Application application, string? grantType, out IGrant? grant)
    {
        grant = grants.FirstOrDefault(grant => grant.GrantType == grantType);
        if (grantType is null)
            return ProtocolError.InvalidRequest("The parameter grant_type is missing.");
        if (grant is null)
            return ProtocolError.UnsupportedGrantType("This server has no such grant type; discovery lists those it has (grant_types_supported).");
        return application.Allows(grantType) ? null : ProtocolError.UnauthorizedClient($"This client may not use the grant type {grant.GrantType}.");
    }

    private async Task<(TokenAnswer? Answer, ProtocolError? Error)> RunAsync(string iss, IGrant grant, TokenRequest request, CancellationToken cancellationToken)
    {
        var result = await grant.AuthorizeAsync(request, cancellationToken);
        for (var round = 0; round < MaxRounds; round++)
        {
            if (result is not GrantResult.Approved(var approval))
                return (null, ((GrantResult.Refused)result).Error);
            if (await MisgrantedAsync(request.Client.Application, approval, cancellationToken) is { } misgranted)
                return (null, misgranted);
            if (await tokens.IssueAsync(iss, request.Client.Application, approval, request.At, cancellationToken) is { } answer)
                return (answer, null);
            result = approval.OnSpendLost is null
                ? new GrantResult.Refused(ProtocolError.InvalidGrant("What was presented was used by another request meanwhile."))
                : await approval.OnSpendLost(cancellationToken);
        }

        throw new InvalidOperationException($"The grant {grant.GrantType} lost its spend {MaxRounds} times; OnSpendLost must come to an end.");
    }

    // The last word on scopes is the endpoint's: a grant cannot hand out what the application may not have.
    private async Task<ProtocolError?> MisgrantedAsync(Application application, Approval approval, CancellationToken cancellationToken) =>
        approval.Scopes.Count == 0
            ? null
            : RequestedScopes.Read(string.Join(' ', approval.Scopes), application, await registry.ScopesAsync(cancellationToken)).Error;

    private Task RefuseAsync(HttpContext context, ProtocolError error, AuthenticatedClient? client)
    {
        log.LogInformation("A token request of {ClientId} was refused: {Error} ({Detail}).",
            client?.Application.ClientId ?? "an unauthenticated client", error.Code, error.LogDetail ?? error.Description);
        return JsonAnswer.WriteErrorAsync(context, error);
    }
}
