using IdentityServer.Core.Abuse;
using IdentityServer.Management;
using IdentityServer.Protocol;

namespace IdentityServer.Hosting;

/// <summary>429 with <c>Retry-After</c> for networks whose requests to the endpoints of applications and gateways are refused too often.</summary>
internal static class RequestLimits
{
    private static readonly PathString[] Limited =
        ["/connect/token", "/connect/introspect", "/connect/revoke", "/connect/userinfo", "/connect/otp", "/delivery", "/api"];

    public static void UseRequestLimits(this WebApplication app)
    {
        var limit = app.Services.GetRequiredService<RefusedRequests>();
        var time = app.Services.GetRequiredService<TimeProvider>();
        app.UseWhen(IsLimited, limited => limited.Use(async (context, next) =>
        {
            var ip = context.Connection.RemoteIpAddress?.ToString();
            if (await limit.EnterAsync(ip) is { } until)
            {
                if (context.Request.Path.StartsWithSegments(ManagementApi.Path, StringComparison.OrdinalIgnoreCase))
                {
                    await Problem.TryLater(context, until - time.GetUtcNow()).ExecuteAsync(context);
                    return;
                }

                var error = new ProtocolError(
                    "too_many_requests",
                    "Too many requests from this network were refused. Wait as long as Retry-After says, and look at what the earlier answers said.",
                    StatusCodes.Status429TooManyRequests) { RetryAfter = until - time.GetUtcNow() };
                await JsonAnswer.WriteErrorAsync(context, error);
                return;
            }

            await next(context);
            if (context.Response.StatusCode < StatusCodes.Status400BadRequest)
                limit.Succeeded(ip);
        }));
    }

    // A browser's question whether it may ask (CORS) is answered without looking at anything.
    private static bool IsLimited(HttpContext context) =>
        !HttpMethods.IsOptions(context.Request.Method) && Limited.Any(path => context.Request.Path.StartsWithSegments(path, StringComparison.OrdinalIgnoreCase));
}
