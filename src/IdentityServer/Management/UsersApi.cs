using IdentityServer.Core.Account;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Management;

/// <summary>The roles that a user is to have: <c>["admin"]</c> or none.</summary>
internal sealed record RolesRequest
{
    /// <summary>All of them.</summary>
    public required IReadOnlyList<string> Roles { get; init; }
}

/// <summary><c>/users</c> for administrators; the own user for its owner.</summary>
internal static class UsersApi
{
    public static void MapUsers(this RouteGroupBuilder api)
    {
        var users = api.MapGroup("/users").WithTags("Users");
        users.MapGet("", ListAsync).RequireAdmin(ApiScopes.ReadUsers)
            .Describe("listUsers", "List users", "Search looks for a part of name, e-mail address or number; sort is created_at, last_sign_in_at, name or email, with a minus in front for the other way round.")
            .Gives<PageJson<UserJson>>();
        users.MapGet("/{id:guid}", GetAsync).RequireOwnerOrAdmin(ApiScopes.ReadUsers)
            .Describe("getUser", "Read a user", "An administrator anybody, everybody else themselves: others are not there for them.").Gives<UserJson>();

        var changes = users.MapGroup("/{id:guid}").RequireAdmin(ApiScopes.WriteUsers);
        users.MapPatch("/{id:guid}", EditAsync).RequireOwnerOrAdmin(ApiScopes.WriteUsers)
            .Describe("editUser", "Change a user's profile", "What is absent stays, null removes. An administrator anybody's, everybody else their own.")
            .Gives<UserJson>().Refuses(StatusCodes.Status412PreconditionFailed);
        changes.MapPost("/code", SendCodeAsync)
            .Describe("sendUserCode", "Send a user an activation or sign-in message", "Who is not activated gets an activation code, within the limits. Who is gets a mail that says where to sign in: a code opens nothing but in the browser that asked for it.")
            .GivesNothing().RefusesConflicts();
        changes.MapPost("/disable", DisableAsync).Describe("disableUser", "Disable a user", "Ends sessions, access and tokens for good, and refuses sign-in. Neither oneself nor the last administrator.")
            .Gives<UserJson>().RefusesConflicts();
        changes.MapPost("/enable", EnableAsync).Describe("enableUser", "Open a disabled user's account again").Gives<UserJson>();
        users.MapDelete("/{id:guid}", DeleteAsync).RequireAdmin(ApiScopes.WriteUsers).Describe("deleteUser", "Delete a user", "With everything that hangs on it; the audit log keeps the id alone. Neither oneself nor the last administrator.")
            .GivesNothing().RefusesConflicts();
        changes.MapDelete("/sessions", EndSessionsAsync).Describe("endUserSessions", "End all of a user's sessions", "With all access and tokens; the person signs in again everywhere.").GivesNothing();
        changes.MapDelete("/tokens", RevokeTokensAsync).Describe("revokeUserTokens", "Revoke all of a user's tokens", "Applications lose their access; browsers stay signed in.").GivesNothing();

        // Whoever makes administrators can do all that they can: the scope must say so.
        users.MapPut("/{id:guid}/roles", SetRolesAsync).RequireAdmin(ApiScopes.Admin)
            .Describe("setUserRoles", "Give a user exactly these roles", "The one role is admin. Neither oneself nor the last administrator can lose it.")
            .Gives<UserJson>().RefusesConflicts();
    }

    private static async Task<IResult> ListAsync(
        string? search, string? sort, bool? active, bool? disabled, string? role, [AsParameters] Paging paging, HttpContext context, UserQueries users)
    {
        if (paging.Check() is { } problem)
            return problem;
        if (sort is not null && !UserQueries.Sorts.Contains(sort.StartsWith('-') ? sort[1..] : sort, StringComparer.Ordinal))
            return Problem.Field("sort", $"Must be one of {string.Join(", ", UserQueries.Sorts)}, with a minus in front for the other way round.");

        var query = new UserQuery(search, sort, paging.Take, paging.Skip) { Active = active, Disabled = disabled, Role = role };
        return TypedResults.Ok(paging.Page(context, await users.ListAsync(query, context.RequestAborted), UserJson.Of));
    }

    private static async Task<IResult> GetAsync(Guid id, Caller caller, HttpContext context, UserQueries users)
    {
        if (!caller.MaySee(id, ApiScopes.ReadUsers) || await users.FindAsync(id, context.RequestAborted) is not { } found)
            return Problem.NotFound();

        ETags.Write(context, found.User.ConcurrencyStamp);
        return TypedResults.Ok(UserJson.Of(found));
    }

