using System.Text.Json;
using System.Text.RegularExpressions;

namespace IdentityServer.Management;

/// <summary>Errors as problem details (RFC 9457), with a stable <c>code</c>, and <c>errors</c> by field where a field is wrong.</summary>
internal static partial class Problem
{
    /// <summary>What happened and what to do next, in <paramref name="detail"/>; never with personal data or secrets.</summary>
    public static IResult Of(int status, string code, string detail) =>
        TypedResults.Problem(detail, statusCode: status, extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["code"] = code });

    /// <summary>400: one field is wrong.</summary>
    public static IResult Field(string name, string problem) => Fields(new Dictionary<string, string[]>(StringComparer.Ordinal) { [name] = [problem] });

    /// <summary>400: fields are wrong, each with its problems.</summary>
    public static IResult Fields(IReadOnlyDictionary<string, string[]> errors) => TypedResults.Problem(
        "Mend the fields in errors and send it again.",
        statusCode: StatusCodes.Status400BadRequest,
        extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["code"] = "invalid_fields", ["errors"] = errors });

    /// <summary>404: there is no such thing, or none that the caller may see; which of both is not told.</summary>
    public static IResult NotFound() => Of(StatusCodes.Status404NotFound, "not_found", "There is nothing here that you may see.");

    /// <summary>429 with <c>Retry-After</c>.</summary>
    public static IResult TryLater(HttpContext context, TimeSpan wait)
    {
        context.Response.Headers.RetryAfter = ((long)Math.Ceiling(Math.Max(1, wait.TotalSeconds))).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return Of(StatusCodes.Status429TooManyRequests, "too_many_requests", "Too many requests: wait as long as Retry-After says.");
    }

    /// <summary>401: the person proved who they are too long ago (RFC 9470 §3).</summary>
    public static IResult StepUp(HttpContext context, TimeSpan maxAge)
    {
        context.Response.Headers.WWWAuthenticate =
            $"Bearer error=\"insufficient_user_authentication\", error_description=\"Sign in again for this.\", max_age=\"{(int)maxAge.TotalSeconds}\"";
        return Of(StatusCodes.Status401Unauthorized, "insufficient_user_authentication", "Prove again that it is you: sign in anew, e.g. with "
            + "max_age or prompt=login, and call with the new token; or call with a challenge and code of POST /me/verification.");
    }

    /// <summary>A status that nobody gave a body.</summary>
    public static IResult Of(int status) => status switch
    {
        StatusCodes.Status404NotFound => NotFound(),
        StatusCodes.Status405MethodNotAllowed => Of(status, "method_not_allowed", "This method is not for this address; Allow says which are."),
        StatusCodes.Status413PayloadTooLarge => Of(status, "invalid_request", "The request is larger than any that the API takes."),
        StatusCodes.Status415UnsupportedMediaType => Of(status, "unsupported_media_type", "Send JSON in UTF-8, with Content-Type: application/json."),
        StatusCodes.Status400BadRequest => Of(status, "invalid_request", "The request cannot be read: send the JSON object that the API's description shows."),
        _ => Of(status, "invalid_request", "The request cannot be read."),
    };

    /// <summary>A request that could not be read, or, when <paramref name="bad"/> is null, an error of ours.</summary>
    public static IResult Of(HttpContext context, BadHttpRequestException? bad) => bad switch
    {
        null => Of(StatusCodes.Status500InternalServerError, "server_error", $"Something went wrong here; the log names it under {context.TraceIdentifier}."),
        { InnerException: JsonException { Path: { Length: > 2 } path } } => Field(path[2..], "There is no such field, or it does not take this value."),
        { InnerException: JsonException unread } when Missing().Matches(unread.Message) is { Count: > 0 } missing =>
            Fields(missing.ToDictionary(field => field.Groups["name"].Value, string[] (_) => ["This must be given."], StringComparer.Ordinal)),
        { StatusCode: StatusCodes.Status400BadRequest } when Unbound().Match(bad.Message) is { Success: true } unbound =>
            Field(JsonNamingPolicy.SnakeCaseLower.ConvertName(unbound.Groups["name"].Value), "It does not take this value; the API's description says which."),
        _ => Of(bad.StatusCode),
    };

    // What the framework says of a body without the members that it needs, and of a parameter's value that it cannot read. Its own words name .NET types,
    // which are nobody's business.
    [GeneratedRegex(@"(?<=missing required properties.*)'(?<name>\w+)'", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Missing();

    [GeneratedRegex("^Failed to bind parameter \"[^\"]* (?<name>\\w+)\" from ", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Unbound();
}
