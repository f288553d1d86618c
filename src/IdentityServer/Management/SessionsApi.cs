using IdentityServer.Core.Administration;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;

namespace IdentityServer.Management;

/// <summary>A browser's sign-in on the wire.</summary>
/// <param name="Id"><c>sid</c> in tokens.</param>
/// <param name="UserId">Who signed in.</param>
/// <param name="CreatedAt">When the session began.</param>
/// <param name="AuthenticatedAt">When the person last proved who they are.</param>
/// <param name="LastSeenAt">When the browser was last seen, to the minute or so.</param>
/// <param name="ExpiresAt">When it ends if nothing happens.</param>
/// <param name="EndedAt">When it was ended; null while it is not.</param>
/// <param name="Methods">How they proved it: <c>amr</c>.</param>
/// <param name="UserAgent">The browser as it names itself.</param>
/// <param name="Ip">Where it was last seen from.</param>
internal sealed record AdminSessionJson(
    Guid Id, Guid UserId, DateTimeOffset CreatedAt, DateTimeOffset AuthenticatedAt, DateTimeOffset LastSeenAt, DateTimeOffset ExpiresAt, DateTimeOffset? EndedAt, IReadOnlyList<string> Methods, string UserAgent, string? Ip)
{
    public static AdminSessionJson Of(SessionRow row) => new(
        row.Id, row.UserId, row.CreatedAt, row.AuthenticatedAt, row.LastSeenAt, row.ExpiresAt, row.EndedAt, row.Methods, row.UserAgent, row.Ip);
}

/// <summary><c>/sessions</c>: browsers' sign-ins of everybody.</summary>
internal static class SessionsApi
{
    public static void MapSessions(this RouteGroupBuilder api)
    {
        var routes = api.MapGroup("/sessions").RequireAdmin(ApiScopes.Admin).WithTags("Sessions");
        routes.MapGet("", ListAsync).Describe("listSessions", "List sessions", "Newest first; by user_id and active.").Gives<PageJson<AdminSessionJson>>();
        routes.MapGet("/{id:guid}", GetAsync).Describe("getSession", "Read a session").Gives<AdminSessionJson>();
        routes.MapDelete("/{id:guid}", EndAsync).Describe("endSession", "End a session", "With its sign-ins at applications and their tokens. Twice changes nothing.").GivesNothing();
    }

    private static async Task<IResult> ListAsync(
        [Microsoft.AspNetCore.Mvc.FromQuery(Name = "user_id")] Guid? userId, bool? active, [AsParameters] Paging paging, HttpContext context, AccessAdministration access) =>
        paging.Check() ?? TypedResults.Ok(paging.Page(
            context, await access.ListSessionsAsync(new AccessQuery(userId, null, active, paging.Take, paging.Skip), context.RequestAborted), AdminSessionJson.Of));

    private static async Task<IResult> GetAsync(Guid id, HttpContext context, AccessAdministration access) =>
        await access.FindSessionAsync(id, context.RequestAborted) is { } found ? TypedResults.Ok(AdminSessionJson.Of(found)) : Problem.NotFound();

    private static async Task<IResult> EndAsync(Guid id, Caller caller, HttpContext context, AccessAdministration access) =>
        await access.EndSessionAsync(id, caller.AsOperator(), context.RequestAborted) ? TypedResults.NoContent() : Problem.NotFound();
}
