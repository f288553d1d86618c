using System.Globalization;
using System.Text;
using System.Text.Json;
using IdentityServer.Protocol.Model;

namespace IdentityServer.Protocol.Authorize;

/// <summary>What validating an authorization request came to.</summary>
internal abstract record AuthorizeValidation
{
    /// <summary>UTF-8 bytes of <c>state</c>.</summary>
    public const int MaxStateLength = 2_048;

    /// <summary>UTF-8 bytes of any other parameter that is kept.</summary>
    public const int MaxLength = 512;

    /// <summary>UTF-8 bytes of all parameters that are kept, as JSON writes them (a quote is two bytes, an emoji twelve): sealed, they must fit a URL.</summary>
    public const int MaxTotalLength = 4_000;

    private static readonly string[] Kept =
        ["client_id", "redirect_uri", "response_mode", "scope", "state", "nonce", "code_challenge", "prompt", "max_age", "login_hint", "ui_locales"];

    private AuthorizeValidation()
    {
    }

    /// <summary>The request can be answered.</summary>
    public sealed record Valid(AuthorizeRequest Request) : AuthorizeValidation;

    /// <summary>The client gets an error.</summary>
    public sealed record Refused(ProtocolError Error) : AuthorizeValidation;

    /// <summary>
    /// Everything that comes after the match of the redirect URI, except the signature of <c>id_token_hint</c>. Parameters that are not
    /// understood are ignored (RFC 6749 §3.1), as are <c>acr_values</c>, <c>claims</c> and <c>display</c>, which are wishes.
    /// </summary>
    public static AuthorizeValidation Check(Parameters parameters, Application application, IReadOnlyDictionary<string, Scope> scopes, DateTimeOffset now)
    {
        var problem = ResponseProblem(parameters)
            ?? SizeProblem(parameters, Kept)
            ?? UnsupportedProblem(parameters)
            ?? PermissionProblem(application)
            ?? PkceProblem(parameters, application)
            ?? PromptProblem(parameters)
            ?? MaxAgeProblem(parameters);
        if (problem is not null)
            return new Refused(problem);

        var (granted, error) = Scopes(parameters["scope"], application, scopes);
        return error is null ? new Valid(Read(parameters, application, granted, now)) : new Refused(error);
    }

    /// <summary>The application may use the authorization code grant (RFC 6749 §4.1.2.1).</summary>
    public static ProtocolError? PermissionProblem(Application application) =>
        application.Allows(GrantTypes.AuthorizationCode)
            ? null
            : ProtocolError.UnauthorizedClient("This application may not use the authorization_code grant; an administrator can allow it.");

    /// <summary>
    /// What is asked for, each known and the application's to ask for. OpenID Connect Core §11: offline access needs consent "unless other
    /// conditions for processing the request permitting offline access [...] are in place", or the request for it is ignored. Here the conditions
    /// are that an administrator allows the application both the scope and the refresh token grant; and where the application asks people at
    /// all, they are asked for this scope like for any other.
    /// </summary>
    public static (IReadOnlyList<string> Scopes, ProtocolError? Error) Scopes(string? parameter, Application application, IReadOnlyDictionary<string, Scope> known)
    {
        // RFC 6749 §3.3: without a scope the server MUST "either process the request using a pre-defined default value or fail the request".
        var (scopes, error) = RequestedScopes.Read(parameter ?? "", application, known);
        if (error is null && !application.Allows(GrantTypes.RefreshToken))
            scopes = [.. scopes.Where(scope => scope != ScopeNames.OfflineAccess)];
        return error is null && scopes.Count == 0 ? ([], ProtocolError.InvalidScope("There is nothing to grant but offline_access, which this application may not use.")) : (scopes, error);
    }

    /// <summary>What goes back to the client as <c>state</c>, also with an error: nothing when it is beyond the limits.</summary>
    public static string? State(Parameters parameters) =>
        parameters["state"] is { } state && Encoding.UTF8.GetByteCount(state) <= MaxStateLength && !state.Any(char.IsControl) ? state : null;

    /// <summary>How to answer, also with an error: the default of <c>response_type=code</c> when it is absent or unknown.</summary>
    public static string ResponseMode(Parameters parameters) =>
        parameters["response_mode"] is { } mode && ResponseModes.All.Contains(mode, StringComparer.Ordinal) ? mode : ResponseModes.Query;

    /// <summary>These parameters are short enough to be kept and have no control characters (RFC 6749 appendix A).</summary>
    public static ProtocolError? SizeProblem(Parameters parameters, params ReadOnlySpan<string> names)
    {
        var total = 0;
        foreach (var name in names)
        {
            if (parameters[name] is not { } value)
                continue;
            var length = Encoding.UTF8.GetByteCount(value);
            var most = name switch { "state" => MaxStateLength, "redirect_uri" => RedirectUris.MaxLength, _ => MaxLength };
            if (length > most)
                return ProtocolError.InvalidRequest($"{name} is longer than {most} bytes.");
            if (value.Any(char.IsControl))
                return ProtocolError.InvalidRequest($"{name} has a control character.");
            total += JsonEncodedText.Encode(value, ParkedRequests.Compact.Encoder).EncodedUtf8Bytes.Length;
        }

        return total > MaxTotalLength ? ProtocolError.InvalidRequest($"The parameters are together longer than {MaxTotalLength} bytes; quotes, backslashes and emoji count several times.") : null;
    }

