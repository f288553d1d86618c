using System.Text.Json;
using System.Text.Json.Serialization;
using IdentityServer.Protocol;

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
            options.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
        });
        services.AddProblemDetails();
        services.AddApiThrottle();

        // In every environment alike: what is wrong with a request is told by its exception.
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        return services;
    }

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
