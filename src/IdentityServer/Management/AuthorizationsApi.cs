using IdentityServer.Core.Administration;
using IdentityServer.Core.Persistence;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Model;

namespace IdentityServer.Management;

/// <summary>An authorization on the wire: a user's grant to an application.</summary>
/// <param name="Id">The row.</param>
/// <param name="ClientId">To which application; null when it was removed.</param>
/// <param name="UserId">By whom; null when an application acts for itself.</param>
/// <param name="Kind"><c>permanent</c>: remembered consent. <c>ad_hoc</c>: one sign-in.</param>
/// <param name="Scopes">What was granted.</param>
/// <param name="SessionId">The browser's sign-in that it came from.</param>
/// <param name="GrantedAt">When.</param>
/// <param name="RevokedAt">When it was ended; null while it is in force.</param>
internal sealed record AuthorizationJson(
    Guid Id, string? ClientId, Guid? UserId, AuthorizationKind Kind, IReadOnlyList<string> Scopes, Guid? SessionId, DateTimeOffset GrantedAt, DateTimeOffset? RevokedAt);

/// <summary><c>/authorizations</c>: which application was given access by whom.</summary>
internal static class AuthorizationsApi
{
    public static void MapAuthorizations(this RouteGroupBuilder api)
    {
        var routes = api.MapGroup("/authorizations").RequireAdmin(ApiScopes.Admin).WithTags("Authorizations");
        routes.MapGet("", ListAsync).Describe("listAuthorizations", "List authorizations", "Newest first; by user_id, client_id, and active.").Gives<PageJson<AuthorizationJson>>();
        routes.MapGet("/{id:guid}", GetAsync).Describe("getAuthorization", "Read an authorization").Gives<AuthorizationJson>();
        routes.MapDelete("/{id:guid}", RevokeAsync).Describe("revokeAuthorization", "Take back an authorization", "With its tokens. Twice changes nothing.").GivesNothing();
    }

    private static async Task<IResult> ListAsync(
        [Microsoft.AspNetCore.Mvc.FromQuery(Name = "user_id")] Guid? userId,
        [Microsoft.AspNetCore.Mvc.FromQuery(Name = "client_id")] string? clientId,
        bool? active,
        [AsParameters] Paging paging,
        HttpContext context,
        AccessAdministration access,
        IRegistry registry)
    {
        if (paging.Check() is { } problem)
            return problem;

        // An application that is not there has nothing.
        Guid? application = clientId is null ? null : (await registry.FindApplicationAsync(clientId, context.RequestAborted))?.Id ?? Guid.Empty;
        var found = await access.ListAuthorizationsAsync(new AccessQuery(userId, application, active, paging.Take, paging.Skip), context.RequestAborted);
        var names = new Dictionary<Guid, string?>();
        foreach (var id in found.Items.Select(row => row.ApplicationId).Distinct())
            names[id] = (await registry.FindApplicationAsync(id, context.RequestAborted))?.ClientId;
        return TypedResults.Ok(paging.Page(context, found, row => Of(row, names[row.ApplicationId])));
    }

    private static async Task<IResult> GetAsync(Guid id, HttpContext context, AccessAdministration access, IRegistry registry) =>
        await access.FindAuthorizationAsync(id, context.RequestAborted) is { } found
            ? TypedResults.Ok(Of(found, (await registry.FindApplicationAsync(found.ApplicationId, context.RequestAborted))?.ClientId))
            : Problem.NotFound();

    private static async Task<IResult> RevokeAsync(Guid id, Caller caller, HttpContext context, AccessAdministration access) =>
        await access.RevokeAuthorizationAsync(id, caller.AsOperator(), context.RequestAborted) ? TypedResults.NoContent() : Problem.NotFound();

    private static AuthorizationJson Of(Authorization row, string? clientId) =>
        new(row.Id, clientId, row.UserId, row.Kind, row.Scopes, row.SessionId, row.GrantedAt, row.RevokedAt);
}
