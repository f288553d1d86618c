using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Tokens;

namespace IdentityServer.Management;

/// <summary>Who calls the API: an application for a user, or for itself.</summary>
/// <param name="UserId">The user; null when an application acts for itself (client credentials).</param>
/// <param name="Token">The access token's facts.</param>
/// <param name="IsAdmin">A user with the role <c>admin</c>, or an application that acts for itself: what it may do its scopes say, which an administrator gave it.</param>
/// <param name="Ip">Where from.</param>
/// <param name="ApplicationId">The application that the token was issued to.</param>
internal sealed record Caller(Guid? UserId, AccessToken Token, bool IsAdmin, string? Ip, Guid? ApplicationId = null)
{
    /// <summary>Whether the token has the scope.</summary>
    public bool Has(string scope) => Token.Scopes.Contains(scope, StringComparer.Ordinal);

    /// <summary>For the audit log.</summary>
    public Operator AsOperator() => new(UserId, "api", Ip, ApplicationId);

    /// <summary>Whether the user is the caller's own, or the caller is an administrator with the scope.</summary>
    public bool MaySee(Guid userId, string adminScope) =>
        (UserId == userId && Has(ApiScopes.Account)) || (IsAdmin && Has(adminScope));

    /// <summary>The person; for routes that <see cref="AccessRules.RequireUser"/> guards.</summary>
    public Guid Person => UserId ?? throw new InvalidOperationException("The route lets applications in that act for themselves.");

    /// <summary>Minimal API hands the caller to handlers that ask for one.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.Get<Caller>());

    /// <summary>The request's caller, or the error that it gets.</summary>
    public static async Task<(Caller? Caller, IResult? Refusal)> ReadAsync(HttpContext context)
    {
        var bearer = context.RequestServices.GetRequiredService<BearerAccess>();
        switch (await bearer.ReadAsync(context, ApiScopes.Resource))
        {
            case BearerResult.Good(var token, var user):
                var isAdmin = user is null
                    || await context.RequestServices.GetRequiredService<UserQueries>().HasRoleAsync(user.Id, RoleNames.Admin, context.RequestAborted);
                var application = await context.RequestServices.GetRequiredService<IRegistry>().FindApplicationAsync(token.ClientId, context.RequestAborted);
                return (new Caller(user?.Id, token, isAdmin, Visitors.IpOf(context), application?.Id), null);
            case BearerResult.Bad(var error):
                // RFC 6750 §3.1: invalid_request is 400, invalid_token is 401, both with their code in WWW-Authenticate.
                context.Response.Headers.WWWAuthenticate = $"Bearer error=\"{error.Code}\", error_description=\"{error.Description}\"";
                return (null, Problem.Of(error.Status, error.Code, error.Description));
            default:
                // RFC 6750 §3.1: without authentication information "the resource server SHOULD NOT include an error code".
                context.Response.Headers.WWWAuthenticate = "Bearer";
                return (null, Problem.Of(StatusCodes.Status401Unauthorized, "no_token", "Send an access token of this server: Authorization: Bearer …"));
        }
    }
}
