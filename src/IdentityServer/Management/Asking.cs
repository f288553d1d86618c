using IdentityServer.Core.Account;
using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using Microsoft.Extensions.Options;

namespace IdentityServer.Management;

/// <summary>A code that is on its way. Times in seconds.</summary>
/// <param name="Challenge">To be sent back beside the code.</param>
/// <param name="ExpiresIn">How long the code works.</param>
/// <param name="ResendIn">When another can be asked for.</param>
/// <param name="CodeLength">Digits of the code.</param>
internal sealed record ChallengeJson(string Challenge, int ExpiresIn, int ResendIn, int CodeLength);

/// <summary>A code and what it belongs to.</summary>
internal sealed record CodeRequest(string Challenge, string Code);

/// <summary>A fresh code to one of the own addresses, from <c>POST /me/verification</c>: in place of a sign-in within the last five minutes.</summary>
internal sealed record ProofRequest(string? Challenge = null, string? Code = null);

/// <summary>What routes that send or check codes have in common.</summary>
internal static class Asking
{
    /// <summary>RFC 9470's <c>max_age</c> for what is sensitive.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromMinutes(5);

    /// <summary>Who asks.</summary>
    public static Requester Requester(HttpContext context, Caller? caller)
    {
        var services = context.RequestServices;
        List<string> supported = [.. services.GetRequiredService<IOptions<ProtocolOptions>>().Value.UiLocales];
        var wishes = context.Request.GetTypedHeaders().AcceptLanguage.OrderByDescending(wish => wish.Quality ?? 1).Select(wish => wish.Value.ToString());
        return new Requester(
            caller?.UserId,
            caller?.Token.ClientId,
            Visitors.IpOf(context),
            LanguageTags.Choose([.. wishes], supported) ?? supported[0],
            services.GetRequiredService<Issuer>().For(context)) { ApplicationId = caller?.ApplicationId };
    }

    /// <summary>Whether the person proved lately who they are, with their sign-in or with a code in the request; null: yes.</summary>
    public static async Task<IResult?> ProofAsync(HttpContext context, Caller caller, ProofRequest? proof)
    {
        var time = context.RequestServices.GetRequiredService<TimeProvider>();
        if (caller.Token.AuthenticatedAt is { } at && at + Fresh >= time.GetUtcNow())
            return null;
        if (proof is null or { Challenge: null, Code: null })
            return Problem.StepUp(context, Fresh);

        var presence = context.RequestServices.GetRequiredService<ConfirmPresence>();
        return Refusal(context, await presence.CheckAsync(proof.Challenge, proof.Code, Requester(context, caller), context.RequestAborted));
    }

    /// <summary>What is wrong with a code; null when it was right.</summary>
    public static IResult? Refusal(HttpContext context, ConfirmOutcome outcome) => outcome switch
    {
        ConfirmOutcome.Confirmed => null,
        ConfirmOutcome.Wrong(var left) => Problem.Field("code", $"This is not the code; {left} tries are left."),
        ConfirmOutcome.Superseded => Problem.Field("code", "A newer code was sent: use that one. This cost no try."),
        ConfirmOutcome.TryLater(var at) => Problem.TryLater(context, at is { } until ? until - Now(context) : TimeSpan.FromHours(1)),
        _ => Problem.Field("challenge", "It is finished, used up, too old or not yours: ask for a new code."),
    };

    /// <summary>The answer to who asked for a code; <paramref name="field"/> is what may be unusable. Null: the challenge is over.</summary>
    public static IResult Sent(HttpContext context, SendOutcome? outcome, string field) => outcome switch
    {
        SendOutcome.Sent({ Challenge: { } challenge } code) => TypedResults.Json(
            new ChallengeJson(challenge, (int)code.ExpiresIn.TotalSeconds, (int)code.ResendIn.TotalSeconds, code.CodeLength), statusCode: StatusCodes.Status202Accepted),
        SendOutcome.Unusable(var problem) => Problem.Field(field, problem),
        SendOutcome.TryLater(var at) => Problem.TryLater(context, at - Now(context)),
        _ => Problem.Field("challenge", "It is finished, used up, too old or not yours: start again."),
    };

    /// <summary>The time.</summary>
    public static DateTimeOffset Now(HttpContext context) => context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
}