    /// <summary>Languages of choice, best first; what is no language tag is left out.</summary>
    public static IReadOnlyList<string> UiLocales(Parameters parameters) => [.. List(parameters["ui_locales"]).Where(IsLanguageTag).Take(10)];

    private static ProtocolError? ResponseProblem(Parameters parameters)
    {
        if (parameters["response_type"] is not { } type)
            return ProtocolError.InvalidRequest("response_type is missing: send response_type=code.");
        if (type != "code")
            return new ProtocolError("unsupported_response_type", "This server knows response_type=code only.");
        return parameters["response_mode"] is { } mode && mode != ResponseMode(parameters)
            ? ProtocolError.InvalidRequest($"response_mode is one of {string.Join(", ", ResponseModes.All)}.")
            : null;
    }

    // OpenID Connect Core §3.1.2.6.
    private static ProtocolError? UnsupportedProblem(Parameters parameters)
    {
        if (parameters.TryGet("request", out _))
            return new ProtocolError("request_not_supported", "This server takes no request objects: send the parameters themselves.");
        if (parameters.TryGet("request_uri", out _))
            return new ProtocolError("request_uri_not_supported", "This server takes no request_uri: send the parameters themselves.");
        return parameters.TryGet("registration", out _)
            ? new ProtocolError("registration_not_supported", "Applications are registered by an administrator: leave registration out.")
            : null;
    }

    // RFC 7636 §4.4.1; RFC 9700 §2.1.1: public clients MUST use PKCE, and "plain" shows the verifier to whoever sees the request.
    private static ProtocolError? PkceProblem(Parameters parameters, Application application)
    {
        var challenge = parameters["code_challenge"];
        var method = parameters["code_challenge_method"];
        if (challenge is null)
        {
            return application.RequirePkce || application.Type == ApplicationType.Public || method is not null
                ? ProtocolError.InvalidRequest("code_challenge is missing: send the S256 challenge of a fresh code_verifier (RFC 7636).")
                : null;
        }

        if (method != Pkce.Method)
            return ProtocolError.InvalidRequest("Send code_challenge_method=S256; plain is not accepted.");
        return Pkce.IsChallenge(challenge)
            ? null
            : ProtocolError.InvalidRequest("code_challenge is not a SHA-256 hash in base64url: 43 characters without padding.");
    }

    private static ProtocolError? PromptProblem(Parameters parameters)
    {
        var prompts = List(parameters["prompt"]);
        if (prompts.Any(prompt => !Prompts.All.Contains(prompt, StringComparer.Ordinal)))
            return ProtocolError.InvalidRequest($"prompt knows {string.Join(", ", Prompts.All)}.");
        // OpenID Connect Core §3.1.2.1: "If this parameter contains none with any other value, an error is returned."
        return prompts.Length > 1 && prompts.Contains(Prompts.None, StringComparer.Ordinal)
            ? ProtocolError.InvalidRequest("prompt=none stands alone.")
            : null;
    }

    private static ProtocolError? MaxAgeProblem(Parameters parameters) =>
        parameters["max_age"] is { } text && !text.All(char.IsAsciiDigit)
            ? ProtocolError.InvalidRequest("max_age is a number of seconds, 0 or more.")
            : null;

    private static AuthorizeRequest Read(Parameters parameters, Application application, IReadOnlyList<string> scopes, DateTimeOffset now) => new()
    {
        ClientId = application.ClientId,
        RedirectUri = parameters["redirect_uri"]!,
        ResponseMode = ResponseMode(parameters),
        Scopes = scopes,
        State = parameters["state"],
        Nonce = parameters["nonce"],
        CodeChallenge = parameters["code_challenge"],
        Prompts = List(parameters["prompt"]),
        MaxAge = parameters["max_age"] is { } text ? Seconds(text) : null,
        LoginHint = parameters["login_hint"],
        UiLocales = UiLocales(parameters),
        ReceivedAt = now,
    };

    private static int Seconds(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : int.MaxValue;

    // The syntax of BCP 47, loosely: what is no tag is no language that the pages speak.
    private static bool IsLanguageTag(string tag) =>
        tag.Length <= 35 && tag.Split('-').All(part => part.Length is >= 1 and <= 8 && part.All(char.IsAsciiLetterOrDigit));

    private static string[] List(string? value) =>
        value is null ? [] : [.. value.Split(' ', StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)];
}
