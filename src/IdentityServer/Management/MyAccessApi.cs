using System.Text.Json;
using IdentityServer.Core.Account;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;

namespace IdentityServer.Management;

/// <summary>A browser that is signed in.</summary>
/// <param name="Id"><c>sid</c> in tokens.</param>
/// <param name="CreatedAt">When the person signed in.</param>
/// <param name="LastSeenAt">When the browser was last seen, to the minute or so.</param>
/// <param name="UserAgent">The browser as it names itself.</param>
/// <param name="Ip">Where it was last seen from.</param>
/// <param name="Current">Whether the token came from this sign-in.</param>
internal sealed record SessionJson(Guid Id, DateTimeOffset CreatedAt, DateTimeOffset LastSeenAt, string? UserAgent, string? Ip, bool Current)
{
    public static SessionJson Of(SessionView view) => new(view.Id, view.CreatedAt, view.LastSeenAt, view.UserAgent, view.Ip, view.IsCurrent);
}

/// <summary>An application that has access to the account.</summary>
/// <param name="ClientId">Which.</param>
/// <param name="Name">As people know it.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="GrantedAt">When it last got access.</param>
/// <param name="Remembered">Whether it gets access again without asking.</param>
internal sealed record ApplicationAccessJson(string ClientId, string Name, IReadOnlyList<string> Scopes, DateTimeOffset GrantedAt, bool Remembered)
{
    public static ApplicationAccessJson Of(ApplicationAccess access) => new(access.ClientId, access.Name, access.Scopes, access.GrantedAt, access.IsRemembered);
}

/// <summary>Something that happened to the account.</summary>
/// <param name="At">When.</param>
/// <param name="Kind">What, e.g. <c>signed_in</c>, <c>wrong_code</c>, <c>address_changed</c>.</param>
/// <param name="Application">Through which application.</param>
/// <param name="SessionId">The browser's sign-in that took part.</param>
/// <param name="Ip">Where from.</param>
internal sealed record HistoryJson(DateTimeOffset At, string Kind, string? Application, Guid? SessionId, string? Ip)
{
    public static HistoryJson Of(HistoryEntry entry) => new(entry.At, JsonNamingPolicy.SnakeCaseLower.ConvertName(entry.Kind), entry.Application, entry.SessionId, entry.Ip);
}

/// <summary><c>/me/sessions</c>, <c>/me/authorizations</c>, <c>/me/history</c>: where the person is signed in, who has access, what happened.</summary>
internal static class MyAccessApi
{
    public static void MapMyAccess(this RouteGroupBuilder api)
    {
        var me = api.MapGroup("/me").RequireUser(ApiScopes.Account).WithTags("My access");
        me.MapGet("/sessions", SessionsAsync).Describe("listMySessions", "List the browsers that are signed in", "Newest first.").Gives<PageJson<SessionJson>>();
        me.MapDelete("/sessions", EndOthersAsync)
            .Describe("endMyOtherSessions", "Sign out everywhere else", "Browsers, and applications that were signed in to without one; the sign-in that this token came from stays.").GivesNothing();
        me.MapDelete("/sessions/{id:guid}", EndAsync).Describe("endMySession", "Sign a browser out", "With what hangs on it.").GivesNothing().Refuses(StatusCodes.Status404NotFound);
        me.MapGet("/authorizations", AuthorizationsAsync).Describe("listMyAuthorizations", "List the applications that have access", "Who got it last comes first.").Gives<PageJson<ApplicationAccessJson>>();
        me.MapDelete("/authorizations/{clientId}", RevokeAsync).Describe("revokeMyAuthorization", "Take an application's access away", "With all its tokens.").GivesNothing().Refuses(StatusCodes.Status404NotFound);
        me.MapGet("/history", HistoryAsync).Describe("listMyHistory", "List what happened to the account", "Newest first.").Gives<PageJson<HistoryJson>>();
    }

    private static async Task<IResult> SessionsAsync([AsParameters] Paging paging, Caller caller, HttpContext context, OwnSessions sessions) =>
        paging.Check() ?? TypedResults.Ok(paging.Page(
            context, await sessions.ListAsync(caller.Person, caller.Token.SessionId, paging.Skip, paging.Take, context.RequestAborted), SessionJson.Of));

    private static async Task<IResult> EndAsync(Guid id, Caller caller, HttpContext context, OwnSessions sessions) =>
        await sessions.EndAsync(caller.Person, id, caller.AsOperator(), context.RequestAborted) ? TypedResults.NoContent() : Problem.NotFound();

    private static async Task<IResult> EndOthersAsync(Caller caller, HttpContext context, OwnSessions sessions)
    {
        await sessions.EndOthersAsync(caller.Person, caller.Token.SessionId, caller.Token.AuthorizationId, caller.AsOperator(), context.RequestAborted);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> AuthorizationsAsync([AsParameters] Paging paging, Caller caller, HttpContext context, OwnApplications applications) =>
        paging.Check() ?? TypedResults.Ok(paging.Page(
            context, await applications.ListAsync(caller.Person, paging.Skip, paging.Take, context.RequestAborted), ApplicationAccessJson.Of));

    private static async Task<IResult> RevokeAsync(string clientId, Caller caller, HttpContext context, OwnApplications applications) =>
        await applications.RevokeAsync(caller.Person, clientId, caller.AsOperator(), context.RequestAborted) ? TypedResults.NoContent() : Problem.NotFound();

    private static async Task<IResult> HistoryAsync([AsParameters] Paging paging, Caller caller, HttpContext context, OwnHistory history) =>
        paging.Check() ?? TypedResults.Ok(paging.Page(context, await history.ListAsync(caller.Person, paging.Skip, paging.Take, context.RequestAborted), HistoryJson.Of));
}
