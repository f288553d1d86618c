using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using System.Globalization;
using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Clients;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.SignIn;

/// <summary>
/// <c>POST /connect/otp</c>: starts the one-time-code grant for first-party native and confidential applications, or sends another code. Form:
/// client authentication as at the token endpoint; <c>address</c>, optionally <c>scope</c> and <c>ui_locales</c>; or <c>challenge</c> to resend. Answers
/// 200 <c>{challenge, expires_in, resend_in, code_length}</c>, times in seconds, alike for known and unknown addresses; 429 with <c>Retry-After</c>.
/// <see cref="OneTimeCodeGrant"/> finishes it.
/// </summary>
internal sealed class OneTimeCodeEndpoint(
    ClientAuthenticator clients,
    IRegistry registry,
    Challenges challenges,
    ChallengeSender sender,
    AddressReader addresses,
    Issuer issuer,
    IOptions<SignInOptions> settings,
    IOptions<ProtocolOptions> server,
    TimeProvider time)
{
    private readonly SignInOptions options = settings.Value;

    public async Task HandleAsync(HttpContext context)
    {
        var error = await clients.ReadAsync(context.Request, context.RequestAborted) switch
        {
            ClientRequest.Accepted(var client, _) when !OneTimeCodeGrant.IsAllowed(client.Application) =>
                ProtocolError.UnauthorizedClient("This client may not use one-time codes: it must be native or confidential and have the grant type among its own."),
            ClientRequest.Accepted(var client, var parameters) when parameters["challenge"] is { } challenge => await ResendAsync(context, client, challenge),
            ClientRequest.Accepted(var client, var parameters) => await StartAsync(context, client, parameters),
            ClientRequest.Refused(var refused) => refused,
            _ => throw new InvalidOperationException(),
        };
        if (error is not null)
            await JsonAnswer.WriteErrorAsync(context, error);
    }

    private async Task<ProtocolError?> StartAsync(HttpContext context, AuthenticatedClient client, Parameters parameters)
    {
        if (parameters["address"] is not { } typed)
            return ProtocolError.InvalidRequest("Send address, the e-mail address or phone number that the code goes to, or challenge to send another code.");
        var (address, refusal) = addresses.Read(typed);
        if (address is null)
            return ProtocolError.InvalidRequest(Why(refusal));

        var scopes = parameters["scope"];
        if (scopes is not null)
        {
            var (_, badScope) = RequestedScopes.Read(scopes, client.Application, await registry.ScopesAsync(context.RequestAborted));
            if (badScope is not null)
                return badScope;
        }

        var secret = ChallengeHandle.NewSecret();
        var asker = AskerOf(context, client.Application, new ChallengeHandle(Guid.Empty, secret), LocaleOf(parameters["ui_locales"])) with { Request = scopes };
        return await sender.StartAsync(ChallengePurpose.SignIn, address, asker, context.RequestAborted) switch
        {
            StartOutcome.Started(var id) => await AnswerAsync(context, new ChallengeHandle(id, secret)),
            StartOutcome.TryLater(var at) => TooMany("Too many codes were asked for.", at),
            _ => throw new InvalidOperationException(),
        };
    }

    private static string Why(StartOutcome? refusal) => refusal switch
    {
        StartOutcome.NoMessages => "address is a phone number of a kind that is sent no text messages: a mobile number is needed.",
        StartOutcome.OnlyEmail => "address is a phone number; this server takes e-mail addresses only.",
        _ => "address is neither an e-mail address nor a phone number that can be written to.",
    };

    private async Task<ProtocolError?> ResendAsync(HttpContext context, AuthenticatedClient client, string text)
    {
        const string Gone = "The challenge is finished, too old or not this client's: start again with address.";
        if (ChallengeHandle.Read(text) is not { } sent
            || await challenges.FindAsync(ChallengePurpose.SignIn, sent.Id, sent.BrowserHash, client.Application.Id, context.RequestAborted) is not { } challenge)
            return ProtocolError.InvalidGrant(Gone);

        var asker = AskerOf(context, client.Application, sent, challenge.Locale);
        return await sender.ResendAsync(challenge, asker, context.RequestAborted) switch
        {
            ResendOutcome.Sent => await AnswerAsync(context, sent),
            ResendOutcome.TooSoon(var at) => TooMany("Another code cannot be sent yet.", at),
            _ => ProtocolError.InvalidGrant(Gone),
        };
    }

    private async Task<ProtocolError?> AnswerAsync(HttpContext context, ChallengeHandle challenge)
    {
        await JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("challenge", challenge.ToString());
            json.WriteNumber("expires_in", (int)options.CodeLifetime.TotalSeconds);
            json.WriteNumber("resend_in", (int)options.ResendDelay.TotalSeconds);
            json.WriteNumber("code_length", options.CodeLength);
            json.WriteEndObject();
        });
        return null;
    }

    private Asker AskerOf(HttpContext context, Application application, ChallengeHandle challenge, string locale) =>
        new(challenge.BrowserHash, Visitors.IpOf(context), locale, issuer.For(context), application.DisplayName)
        {
            ApplicationId = application.Id,
            Source = OneTimeCodeGrant.SourceOf(application, Visitors.IpOf(context)),
        };

    private ProtocolError TooMany(string what, DateTimeOffset at) =>
        new("too_many_requests", $"{what} Wait as long as Retry-After says.", StatusCodes.Status429TooManyRequests) { RetryAfter = at - time.GetUtcNow() };

    // The best of the wishes that there are words for.
    private string LocaleOf(string? uiLocales) =>
        LanguageTags.Choose(uiLocales?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [], [.. server.Value.UiLocales])
        ?? server.Value.UiLocales.FirstOrDefault() ?? CultureInfo.CurrentUICulture.Name;
}
