using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Management;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.WebUtilities;
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

    public static Task Complete(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        operation.Responses ??= [];
        NameParameters(operation, context);
        foreach (var status in Errors(operation, context))
            operation.Responses.TryAdd(status.ToString(CultureInfo.InvariantCulture), new OpenApiResponse());
        foreach (var (status, response) in operation.Responses.Where(pair => pair.Key[0] is '4' or '5').ToList())
            operation.Responses[status] = Problem(status, response, context.Document);

        if (AccessOf(context) is { } access)
        {
            operation.Security = [.. access.Scopes.Select(scope => new OpenApiSecurityRequirement
            {
                [new OpenApiSecuritySchemeReference(ApiDocument.Scheme, context.Document)] = [scope],
            })];
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

    private static OpenApiResponse Problem(string status, IOpenApiResponse given, OpenApiDocument? document)
    {
        var response = new OpenApiResponse
        {
            Description = string.IsNullOrEmpty(given.Description) ? ReasonPhrases.GetReasonPhrase(int.Parse(status, CultureInfo.InvariantCulture)) : given.Description,
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
