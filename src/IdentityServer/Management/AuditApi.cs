using System.Text.Json;
using IdentityServer.Core.Administration;
using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Protocol;

namespace IdentityServer.Management;

/// <summary>An entry of the audit log on the wire.</summary>
/// <param name="Id">The row.</param>
/// <param name="At">When.</param>
/// <param name="Kind">What, e.g. <c>signed_in</c>.</param>
/// <param name="UserId">Whom it concerns.</param>
/// <param name="ApplicationId">The application that took part.</param>
/// <param name="SessionId">The session that took part.</param>
/// <param name="Ip">Where from.</param>
/// <param name="Facts">More, by the kind: e.g. <c>by</c> and <c>through</c> for what an administrator did.</param>
internal sealed record AuditEventJson(
    Guid Id, DateTimeOffset At, string Kind, Guid? UserId, Guid? ApplicationId, Guid? SessionId, string? Ip, IReadOnlyDictionary<string, string> Facts)
{
    public static AuditEventJson Of(AuditEntry entry) => new(
        entry.Id, entry.At, JsonNamingPolicy.SnakeCaseLower.ConvertName(entry.Kind), entry.UserId, entry.ApplicationId, entry.SessionId, entry.Ip, entry.Facts);
}

/// <summary><c>/audit-events</c>: what happened. It can be read, never changed.</summary>
internal static class AuditApi
{
    public static void MapAudit(this RouteGroupBuilder api)
    {
        var routes = api.MapGroup("/audit-events").RequireAdmin(ApiScopes.Admin).WithTags("Audit");
        routes.MapGet("", ListAsync).Describe("listAuditEvents", "List audit events", "Newest first; by kind, user_id, client_id, ip, from and to.").Gives<PageJson<AuditEventJson>>();
    }

    private static async Task<IResult> ListAsync(
        Choice<AuditKind>? kind,
        [Microsoft.AspNetCore.Mvc.FromQuery(Name = "user_id")] Guid? userId,
        [Microsoft.AspNetCore.Mvc.FromQuery(Name = "client_id")] string? clientId,
        string? ip,
        DateTimeOffset? from,
        DateTimeOffset? to,
        [AsParameters] Paging paging,
        HttpContext context,
        AuditQueries audit,
        IRegistry registry)
    {
        if (paging.Check() is { } problem)
            return problem;

        Guid? application = clientId is null ? null : (await registry.FindApplicationAsync(clientId, context.RequestAborted))?.Id ?? Guid.Empty;
        var query = new AuditQuery { Kind = kind?.Value, UserId = userId, ApplicationId = application, Ip = ip, From = from, To = to, Limit = paging.Take, Offset = paging.Skip };
        return TypedResults.Ok(paging.Page(context, await audit.ListAsync(query, context.RequestAborted), AuditEventJson.Of));
    }
}
