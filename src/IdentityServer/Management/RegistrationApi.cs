using IdentityServer.Core.Account;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Management;

/// <summary>A new user. The last three are for administrators.</summary>
/// <param name="Email">At least one of both addresses; gets the code when it is given.</param>
/// <param name="PhoneNumber">With its calling code. Of two addresses the one whose code comes first stays; the person adds the other at /me.</param>
/// <param name="Name">1 to 100 characters.</param>
/// <param name="GivenName">1 to 100 characters.</param>
/// <param name="FamilyName">1 to 100 characters.</param>
/// <param name="Locale">One of the languages that the pages speak.</param>
/// <param name="Invitation">The code of who invited them; needed where registration is by invitation only.</param>
/// <param name="EmailVerified">The administrator vouches for it.</param>
/// <param name="PhoneNumberVerified">The administrator vouches for it.</param>
/// <param name="SendCode">Whether an activation code is sent.</param>
internal sealed record NewUserRequest(
    string? Email = null,
    string? PhoneNumber = null,
    string? Name = null,
    string? GivenName = null,
    string? FamilyName = null,
    string? Locale = null,
    string? Invitation = null,
    bool? EmailVerified = null,
    bool? PhoneNumberVerified = null,
    bool? SendCode = null);

/// <summary>A message is on its way; the same for free and taken addresses. Times in seconds.</summary>
/// <param name="ExpiresIn">How long a code works.</param>
/// <param name="ResendIn">When another can be asked for.</param>
/// <param name="CodeLength">Digits of a code.</param>
internal sealed record RegistrationJson(int ExpiresIn, int ResendIn, int CodeLength);

/// <summary>An address that was registered.</summary>
internal sealed record AddressRequest(string Address);

/// <summary>An address that was registered, and the code that it was sent.</summary>
internal sealed record ActivationRequest(string Address, string Code);

/// <summary><c>POST /users</c> and what activates a user.</summary>
internal static class RegistrationApi
{
    public static void MapRegistration(this RouteGroupBuilder api)
    {
        var users = api.MapGroup("/users").WithTags("Registration");
        users.MapPost("", CreateAsync).RequireStrangerOrAdmin(ApiScopes.WriteUsers)
            .Describe("createUser", "Register, or make a user", "Without a token: makes an inactive user and sends a code, 202 alike for free and taken addresses. With an administrator's token and users:write: makes a user, 201.")
            .Gives<RegistrationJson>(StatusCodes.Status202Accepted).Gives<UserJson>(StatusCodes.Status201Created)
            .Refuses(StatusCodes.Status400BadRequest, StatusCodes.Status403Forbidden, StatusCodes.Status409Conflict, StatusCodes.Status429TooManyRequests);
        users.MapPost("/activation", ActivateAsync)
            .Describe("activateUser", "Activate a user", "With the newest code that was sent to the address. Every failure is the same 400.")
            .GivesNothing().Refuses(StatusCodes.Status400BadRequest, StatusCodes.Status429TooManyRequests);
        users.MapPost("/code", SendCodeAsync)
            .Describe("sendActivationCode", "Send another activation code", "The earlier one is dead. Alike for every address.")
            .Gives<RegistrationJson>(StatusCodes.Status202Accepted).Refuses(StatusCodes.Status400BadRequest, StatusCodes.Status429TooManyRequests);
    }

    private static async Task<IResult> CreateAsync(
        [FromBody] NewUserRequest request, Caller? caller, HttpContext context, Register register, CreateUser create, UserQueries users)
    {
        if (caller is not null)
            return await CreateForAdminAsync(request, caller, context, create, users);

        var forAdmins = new Dictionary<string, string[]>(StringComparer.Ordinal);
        foreach (var (field, value) in new[] { ("email_verified", request.EmailVerified), ("phone_number_verified", request.PhoneNumberVerified), ("send_code", request.SendCode) })
        {
            if (value is not null)
                forAdmins[field] = ["Is for administrators: send their access token."];
        }

        if (forAdmins.Count > 0)
            return Problem.Fields(forAdmins);

        var account = new NewAccount { Email = request.Email, Phone = request.PhoneNumber, Invitation = request.Invitation, Profile = ProfileOf(request) };
        return Answer(context, await register.RegisterAsync(account, Asking.Requester(context, caller: null), context.RequestAborted));
    }

    private static async Task<IResult> CreateForAdminAsync(NewUserRequest request, Caller caller, HttpContext context, CreateUser create, UserQueries users)
    {
        if (request.Invitation is not null)
            return Problem.Field("invitation", "Is for people who register themselves.");

        var account = new CreatedAccount
        {
            Email = request.Email,
            EmailVerified = request.EmailVerified == true,
            Phone = request.PhoneNumber,
            PhoneVerified = request.PhoneNumberVerified == true,
            SendCode = request.SendCode == true,
            Profile = ProfileOf(request),
        };
        switch (await create.CreateAsync(account, Asking.Requester(context, caller), caller.AsOperator(), context.RequestAborted))
        {
            case CreateOutcome.Created(var id) when await users.FindAsync(id, context.RequestAborted) is { } found:
                ETags.Write(context, found.User.ConcurrencyStamp);
                return TypedResults.Created($"{context.Request.PathBase}/api/v1/users/{id:D}", UserJson.Of(found));
            case CreateOutcome.Invalid(var problems):
                return Problem.Fields(problems);
            case CreateOutcome.Taken(var field):
                return Problem.Of(StatusCodes.Status409Conflict, "address_taken", $"Another user has this {field}.");
            case CreateOutcome.TryLater(var at):
                return Problem.TryLater(context, at - Asking.Now(context));
            default:
                return Problem.NotFound();
        }
    }

    private static async Task<IResult> ActivateAsync([FromBody] ActivationRequest request, HttpContext context, Activate activate) =>
        await activate.ActivateAsync(request.Address, request.Code, Asking.Requester(context, caller: null), context.RequestAborted)
            ? TypedResults.NoContent()
            : Problem.Of(StatusCodes.Status400BadRequest, "not_activated", "The address and the code do not activate a user. Ask for another code at /users/code.");

    private static async Task<IResult> SendCodeAsync([FromBody] AddressRequest request, HttpContext context, Register register) =>
        Answer(context, await register.SendCodeAsync(request.Address, Asking.Requester(context, caller: null), context.RequestAborted));

    private static IResult Answer(HttpContext context, RegisterOutcome outcome) => outcome switch
    {
        RegisterOutcome.Accepted(var code) => TypedResults.Json(
            new RegistrationJson((int)code.ExpiresIn.TotalSeconds, (int)code.ResendIn.TotalSeconds, code.CodeLength), statusCode: StatusCodes.Status202Accepted),
        RegisterOutcome.Invalid(var problems) => Problem.Fields(problems),
        RegisterOutcome.Closed => Problem.Of(StatusCodes.Status403Forbidden, "registration_closed", "New people cannot register here: an administrator makes their account."),
        RegisterOutcome.TryLater(var at) => Problem.TryLater(context, at - Asking.Now(context)),
        _ => throw new InvalidOperationException(),
    };

    private static ProfileChanges ProfileOf(NewUserRequest request)
    {
        var profile = new ProfileChanges();
        if (request.Name is not null)
            profile.Name = request.Name;
        if (request.GivenName is not null)
            profile.GivenName = request.GivenName;
        if (request.FamilyName is not null)
            profile.FamilyName = request.FamilyName;
        if (request.Locale is not null)
            profile.Locale = request.Locale;
        return profile;
    }
}
