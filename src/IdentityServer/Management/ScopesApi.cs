using IdentityServer.Core.Administration;
using IdentityServer.Core.Persistence;
using IdentityServer.Protocol.Model;

namespace IdentityServer.Management;

/// <summary>A scope on the wire.</summary>
internal sealed record ScopeJson(
    string Name, string? DisplayName, string? Description, IReadOnlyList<string> Resources, IReadOnlyList<string> Claims, bool BuiltIn, bool Declared)
{
    public static ScopeJson Of(ScopeView view) => new(
        view.Scope.Name, view.Scope.DisplayName, view.Scope.Description, view.Scope.Resources, view.Scope.Claims, view.IsBuiltIn, view.IsDeclared);
}

/// <summary>What of a scope is to be changed; what is absent stays.</summary>
internal record ScopeChangesRequest
{
    /// <summary>The name that people see.</summary>
    public string? DisplayName { get; init; }

    /// <summary>One sentence for the consent page.</summary>
    public string? Description { get; init; }

    /// <summary>The <c>aud</c> of access tokens with this scope.</summary>
    public IReadOnlyList<string>? Resources { get; init; }

    /// <summary>Claims about the user that it opens.</summary>
    public IReadOnlyList<string>? Claims { get; init; }

    /// <summary>The scope as it is to be.</summary>
    public Scope ApplyTo(Scope scope) => scope with
    {
        DisplayName = DisplayName ?? scope.DisplayName,
        Description = Description ?? scope.Description,
        Resources = Resources ?? scope.Resources,
        Claims = Claims ?? scope.Claims,
    };
}

/// <summary>A new scope.</summary>
internal sealed record NewScopeRequest : ScopeChangesRequest
{
    /// <summary>The name on the wire (RFC 6749 §3.3).</summary>
    public required string Name { get; init; }
}

/// <summary><c>/scopes</c>: what applications may ask for. A slash in a name is written as <c>%2F</c> in the path.</summary>
internal static class ScopesApi
{
    public static void MapScopes(this RouteGroupBuilder api)
    {
        var routes = api.MapGroup("/scopes").RequireAdmin(ApiScopes.Admin).WithTags("Scopes");
        routes.MapGet("", ListAsync).Describe("listScopes", "List scopes", "In the order of names; search looks for a part of one.").Gives<PageJson<ScopeJson>>();
        routes.MapPost("", AddAsync).Describe("addScope", "Add a scope").Gives<ScopeJson>(StatusCodes.Status201Created).Refuses(StatusCodes.Status409Conflict);
        routes.MapGet("/{name}", GetAsync).Describe("getScope", "Read a scope").Gives<ScopeJson>();
        routes.MapPatch("/{name}", EditAsync).Describe("editScope", "Change a scope", "What is absent stays. Built-in and declared ones cannot be changed here.").Gives<ScopeJson>().RefusesStaleEdits();
        routes.MapDelete("/{name}", RemoveAsync).Describe("removeScope", "Remove a scope", "Not while an application may ask for it.").GivesNothing().RefusesStaleEdits();
    }

    private static async Task<IResult> ListAsync(string? search, [AsParameters] Paging paging, HttpContext context, ScopeAdministration scopes) =>
        paging.Check() ?? TypedResults.Ok(paging.Page(context, await scopes.ListAsync(search, paging.Take, paging.Skip, context.RequestAborted), ScopeJson.Of));

    private static async Task<IResult> AddAsync(NewScopeRequest request, Caller caller, HttpContext context, ScopeAdministration scopes)
    {
        var change = await scopes.AddAsync(request.ApplyTo(new Scope { Name = request.Name }), caller.AsOperator(), context.RequestAborted);
        if (change.Refusal() is { } refusal)
            return refusal;
        if (await scopes.FindAsync(request.Name, context.RequestAborted) is not { } added)
            return Problem.NotFound();

        ETags.Write(context, added.Version);
        return TypedResults.Created($"{context.Request.PathBase}{context.Request.Path}/{Uri.EscapeDataString(request.Name)}", ScopeJson.Of(added));
    }

    private static async Task<IResult> GetAsync(string name, HttpContext context, ScopeAdministration scopes)
    {
        if (await scopes.FindAsync(Written(name), context.RequestAborted) is not { } found)
            return Problem.NotFound();

        ETags.Write(context, found.Version);
        return TypedResults.Ok(ScopeJson.Of(found));
    }

    private static async Task<IResult> EditAsync(string name, ScopeChangesRequest request, Caller caller, HttpContext context, ScopeAdministration scopes) =>
        (await scopes.EditAsync(Written(name), ETags.Wanted(context), request.ApplyTo, caller.AsOperator(), context.RequestAborted)).Refusal()
        ?? await GetAsync(name, context, scopes);

    private static async Task<IResult> RemoveAsync(string name, Caller caller, HttpContext context, ScopeAdministration scopes) =>
        (await scopes.RemoveAsync(Written(name), ETags.Wanted(context), caller.AsOperator(), context.RequestAborted)).Refusal() ?? TypedResults.NoContent();

    // The server leaves an escaped slash in a path as it is.
    private static string Written(string name) => name.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
}
