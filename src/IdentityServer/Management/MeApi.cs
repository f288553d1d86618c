using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;

namespace IdentityServer.Management;

/// <summary><c>/me</c>: the person whose token it is.</summary>
internal static class MeApi
{
    public static void MapMe(this RouteGroupBuilder api)
    {
        var me = api.MapGroup("/me").RequireUser(ApiScopes.Account).WithTags("Me");
        me.MapGet("", GetAsync).Describe("getMe", "Read the own profile").Gives<UserJson>().Refuses(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> GetAsync(Caller caller, UserQueries users, CancellationToken cancellationToken) =>
        await users.FindAsync(caller.Person, cancellationToken) is { } found ? TypedResults.Ok(UserJson.Of(found)) : Problem.NotFound();
}
