using IdentityServer.Core.Persistence;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace IdentityServer.ApiDocs;

/// <summary>What the description says of the whole API.</summary>
internal static class ApiDocument
{
    /// <summary>The one security scheme.</summary>
    public const string Scheme = "oauth2";

    /// <summary>The schema of every error.</summary>
    public const string Problem = "Problem";

    public static Task Complete(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "IdentityServer API",
            Version = "v1",
            Description = """
                Accounts, and the administration of this server. Every request but registration bears an access token of this server for
                `urn:identityserver:api`. Errors are problem details (RFC 9457) with a stable `code`, and `errors` by field where a field is wrong.
                Lists come in parts: `limit`, `offset`; `count`, `next`, `previous`, `results`. Times are ISO 8601 in UTC.
                """,
        };
        var server = document.Servers is [{ Url: { } url }, ..] ? url.TrimEnd('/') : "";
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
        {
            [Scheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.OAuth2,
                Description = "Authorization code with PKCE. Machines get tokens for the same scopes by client credentials.",
                Flows = new OpenApiOAuthFlows
                {
                    AuthorizationCode = Flow(server, ApiScopes.Account, ApiScopes.ReadUsers, ApiScopes.WriteUsers, ApiScopes.Admin),
                },
            },
        };
        document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal);
        document.Components.Schemas[Problem] = ProblemSchema();
        document.Components.Schemas.Remove("ProblemDetails");
        return Task.CompletedTask;
    }

    private static OpenApiOAuthFlow Flow(string server, params ReadOnlySpan<string> scopes)
    {
        var flow = new OpenApiOAuthFlow
        {
            AuthorizationUrl = new Uri($"{server}/connect/authorize", UriKind.RelativeOrAbsolute),
            TokenUrl = new Uri($"{server}/connect/token", UriKind.RelativeOrAbsolute),
            Scopes = new Dictionary<string, string>(StringComparer.Ordinal),
        };
        foreach (var scope in scopes)
            flow.Scopes[scope] = Words(scope);
        return flow;
    }

    private static string Words(string scope) => scope switch
    {
        ApiScopes.Account => "Your own profile, addresses, sessions and data",
        ApiScopes.ReadUsers => "Reading users",
        ApiScopes.WriteUsers => "Changing and deleting users",
        _ => "Applications, scopes, sessions, messages, keys and the audit log",
    };

    private static OpenApiSchema ProblemSchema() => new()
    {
        Type = JsonSchemaType.Object,
        Description = "Problem details (RFC 9457).",
        Required = new HashSet<string>(StringComparer.Ordinal) { "status", "code" },
        Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
        {
            ["type"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Where the status is explained." },
            ["title"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "The status in words." },
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer },
            ["detail"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "What happened and what to do." },
            ["trace_id"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Names the request in the server's log." },
            ["code"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Stable; for programs." },
            ["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = "What is wrong, by field.",
                AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } },
            },
        },
        Examples = [System.Text.Json.Nodes.JsonNode.Parse("""
            {
              "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1", "title": "Bad Request", "status": 400, "code": "invalid_fields",
              "detail": "Mend the fields in errors and send it again.", "errors": { "limit": ["Must be 1 to 200."] }
            }
            """)!],
    };
}
