using System.Text.Json.Nodes;

namespace IdentityServer.Protocol.Model;

/// <summary>A user as the protocol sees it.</summary>
/// <param name="Id">The user's id: <c>sub</c> is its "D" form.</param>
/// <param name="Claims">Every standard claim that is known (OpenID Connect Core §5.1), without <c>sub</c>; scopes choose among them.</param>
public sealed record Subject(Guid Id, JsonObject Claims);

/// <summary>A browser's sign-in as the protocol sees it.</summary>
/// <param name="Id">The session's id: <c>sid</c> is its "D" form. Not the cookie.</param>
/// <param name="UserId">Who signed in.</param>
/// <param name="AuthenticatedAt">When the person last proved who they are: <c>auth_time</c>.</param>
/// <param name="ChosenAt">When the person last chose to go on with this account.</param>
/// <param name="Methods">How: <c>amr</c> (RFC 8176).</param>
public sealed record Session(
    Guid Id,
    Guid UserId,
    DateTimeOffset AuthenticatedAt,
    DateTimeOffset ChosenAt,
    IReadOnlyList<string> Methods);
