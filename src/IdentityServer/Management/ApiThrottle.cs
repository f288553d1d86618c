using System.Threading.RateLimiting;
using IdentityServer.Core.Abuse;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;

namespace IdentityServer.Management;

/// <summary>
/// 429 with <c>Retry-After</c> for callers and networks that ask too often, on every route of the API. Counted in memory, by each instance for itself:
/// it protects the machine. What must hold across instances (messages, wrong codes) is counted in the database.
/// </summary>
internal static class ApiThrottle
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    public static IServiceCollection AddApiThrottle(this IServiceCollection services)
    {
        services.AddRateLimiter(_ => { });
        services.AddOptions<RateLimiterOptions>().Configure<IOptions<LimitOptions>>((limiter, limits) =>
        {
            limiter.GlobalLimiter = PartitionedRateLimiter.CreateChained(
                By(CallerOf, limits.Value.ApiRequestsPerCallerAndMinute),
                By(NetworkOf, limits.Value.ApiRequestsPerNetworkAndMinute));
            limiter.OnRejected = (rejected, _) =>
            {
                var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : Window;
                return new ValueTask(Problem.TryLater(rejected.HttpContext, wait).ExecuteAsync(rejected.HttpContext));
            };
        });
        return services;
    }

    /// <summary>After <see cref="AccessRules.UseApiAccess"/>, which knows the caller; what that refuses counts as refused.</summary>
    public static void UseApiThrottle(this WebApplication app) => app.UseWhen(
        context => context.Request.Path.StartsWithSegments(ManagementApi.Path, StringComparison.OrdinalIgnoreCase), api => api.UseRateLimiter());

    private static PartitionedRateLimiter<HttpContext> By(Func<HttpContext, string> key, int most) => PartitionedRateLimiter.Create<HttpContext, string>(
        context => RateLimitPartition.GetFixedWindowLimiter(
            key(context), _ => new FixedWindowRateLimiterOptions { PermitLimit = most, Window = Window, QueueLimit = 0 }),
        StringComparer.Ordinal);

    private static string CallerOf(HttpContext context) => context.Features.Get<Caller>() switch
    {
        { UserId: { } user } => $"user {user}",
        { } caller => $"application {caller.Token.ClientId}",
        null => $"stranger {NetworkOf(context)}",
    };

    private static string NetworkOf(HttpContext context) => Network.Of(context.Connection.RemoteIpAddress?.ToString());
}
