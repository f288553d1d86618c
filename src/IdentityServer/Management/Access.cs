using IdentityServer.Core.Persistence;

namespace IdentityServer.Management;

/// <summary>Who may call a route. Cookies open nothing here: only access tokens do, so that no page of another site can act for its visitor.</summary>
/// <param name="Scopes">One of these the token must have.</param>
/// <param name="Rule">What else it must be; null when all is well.</param>
internal sealed record Access(IReadOnlyList<string> Scopes, Func<Caller, IResult?> Rule)
{
    /// <summary>Whether requests without any token are let in too.</summary>
    public bool TakesStrangers { get; init; }
}

/// <summary>Says who may call a route, and holds callers to it before anything of the request's body is read.</summary>
internal static class AccessRules
{
    /// <summary>Any token with the scope; whose data it opens the handler decides.</summary>
    public static TBuilder RequireScope<TBuilder>(this TBuilder routes, string scope)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(new Access([scope], _ => null));

    /// <summary>A person's token with the scope.</summary>
    public static TBuilder RequireUser<TBuilder>(this TBuilder routes, string scope)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(new Access([scope], caller => caller.UserId is not null
            ? null
            : Problem.Of(StatusCodes.Status403Forbidden, "no_user", "This is about the person who signed in: the token must be a user's, not an application's own.")));

    /// <summary>An administrator's token, or an application's own, with the scope.</summary>
    public static TBuilder RequireAdmin<TBuilder>(this TBuilder routes, string scope)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(new Access([scope], NotAdmin));

    /// <summary>Strangers, and administrators' tokens with the scope; a bad token is refused, so that nobody acts as a stranger by mistake.</summary>
    public static TBuilder RequireStrangerOrAdmin<TBuilder>(this TBuilder routes, string scope)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(new Access([scope], NotAdmin) { TakesStrangers = true });

    /// <summary>The person's own token with one scope, or an administrator's with the other. Whose data it is the handler asks <see cref="Caller.MaySee"/>.</summary>
    public static TBuilder RequireOwnerOrAdmin<TBuilder>(this TBuilder routes, string adminScope)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(new Access([adminScope, ApiScopes.Account], _ => null));

    /// <summary>Looks at the token of every request to a route that asks for one.</summary>
    public static void UseApiAccess(this WebApplication app) => app.Use(async (context, next) =>
    {
        if (context.Request.Path.StartsWithSegments(ManagementApi.Path, StringComparison.OrdinalIgnoreCase))
        {
            context.Response.Headers.CacheControl = "no-store";
            context.Response.Headers.XContentTypeOptions = "nosniff";
        }

        if (context.GetEndpoint()?.Metadata.GetMetadata<Access>() is not { } access || (access.TakesStrangers && context.Request.Headers.Authorization.Count == 0))
        {
            await next(context);
            return;
        }

        var (caller, refusal) = await Caller.ReadAsync(context);
        refusal ??= access.Scopes.Any(caller!.Has) ? access.Rule(caller) : Insufficient(context, access.Scopes[0]);
        if (refusal is not null)
        {
            await refusal.ExecuteAsync(context);
            return;
        }

        context.Features.Set(caller);
        await next(context);
    });

    private static IResult? NotAdmin(Caller caller) =>
        caller.IsAdmin ? null : Problem.Of(StatusCodes.Status403Forbidden, "not_admin", "This is for administrators: the user needs the role admin.");

    // RFC 6750 §3.1: insufficient_scope is 403 and may name the scope.
    private static IResult Insufficient(HttpContext context, string scope)
    {
        context.Response.Headers.WWWAuthenticate = $"Bearer error=\"insufficient_scope\", scope=\"{scope}\"";
        return Problem.Of(StatusCodes.Status403Forbidden, "insufficient_scope", $"The token needs the scope {scope}: ask for it when the person signs in.");
    }
}
