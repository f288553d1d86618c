namespace IdentityServer.Management;

/// <summary>What the API's description says of a route beside what its types say. Errors that come with the route's kind are added by themselves.</summary>
internal static class Documented
{
    /// <summary>A name for generated clients, and one line for people.</summary>
    public static RouteHandlerBuilder Describe(this RouteHandlerBuilder route, string operationId, string summary, string? description = null)
    {
        route.WithName(operationId).WithSummary(summary);
        return description is null ? route : route.WithDescription(description);
    }

    /// <summary>Answers with a body of this kind.</summary>
    public static RouteHandlerBuilder Gives<T>(this RouteHandlerBuilder route, int status = StatusCodes.Status200OK) => route.Produces<T>(status);

    /// <summary>Answers 204.</summary>
    public static RouteHandlerBuilder GivesNothing(this RouteHandlerBuilder route) => route.Produces(StatusCodes.Status204NoContent);

    /// <summary>May answer with these errors.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
            route.ProducesProblem(status);
        return route;
    }

    /// <summary>404, 409.</summary>
    public static RouteHandlerBuilder RefusesConflicts(this RouteHandlerBuilder route) =>
        route.Refuses(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict);

    /// <summary>404, 409, and 412 for who edits what somebody else changed.</summary>
    public static RouteHandlerBuilder RefusesStaleEdits(this RouteHandlerBuilder route) =>
        route.RefusesConflicts().Refuses(StatusCodes.Status412PreconditionFailed);
}
