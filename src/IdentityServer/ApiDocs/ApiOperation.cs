using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Management;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace IdentityServer.ApiDocs;

/// <summary>What the description says of each operation beside what its route says: who may call it, and the errors that come with its kind.</summary>
internal static class ApiOperation
{
    private static readonly Dictionary<string, string> Parameters = new(StringComparer.Ordinal)
    {
        ["limit"] = "Rows at most.",
        ["offset"] = "Rows to skip.",
        ["search"] = "Part of a name or the like, without regard to case.",
        ["sort"] = "What to sort by; with a minus in front the other way round.",
        ["from"] = "From this moment on.",
        ["to"] = "Before this moment.",
        ["active"] = "Only what is active, or only what is not.",
        ["disabled"] = "Only disabled ones, or only those that are not.",
        ["role"] = "Only those with this role.",
        ["address"] = "An e-mail address, or a phone number with its calling code.",
    };

    private static readonly Dictionary<string, string> Reasons = new(StringComparer.Ordinal)
    {
        ["400"] = "`invalid_fields`: `errors` says what is wrong with which. `invalid_request`: it cannot be read. `not_activated`: the address and the code do not activate a user.",
        ["401"] = "`no_token`. `invalid_token`: expired, revoked or not for this API. `insufficient_user_authentication`: sign in again; `max_age` says how fresh (RFC 9470).",
        ["403"] = "`insufficient_scope`. `not_admin`: the user lacks the role. `no_user`: the token is an application's own. `registration_closed`: only administrators make accounts.",
        ["404"] = "`not_found`: there is no such thing, or none that the caller may see.",
        ["409"] = "What is there stands against it, and `detail` says what: `address_taken`, `last_address`, `last_administrator`, `no_address`, `oneself`, `unreachable`, `conflict`.",
        ["412"] = "`changed_meanwhile`: somebody changed it since the ETag was read.",
        ["413"] = "`invalid_request`: it is too large.",
        ["415"] = "`unsupported_media_type`: send JSON.",
        ["428"] = "`no_etag`: send the ETag of what was read in `If-Match`.",
        ["429"] = "`too_many_requests`: wait as long as `Retry-After` says.",
    };

    public static Task Complete(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        operation.Responses ??= [];
        NameParameters(operation, context);
        foreach (var status in Errors(operation, context))
            operation.Responses.TryAdd(status.ToString(CultureInfo.InvariantCulture), new OpenApiResponse());
        foreach (var status in operation.Responses.Keys.Where(status => status[0] == '4').ToList())
            operation.Responses[status] = Problem(status, context.Document);

        if (AccessOf(context) is { } access)
        {
            operation.Security = [.. access.Scopes.Select(scope => new OpenApiSecurityRequirement
            {
                [new OpenApiSecuritySchemeReference(ApiDocument.Scheme, context.Document)] = [scope],
            })];

            // OpenAPI 3.1 §4.8.10: "To make security optional, an empty security requirement ({}) can be included in the array."
            if (access.TakesStrangers)
                operation.Security.Insert(0, new OpenApiSecurityRequirement());
        }

        if (operation.Responses.ContainsKey("412"))
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = "If-Match",
                In = ParameterLocation.Header,
                Description = "The ETag that you read: the change is made only if nobody made another meanwhile.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });
        }

        return Task.CompletedTask;
    }

    private static Access? AccessOf(OpenApiOperationTransformerContext context) =>
        context.Description.ActionDescriptor.EndpointMetadata.OfType<Access>().LastOrDefault();

    private static IEnumerable<int> Errors(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        if (operation.Parameters?.Count > 0 || operation.RequestBody is not null)
            yield return StatusCodes.Status400BadRequest;
        if (AccessOf(context) is not null)
        {
            // RFC 6750 §3.1: a malformed Authorization header is invalid_request.
            yield return StatusCodes.Status400BadRequest;
            yield return StatusCodes.Status401Unauthorized;
            yield return StatusCodes.Status403Forbidden;
        }

        if (operation.Parameters?.Any(parameter => parameter.In == ParameterLocation.Path) == true)
            yield return StatusCodes.Status404NotFound;
        if (operation.RequestBody is not null)
        {
            yield return StatusCodes.Status413PayloadTooLarge;
            yield return StatusCodes.Status415UnsupportedMediaType;
        }

        yield return StatusCodes.Status429TooManyRequests;
    }

    private static OpenApiResponse Problem(string status, OpenApiDocument? document)
    {
        var response = new OpenApiResponse
        {
            Description = Reasons[status],
            Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
            {
                ["application/problem+json"] = new() { Schema = new OpenApiSchemaReference(ApiDocument.Problem, document) },
            },
        };
        if (status == "429")
        {
            response.Headers = new Dictionary<string, IOpenApiHeader>(StringComparer.Ordinal)
            {
                ["Retry-After"] = new OpenApiHeader { Description = "Seconds to wait.", Schema = new OpenApiSchema { Type = JsonSchemaType.Integer } },
            };
        }

        return response;
    }

    private static void NameParameters(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        foreach (var parameter in (operation.Parameters ?? []).OfType<OpenApiParameter>())
        {
            var type = context.Description.ParameterDescriptions.FirstOrDefault(one => one.Name == parameter.Name)?.ParameterDescriptor?.ParameterType;
            if (ChoicesOf(type) is { } choices)
                parameter.Schema = new OpenApiSchema { Type = JsonSchemaType.String, Enum = choices };
            if (parameter.In == ParameterLocation.Query)
                parameter.Name = JsonNamingPolicy.SnakeCaseLower.ConvertName(parameter.Name!);
            parameter.Description ??= Parameters.GetValueOrDefault(parameter.Name!);
        }
    }

    private static List<JsonNode>? ChoicesOf(Type? type) =>
        (type is null ? null : Nullable.GetUnderlyingType(type)) is { IsGenericType: true } choice && choice.GetGenericTypeDefinition() == typeof(Choice<>)
            ? [.. Enum.GetNames(choice.GenericTypeArguments[0]).Select(name => (JsonNode)JsonNamingPolicy.SnakeCaseLower.ConvertName(name))]
            : null;
}
