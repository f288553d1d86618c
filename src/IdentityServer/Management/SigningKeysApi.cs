using IdentityServer.Core.Administration;
using IdentityServer.Core.Keys;
using IdentityServer.Core.Persistence;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace IdentityServer.Management;

/// <summary>A published key on the wire, without its secret.</summary>
/// <param name="Kid">Its name in tokens: the RFC 7638 thumbprint.</param>
/// <param name="Algorithm">What it signs with.</param>
/// <param name="State"><c>next</c>, <c>signs</c> or <c>retired</c>.</param>
/// <param name="FromFile">It comes from a file of the configuration, and is rotated there.</param>
/// <param name="CreatedAt">When it was made and first published.</param>
/// <param name="ActivatesAt">From when it signs.</param>
/// <param name="RetiresAt">From when it signs no more; null: never.</param>
/// <param name="ExpiresAt">From when it is not published any more; null: never.</param>
internal sealed record SigningKeyJson(
    string Kid, string Algorithm, SigningKeyState State, bool FromFile, DateTimeOffset CreatedAt, DateTimeOffset ActivatesAt, DateTimeOffset? RetiresAt, DateTimeOffset? ExpiresAt)
{
    public static SigningKeyJson Of(SigningKeyView view) => new(
        view.Kid, view.Algorithm.ToString(), view.State, view.IsFile, view.Times.CreatedAt, view.Times.ActivatesAt, Ever(view.Times.RetiresAt), Ever(view.Times.ExpiresAt));

    // A file's key has no end.
    private static DateTimeOffset? Ever(DateTimeOffset at) => at.Year > 9000 ? null : at;
}

/// <summary>How keys are to be rotated.</summary>
/// <param name="Immediately">True only for a key that leaked: the new one signs at once, before everybody has seen it.</param>
internal sealed record RotateRequest(bool Immediately = false);

/// <summary><c>/signing-keys</c>: what tokens are signed with.</summary>
internal static class SigningKeysApi
{
    public static void MapSigningKeys(this RouteGroupBuilder api)
    {
        var routes = api.MapGroup("/signing-keys").RequireAdmin(ApiScopes.Admin).WithTags("Signing keys");
        routes.MapGet("", async (SigningKeyAdministration keys, CancellationToken cancellationToken) => Answer(await keys.ListAsync(cancellationToken)))
            .Describe("listSigningKeys", "List signing keys", "Upcoming, signing and retired ones, as they are published.").Gives<IReadOnlyList<SigningKeyJson>>();
        routes.MapPost("/rotate", async ([FromBody(EmptyBodyBehavior = EmptyBodyBehavior.Allow)] RotateRequest? request, Caller caller, SigningKeyAdministration keys, CancellationToken cancellationToken) =>
                Answer(await keys.RotateAsync(request?.Immediately ?? false, caller.AsOperator(), cancellationToken)))
            .Describe("rotateSigningKeys", "Rotate signing keys", "Successors are published now and sign at least 24 hours later, when everybody has seen them; nothing changes where one waits already.")
            .Gives<IReadOnlyList<SigningKeyJson>>();
    }

    private static Ok<IReadOnlyList<SigningKeyJson>> Answer(IEnumerable<SigningKeyView> keys) => TypedResults.Ok<IReadOnlyList<SigningKeyJson>>([.. keys.Select(SigningKeyJson.Of)]);
}
