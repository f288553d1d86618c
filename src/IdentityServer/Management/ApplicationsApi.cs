using IdentityServer.Core.Administration;
using IdentityServer.Core.Persistence;
using IdentityServer.Protocol.Model;

namespace IdentityServer.Management;

/// <summary><c>/applications</c>: what may ask this server for tokens.</summary>
internal static class ApplicationsApi
{
    public static void MapApplications(this RouteGroupBuilder api)
    {
        var routes = api.MapGroup("/applications").RequireAdmin(ApiScopes.Admin).WithTags("Applications");
        routes.MapGet("", ListAsync).Describe("listApplications", "List applications", "In the order of client ids; search looks for a part of client id or name.")
            .Gives<PageJson<ApplicationJson>>();
        routes.MapPost("", AddAsync).Describe("addApplication", "Register an application", "A confidential one is answered with its first secret, which is shown this once.")
            .Gives<NewApplicationJson>(StatusCodes.Status201Created).Refuses(StatusCodes.Status409Conflict);
        routes.MapGet("/{id}", GetAsync).Describe("getApplication", "Read an application").Gives<ApplicationJson>();
        routes.MapPatch("/{id}", EditAsync).Describe("editApplication", "Change an application", "What is absent stays. If-Match with the ETag that you read guards against somebody else's change. What configuration declares cannot be changed here.")
            .Gives<ApplicationJson>().RefusesStaleEdits();
        routes.MapDelete("/{id}", RemoveAsync).Describe("removeApplication", "Remove an application", "With its secrets, authorizations and tokens.").GivesNothing().RefusesStaleEdits();
        routes.MapPost("/{id}/secrets", AddSecretAsync).Describe("addSecret", "Make another secret", "256 random bits, shown this once. Several work at a time, so that they can be replaced without a break.")
            .Gives<NewSecretJson>(StatusCodes.Status201Created).RefusesConflicts();
        routes.MapDelete("/{id}/secrets/{secretId:guid}", RemoveSecretAsync).Describe("removeSecret", "Remove a secret", "It stops working at once. The last one that works stays.").GivesNothing().RefusesConflicts();
    }

    private static async Task<IResult> ListAsync(string? search, [AsParameters] Paging paging, HttpContext context, ApplicationAdministration applications) =>
        paging.Check() ?? TypedResults.Ok(paging.Page(context, await applications.ListAsync(search, paging.Take, paging.Skip, context.RequestAborted), ApplicationJson.Of));

    private static async Task<IResult> AddAsync(NewApplicationRequest request, Caller caller, HttpContext context, ApplicationAdministration applications)
    {
        if (request.Check() is { } problem)
            return problem;

        var wanted = request.ApplyTo(new Application
        {
            Id = Guid.Empty,
            ClientId = request.ClientId,
            DisplayName = request.DisplayName ?? request.ClientId,
            Type = request.Type,
            Kind = request.Kind,
        });
        var (change, secret) = await applications.AddAsync(wanted, caller.AsOperator(), context.RequestAborted);
        if (change.Refusal() is { } refusal)
            return refusal;
        if (await applications.FindAsync(request.ClientId, context.RequestAborted) is not { } added)
            return Problem.NotFound();

        ETags.Write(context, added.Version);
        return TypedResults.Created($"{context.Request.PathBase}{context.Request.Path}/{request.ClientId}", new NewApplicationJson(ApplicationJson.Of(added), secret is null ? null : NewSecretJson.Of(secret)));
    }

    private static async Task<IResult> GetAsync(string id, HttpContext context, ApplicationAdministration applications)
    {
        if (await applications.FindAsync(id, context.RequestAborted) is not { } found)
            return Problem.NotFound();

        ETags.Write(context, found.Version);
        return TypedResults.Ok(ApplicationJson.Of(found));
    }

    private static async Task<IResult> EditAsync(string id, ApplicationChangesRequest request, Caller caller, HttpContext context, ApplicationAdministration applications) =>
        request.Check()
        ?? (await applications.EditAsync(id, ETags.Wanted(context), request.ApplyTo, caller.AsOperator(), context.RequestAborted)).Refusal()
        ?? await GetAsync(id, context, applications);

    private static async Task<IResult> RemoveAsync(string id, Caller caller, HttpContext context, ApplicationAdministration applications) =>
        (await applications.RemoveAsync(id, ETags.Wanted(context), caller.AsOperator(), context.RequestAborted)).Refusal() ?? TypedResults.NoContent();

    private static async Task<IResult> AddSecretAsync(string id, NewSecretRequest request, Caller caller, HttpContext context, ApplicationAdministration applications)
    {
        var (change, secret) = await applications.AddSecretAsync(id, request.ExpiresAt?.ToUniversalTime(), caller.AsOperator(), context.RequestAborted);
        return change.Refusal() ?? TypedResults.Created($"{context.Request.PathBase}{context.Request.Path}/{secret!.Id:D}", NewSecretJson.Of(secret));
    }

    private static async Task<IResult> RemoveSecretAsync(string id, Guid secretId, Caller caller, HttpContext context, ApplicationAdministration applications) =>
        (await applications.RemoveSecretAsync(id, secretId, caller.AsOperator(), context.RequestAborted)).Refusal() ?? TypedResults.NoContent();
}
