using System.Text.Json;
using System.Text.Json.Serialization;
using IdentityServer.Protocol;
using Microsoft.Net.Http.Headers;

namespace IdentityServer.Management;

/// <summary>
/// The API under <c>/api/v1</c>: JSON with snake_case names, access tokens of this server for <c>urn:identityserver:api</c>, problem details (RFC 9457).
/// Each resource is one file with a <c>MapX</c>; this is the whole list.
/// </summary>
internal static class ManagementApi
{
    /// <summary>Where it is.</summary>
    public static PathString Path { get; } = "/api";

    public static IServiceCollection AddManagement(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            options.SerializerOptions.RespectNullableAnnotations = true;
            options.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            options.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));

            // RFC 8259 §4: receivers differ in which of two equal names they believe, so that a gateway may have checked the other one.
            options.SerializerOptions.AllowDuplicateProperties = false;
        });
        services.AddProblemDetails();
        services.AddApiThrottle();

        // In every environment alike: what is wrong with a request is told by its exception.
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        return services;
    }

    /// <summary>RFC 8259 §8.1: JSON "MUST be encoded using UTF-8". At other names of encodings, and at this one in quotes, the framework fails.</summary>
    public static void UseApiEncoding(this WebApplication app) => app.Use(async (context, next) =>
    {
        if (context.Request.Path.StartsWithSegments(Path, StringComparison.OrdinalIgnoreCase) && context.Request.GetTypedHeaders().ContentType is { Charset.Length: > 0 } type)
        {
            if (!HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            {
                await Problem.Of(StatusCodes.Status415UnsupportedMediaType).ExecuteAsync(context);
                return;
            }

            type.Charset = "utf-8";
            context.Request.ContentType = type.ToString();
        }

        await next(context);
    });

    public static void MapManagement(this WebApplication app)
    {
        var api = app.MapGroup("/api/v1").RequireCors(ProtocolEndpoints.ApiCorsPolicy);
        api.MapMe();
        api.MapMyAddresses();
        api.MapMyAccess();
        api.MapRegistration();
        api.MapUsers();
        api.MapApplications();
        api.MapScopes();
        api.MapAuthorizations();
        api.MapSessions();
        api.MapMessages();
        api.MapSigningKeys();
        api.MapAudit();
        api.MapTimeline();
    }
}
