using IdentityServer.Core.Account;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace IdentityServer.Management;

/// <summary>A new e-mail address or phone number; challenge and code are those of <c>POST /me/verification</c>, where the sign-in is older than five minutes.</summary>
internal sealed record NewAddressRequest(string Address, string? Challenge = null, string? Code = null);

/// <summary>Which of the own addresses.</summary>
internal enum AddressKind
{
    /// <summary>The e-mail address.</summary>
    Email,

    /// <summary>The phone number.</summary>
    Phone,
}

/// <summary>Where a code is to go; left out: the e-mail address, or the phone number where that is the one proved.</summary>
internal sealed record VerificationRequest(AddressKind? To = null);

/// <summary>A challenge whose code did not come.</summary>
internal sealed record ResendRequest(string Challenge);

/// <summary>The person is there.</summary>
internal sealed record VerifiedJson(bool Verified);

/// <summary><c>/me/email</c>, <c>/me/phone</c> and <c>/me/verification</c>: the person's own addresses, and codes to them.</summary>
internal static class MyAddressesApi
{
    private const string Sensitive = "Needs a sign-in within the last five minutes (401 with max_age otherwise, RFC 9470) or a fresh code in the body.";

    public static void MapMyAddresses(this RouteGroupBuilder api)
    {
        var me = api.MapGroup("/me").RequireUser(ApiScopes.Account).WithTags("My addresses");
        Map(me, "/email", Channel.Email, "Email", "e-mail address");
        Map(me, "/phone", Channel.Sms, "Phone", "phone number");
        me.MapPost("/addresses/confirmation", ConfirmAsync)
            .Describe("confirmMyAddress", "Prove a new address", "It takes the place of the old one, whose owner is told and can undo it for seven days.")
            .Gives<MeJson>().Refuses(StatusCodes.Status400BadRequest);
        me.MapPost("/verification", VerifyAsync).Describe("sendMyCode", "Send a code to one of the own addresses")
            .Gives<ChallengeJson>(StatusCodes.Status202Accepted).Refuses(StatusCodes.Status400BadRequest);
        me.MapPost("/verification/resend", ResendAsync).Describe("resendMyCode", "Send another code", "Of a new address or an own one; the earlier code is dead.")
            .Gives<ChallengeJson>(StatusCodes.Status202Accepted).Refuses(StatusCodes.Status400BadRequest);
        me.MapPost("/verification/check", CheckAsync).Describe("checkMyCode", "Check a code", "Right once.").Gives<VerifiedJson>().Refuses(StatusCodes.Status400BadRequest);
    }

    private static void Map(RouteGroupBuilder me, string path, Channel channel, string name, string words)
    {
        me.MapPut(path, ([FromBody] NewAddressRequest request, Caller caller, HttpContext context, ChangeAddress addresses) => StartAsync(channel, request, caller, context, addresses))
            .Describe($"changeMy{name}", $"Change the {words}", $"Sends a code to the new one. {Sensitive}")
            .Gives<ChallengeJson>(StatusCodes.Status202Accepted).Refuses(StatusCodes.Status400BadRequest);
        me.MapDelete(path, ([FromBody(EmptyBodyBehavior = EmptyBodyBehavior.Allow)] ProofRequest? proof, Caller caller, HttpContext context, ChangeAddress addresses) => RemoveAsync(channel, proof, caller, context, addresses))
            .Describe($"removeMy{name}", $"Remove the {words}", $"When another proved address stays. {Sensitive}")
            .GivesNothing().Refuses(StatusCodes.Status400BadRequest, StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> StartAsync(Channel channel, NewAddressRequest request, Caller caller, HttpContext context, ChangeAddress addresses) =>
        await Asking.ProofAsync(context, caller, new ProofRequest(request.Challenge, request.Code))
        ?? Asking.Sent(context, await addresses.StartAsync(channel, request.Address, Asking.Requester(context, caller), context.RequestAborted), "address");

    private static async Task<IResult> RemoveAsync(Channel channel, ProofRequest? proof, Caller caller, HttpContext context, ChangeAddress addresses) =>
        await Asking.ProofAsync(context, caller, proof)
        ?? (await addresses.RemoveAsync(channel, Asking.Requester(context, caller), context.RequestAborted) == RemoveOutcome.Removed
            ? TypedResults.NoContent()
            : Problem.Of(StatusCodes.Status409Conflict, "last_address", "This is the last proved address: without it you could not sign in. Add another one first."));

    private static async Task<IResult> ConfirmAsync(
        [FromBody] CodeRequest request, Caller caller, HttpContext context, ChangeAddress addresses, UserQueries users, UseInvitation invitations) =>
        Asking.Refusal(context, await addresses.ConfirmAsync(request.Challenge, request.Code, Asking.Requester(context, caller), context.RequestAborted))
        ?? await MeApi.GetAsync(caller, context, users, invitations);

    private static async Task<IResult> VerifyAsync(
        [FromBody(EmptyBodyBehavior = EmptyBodyBehavior.Allow)] VerificationRequest? request, Caller caller, HttpContext context, ConfirmPresence presence)
    {
        Channel? channel = request?.To switch
        {
            AddressKind.Email => Channel.Email,
            AddressKind.Phone => Channel.Sms,
            _ => null,
        };
        return Asking.Sent(context, await presence.SendAsync(channel, Asking.Requester(context, caller), context.RequestAborted), "to");
    }

    private static async Task<IResult> ResendAsync([FromBody] ResendRequest request, Caller caller, HttpContext context, ConfirmPresence presence) =>
        Asking.Sent(context, await presence.ResendAsync(request.Challenge, Asking.Requester(context, caller), context.RequestAborted), "challenge");

    private static async Task<IResult> CheckAsync([FromBody] CodeRequest request, Caller caller, HttpContext context, ConfirmPresence presence) =>
        Asking.Refusal(context, await presence.CheckAsync(request.Challenge, request.Code, Asking.Requester(context, caller), context.RequestAborted))
        ?? TypedResults.Ok(new VerifiedJson(true));
}
