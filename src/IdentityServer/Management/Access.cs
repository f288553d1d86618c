namespace IdentityServer.Management;

/// <summary>Who may call a route. Cookies open nothing here: only access tokens do, so that no page of another site can act for its visitor.</summary>
internal sealed record Access(string Scope, Func<Caller, IResult?> Rule);

/// <summary>Says who may call a route, and holds callers to it before anything of the request's body is read.</summary>
internal static class AccessRules
{
    /// <summary>Any token with the scope; whose data it opens the handler decides.</summary>
    public static TBuilder RequireScope<TBuilder>(this TBuilder routes, string scope)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(new Access(scope, _ => null));

    /// <summary>A person's token with the scope.</summary>
    public static TBuilder RequireUser<TBuilder>(this TBuilder routes, string scope)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(new Access(scope, caller => caller.UserId is not null
            ? null
            : Problem.Of(StatusCodes.Status403Forbidden, "no_user", "This is about the person who signed in: the token must be a user's, not an application's own.")));

    /// <summary>An administrator's token, or an application's own, with the scope.</summary>
    public static TBuilder RequireAdmin<TBuilder>(this TBuilder routes, string scope)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(new Access(scope, caller => caller.IsAdmin
            ? null
            : Problem.Of(StatusCodes.Status403Forbidden, "not_admin", "This is for administrators: the user needs the role admin.")));

    /// <summary>Looks at the token of every request to a route that asks for one.</summary>
    public static void UseApiAccess(this WebApplication app) => app.Use(async (context, next) =>
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<Access>() is not { } access)
        {
            await next(context);
            return;
        }

        var (caller, refusal) = await Caller.ReadAsync(context);
        refusal ??= caller!.Has(access.Scope) ? access.Rule(caller) : Insufficient(context, access.Scope);
        if (refusal is not null)
        {
            await refusal.ExecuteAsync(context);
            return;
        }

        context.Features.Set(caller);
        await next(context);
    });

    // RFC 6750 §3.1: insufficient_scope is 403 and may name the scope.
    private static IResult Insufficient(HttpContext context, string scope)
    {
        context.Response.Headers.WWWAuthenticate = $"Bearer error=\"insufficient_scope\", scope=\"{scope}\"";
        return Problem.Of(StatusCodes.Status403Forbidden, "insufficient_scope", $"The token needs the scope {scope}: ask for it when the person signs in.");
    }
}