    private static async Task<IResult> EditAsync(Guid id, [FromBody] ProfileChanges request, Caller caller, HttpContext context, ProfileEditing profiles)
    {
        if (!caller.MaySee(id, ApiScopes.WriteUsers))
            return Problem.NotFound();

        switch (await profiles.EditAsync(id, request, ETags.Wanted(context), caller.AsOperator(), context.RequestAborted))
        {
            case EditOutcome.Edited(var found):
                ETags.Write(context, found.User.ConcurrencyStamp);
                return TypedResults.Ok(UserJson.Of(found));
            case EditOutcome.Invalid(var problems):
                return Problem.Fields(problems);
            case EditOutcome.Stale:
                return ETags.Stale();
            default:
                return Problem.NotFound();
        }
    }

    private static async Task<IResult> SendCodeAsync(Guid id, Caller caller, HttpContext context, UserQueries users, Register register, Issuer issuer, TimeProvider time)
    {
        if (await users.FindAsync(id, context.RequestAborted) is not { User: var user })
            return Problem.NotFound();
        if ((user.Email ?? user.PhoneNumber) is not { } address)
            return Problem.Of(StatusCodes.Status409Conflict, "no_address", "The account has no address that a message could go to.");

        var requester = new Requester(user.Id, caller.Token.ClientId, caller.Ip, user.Locale ?? "en", issuer.For(context));
        return await register.SendCodeAsync(address, requester, context.RequestAborted) switch
        {
            RegisterOutcome.Accepted => TypedResults.NoContent(),
            RegisterOutcome.TryLater(var at) => Problem.TryLater(context, at - time.GetUtcNow()),
            _ => Problem.Of(StatusCodes.Status409Conflict, "unreachable", "No message can go to the account's address: no provider delivers there."),
        };
    }

    private static async Task<IResult> DisableAsync(Guid id, Caller caller, HttpContext context, UserAdministration users, UserQueries queries) =>
        NotOneself(id, caller) ?? Refusal(await users.DisableAsync(id, caller.AsOperator(), context.RequestAborted)) ?? await ReadAsync(id, context, queries);

    private static async Task<IResult> EnableAsync(Guid id, Caller caller, HttpContext context, UserAdministration users, UserQueries queries) =>
        Refusal(await users.EnableAsync(id, caller.AsOperator(), context.RequestAborted)) ?? await ReadAsync(id, context, queries);

    private static async Task<IResult> DeleteAsync(Guid id, Caller caller, HttpContext context, UserAdministration users) =>
        NotOneself(id, caller) ?? Refusal(await users.DeleteAsync(id, caller.AsOperator(), context.RequestAborted)) ?? TypedResults.NoContent();

    private static async Task<IResult> EndSessionsAsync(Guid id, Caller caller, HttpContext context, UserAdministration users) =>
        Refusal(await users.EndSessionsAsync(id, caller.AsOperator(), context.RequestAborted)) ?? TypedResults.NoContent();

    private static async Task<IResult> RevokeTokensAsync(Guid id, Caller caller, HttpContext context, UserAdministration users) =>
        Refusal(await users.RevokeTokensAsync(id, caller.AsOperator(), context.RequestAborted)) ?? TypedResults.NoContent();

    private static async Task<IResult> SetRolesAsync(Guid id, [FromBody] RolesRequest request, Caller caller, HttpContext context, UserAdministration users, UserQueries queries)
    {
        if (request.Roles.Any(role => role != RoleNames.Admin))
            return Problem.Field("roles", $"The one role is {RoleNames.Admin}.");

        return (request.Roles.Count == 0 ? NotOneself(id, caller) : null)
            ?? Refusal(await users.SetRolesAsync(id, request.Roles, caller.AsOperator(), context.RequestAborted))
            ?? await ReadAsync(id, context, queries);
    }

    private static async Task<IResult> ReadAsync(Guid id, HttpContext context, UserQueries queries)
    {
        if (await queries.FindAsync(id, context.RequestAborted) is not { } found)
            return Problem.NotFound();

        ETags.Write(context, found.User.ConcurrencyStamp);
        return TypedResults.Ok(UserJson.Of(found));
    }

    // By accident is easy, and nobody can undo it who is locked out.
    private static IResult? NotOneself(Guid id, Caller caller) => caller.UserId == id
        ? Problem.Of(StatusCodes.Status409Conflict, "oneself", "This is your own account: another administrator can do it, or you yourself under /me.")
        : null;

    private static IResult? Refusal(UserChange change) => change switch
    {
        UserChange.Done => null,
        UserChange.LastAdministrator => Problem.Of(StatusCodes.Status409Conflict, "last_administrator", "Nobody else could administer this server then: give somebody else the role admin first."),
        _ => Problem.NotFound(),
    };
}
