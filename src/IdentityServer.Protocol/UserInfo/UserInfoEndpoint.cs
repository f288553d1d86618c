using System.Globalization;
using System.Text.Json.Nodes;
using IdentityServer.Protocol.Model;
using IdentityServer.Protocol.Tokens;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Protocol.UserInfo;

/// <summary><c>GET</c> and <c>POST /connect/userinfo</c> (OpenID Connect Core §5.3): the claims about the user that the access token's scopes open, as they are now.</summary>
internal sealed class UserInfoEndpoint(Issuer issuer, AccessTokenReader tokens, IRegistry registry, ILogger<UserInfoEndpoint> log) : IProtocolEndpoint
{
    private static readonly ProtocolError InvalidToken = ProtocolError.InvalidToken("The access token is not valid: malformed, expired, revoked, or its user is gone.");

    private static readonly ProtocolError NoOpenId = new(
        "insufficient_scope", "The access token has no user with the scope openid.", StatusCodes.Status403Forbidden);

    public async Task HandleAsync(HttpContext context)
    {
        var cancellationToken = context.RequestAborted;
        var (wire, error) = await BearerToken.ReadAsync(context.Request, cancellationToken);
        if (error is not null || wire is null)
        {
            await RefuseAsync(context, error);
            return;
        }

        var live = await tokens.ReadAsync(wire, issuer.For(context), cancellationToken);
        if (live is not { User: { } user } || !live.Token.Scopes.Contains(ScopeNames.OpenId, StringComparer.Ordinal))
        {
            await RefuseAsync(context, live is null ? InvalidToken : NoOpenId);
            return;
        }

        var opened = await OpenedAsync(live.Token, cancellationToken);
        await JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("sub"u8, user.Id.ToString("D", CultureInfo.InvariantCulture));
            foreach (var (name, value) in user.Claims)
            {
                // OpenID Connect Core §5.3.2: a claim that is not there is left out, it "SHOULD NOT be present with a null or empty string value".
                if (value is null || IsEmpty(value) || name == "sub" || !opened.Contains(name))
                    continue;
                json.WritePropertyName(name);
                value.WriteTo(json);
            }

            json.WriteEndObject();
        });
    }

    private static bool IsEmpty(JsonNode value) => value is JsonValue scalar && scalar.TryGetValue(out string? text) && text.Length == 0;

    private async Task<HashSet<string>> OpenedAsync(AccessToken token, CancellationToken cancellationToken)
    {
        var known = await registry.ScopesAsync(cancellationToken);
        return [.. token.Scopes.SelectMany(scope => known.GetValueOrDefault(scope)?.Claims ?? [])];
    }

    private Task RefuseAsync(HttpContext context, ProtocolError? error)
    {
        log.LogInformation("A userinfo request was refused: {Error}.", error?.Code ?? "no access token");
        if (error is null)
        {
            // RFC 6750 §3.1: without authentication information "the resource server SHOULD NOT include an error code".
            JsonAnswer.ForbidCaching(context);
            context.Response.Headers.WWWAuthenticate = "Bearer";
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        }

        var scope = error == NoOpenId ? ", scope=\"openid\"" : "";
        context.Response.Headers.WWWAuthenticate = $"Bearer error=\"{error.Code}\", error_description=\"{error.Description}\"{scope}";
        return JsonAnswer.WriteErrorAsync(context, error);
    }
}
