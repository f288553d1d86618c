using IdentityServer.Core.Account;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace IdentityServer.Management;

/// <summary>Somebody whom the person invited; addresses are masked.</summary>
internal sealed record InvitedJson(string? Email, string? PhoneNumber, DateTimeOffset Since);

/// <summary>Invitations of a person.</summary>
/// <param name="Code">The own code, for others to name.</param>
/// <param name="UsedCode">The code of who invited them; null when they named nobody.</param>
/// <param name="InvitedCount">How many people they invited.</param>
/// <param name="Invited">The newest 200 of these.</param>
internal sealed record InvitationJson(string Code, string? UsedCode, int InvitedCount, IReadOnlyList<InvitedJson> Invited)
{
    public static InvitationJson Of(InvitationView view) =>
        new(view.Code, view.UsedCode, view.Count, [.. view.Invited.Select(person => new InvitedJson(person.Email, person.Phone, person.Since))]);
}

/// <summary>The person whose token it is.</summary>
internal sealed record MeJson : UserJson
{
    public MeJson(UserJson user, InvitationJson invitation)
        : base(user) => Invitation = invitation;

    /// <summary>Who invited whom.</summary>
    public InvitationJson Invitation { get; }
}

/// <summary>The code of who invited the person.</summary>
internal sealed record InvitationRequest(string Code);

/// <summary>All that the server keeps of the person.</summary>
internal sealed record PersonalDataJson(
    UserJson Profile, InvitationJson Invitation, IReadOnlyList<SessionJson> Sessions, IReadOnlyList<ApplicationAccessJson> Authorizations, IReadOnlyList<HistoryJson> History);

/// <summary><c>/me</c>: the person whose token it is.</summary>
internal static class MeApi
{
    public static void MapMe(this RouteGroupBuilder api)
    {
        var me = api.MapGroup("/me").RequireUser(ApiScopes.Account).WithTags("Me");
        me.MapGet("", GetAsync).Describe("getMe", "Read the own profile").Gives<MeJson>();
        me.MapPatch("", EditAsync).Describe("editMe", "Edit the own profile", "What is left out stays, null removes. Send the ETag of what you read in If-Match.")
            .Gives<MeJson>().Refuses(StatusCodes.Status400BadRequest, StatusCodes.Status412PreconditionFailed, StatusCodes.Status428PreconditionRequired);
        me.MapDelete("", DeleteAsync)
            .Describe("deleteMe", "Delete the own account", "Needs a sign-in within the last five minutes (401 with max_age otherwise, RFC 9470) or a fresh code in the body.")
            .GivesNothing().Refuses(StatusCodes.Status400BadRequest, StatusCodes.Status409Conflict);
        me.MapGet("/data", DataAsync).Describe("getMyData", "Download all of one's data").Gives<PersonalDataJson>();
        me.MapPost("/invitation", UseInvitationAsync).Describe("useInvitation", "Name who invited one", "Once, and never oneself.")
            .Gives<InvitationJson>().Refuses(StatusCodes.Status400BadRequest);
    }

    // No XML comment: it would take the place of the summary in the API's description.
    public static async Task<IResult> GetAsync(Caller caller, HttpContext context, UserQueries users, UseInvitation invitations)
    {
        if (await users.FindAsync(caller.Person, context.RequestAborted) is not { } found)
            return Problem.NotFound();

        ETags.Write(context, found.User.ConcurrencyStamp);
        return TypedResults.Ok(new MeJson(UserJson.Of(found), InvitationJson.Of(await invitations.LookAsync(caller.Person, context.RequestAborted))));
    }

    private static async Task<IResult> EditAsync(
        [FromBody] ProfileChanges changes, Caller caller, HttpContext context, ProfileEditing editing, UserQueries users, UseInvitation invitations)
    {
        // RFC 6585 §3: "to avoid the 'lost update' problem".
        if (context.Request.Headers.IfMatch.Count == 0)
            return Problem.Of(StatusCodes.Status428PreconditionRequired, "no_etag", "Send the ETag of what you read in If-Match.");

        return await editing.EditAsync(caller.Person, changes, ETags.Wanted(context), caller.AsOperator(), context.RequestAborted) switch
        {
            EditOutcome.Edited => await GetAsync(caller, context, users, invitations),
            EditOutcome.Invalid(var problems) => Problem.Fields(problems),
            EditOutcome.Stale => ETags.Stale(),
            _ => Problem.NotFound(),
        };
    }

    private static async Task<IResult> DeleteAsync(
        [FromBody(EmptyBodyBehavior = EmptyBodyBehavior.Allow)] ProofRequest? proof, Caller caller, HttpContext context, UserAdministration users) =>
        await Asking.ProofAsync(context, caller, proof) ?? await users.DeleteAsync(caller.Person, caller.AsOperator(), context.RequestAborted) switch
        {
            UserChange.LastAdministrator => Problem.Of(StatusCodes.Status409Conflict, "last_administrator", "Nobody else could administer this server then: give somebody else the role admin first."),
            UserChange.NotFound => Problem.NotFound(),
            _ => TypedResults.NoContent(),
        };

    private static async Task<IResult> DataAsync(Caller caller, HttpContext context, PersonalData data)
    {
        if (await data.ReadAsync(caller.Person, caller.AsOperator(), context.RequestAborted) is not { } view)
            return Problem.NotFound();

        context.Response.Headers.ContentDisposition = "attachment; filename=\"my-data.json\"";
        return TypedResults.Ok(new PersonalDataJson(
            UserJson.Of(view.User),
            InvitationJson.Of(view.Invitation),
            [.. view.Sessions.Select(SessionJson.Of)],
            [.. view.Applications.Select(ApplicationAccessJson.Of)],
            [.. view.History.Select(HistoryJson.Of)]));
    }

    private static async Task<IResult> UseInvitationAsync([FromBody] InvitationRequest request, Caller caller, HttpContext context, UseInvitation invitations) =>
        await invitations.UseAsync(caller.Person, request.Code, caller.Ip, context.RequestAborted)
            ? TypedResults.Ok(InvitationJson.Of(await invitations.LookAsync(caller.Person, context.RequestAborted)))
            : Problem.Field("code", "This is nobody's code or your own, or you named somebody before.");
}
