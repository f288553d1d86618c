using IdentityServer.Protocol.Model;
using IdentityServer.Protocol.UserInfo;
using Microsoft.AspNetCore.Http;

namespace IdentityServer.Protocol.Tokens;

/// <summary>What the access token of a request to one of this server's own APIs is worth.</summary>
public abstract record BearerResult
{
    private BearerResult()
    {
    }

    /// <summary>It is good now.</summary>
    /// <param name="Token">Its facts.</param>
    /// <param name="User">Its user; null when the application acts for itself.</param>
    public sealed record Good(AccessToken Token, Subject? User) : BearerResult;

    /// <summary>There is none.</summary>
    public sealed record None : BearerResult;

    /// <summary>There is one that is no good.</summary>
    public sealed record Bad(ProtocolError Error) : BearerResult;
}

/// <summary>
/// Lets this server's own APIs take its access tokens: authentic, not expired, not revoked, application and user still there, and meant for this API
/// (RFC 9068 §4: the resource server "MUST validate that the 'aud' claim contains a resource indicator value corresponding to an identifier the
/// resource server expects for itself").
/// </summary>
public sealed class BearerAccess
{
    private readonly Issuer issuer;
    private readonly AccessTokenReader tokens;

    internal BearerAccess(Issuer issuer, AccessTokenReader tokens)
    {
        this.issuer = issuer;
        this.tokens = tokens;
    }

    /// <summary>Reads the request's token.</summary>
    /// <param name="context">The request; only its <c>Authorization</c> header is looked at.</param>
    /// <param name="resource">What this API is called in <c>aud</c>.</param>
    public async Task<BearerResult> ReadAsync(HttpContext context, string resource)
    {
        var (wire, error) = BearerToken.InHeader(context.Request);
        if (error is not null)
            return new BearerResult.Bad(error);
        if (wire is null)
            return new BearerResult.None();

        var live = await tokens.ReadAsync(wire, issuer.For(context), context.RequestAborted);
        return live is not null && live.Token.Audience.Contains(resource, StringComparer.Ordinal)
            ? new BearerResult.Good(live.Token, live.User)
            : new BearerResult.Bad(ProtocolError.InvalidToken($"The access token is not valid: malformed, expired, revoked, its user is gone, or it is not for {resource}."));
    }
}
