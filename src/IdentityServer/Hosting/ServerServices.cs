using IdentityServer.Core;
using IdentityServer.Core.Keys;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Proofs;
using IdentityServer.Protocol;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace IdentityServer.Hosting;

/// <summary>What the process adds to the libraries, and what happens before the first request.</summary>
internal static class ServerServices
{
    public static IServiceCollection AddServer(this IServiceCollection services, IHostEnvironment environment)
    {
        services.AddSettings<HostingOptions>("Hosting", HostingOptions.Problems);
        services.AddSettings<ProtocolOptions>("Server", options => ServerAddress.Problems(options.Issuer, environment));
        services.AddSingleton(new SettingsSection("Applications", typeof(Dictionary<string, DeclaredApplication>)));
        services.AddSingleton(new SettingsSection("Scopes", typeof(Dictionary<string, DeclaredScope>)));
        services.AddSingleton(new SettingsSection("Users", typeof(Dictionary<string, DeclaredUser>)));
        services.AddScoped<DeclaredSync>();
        services.AddSingleton(provider => DeclaredSync.Names(provider.GetRequiredService<IConfiguration>()));
        services.AddJobs();
        services.AddSingleton<ProxyWatch>();
        services.AddHealthChecks().AddCheck<DatabaseHealth>("database").AddCheck<SmsHealth>("sms");
        return services;
    }

    /// <summary>Migrations (Development) or the demand for them, signing keys, and what configuration declares.</summary>
    public static async Task PrepareAsync(this WebApplication app)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var stopping = app.Lifetime.ApplicationStopping;
        await scope.ServiceProvider.GetRequiredService<DatabaseMigrator>().PrepareAsync(stopping);
        await scope.ServiceProvider.GetRequiredService<KeyRing>().RotateAsync(stopping);
        await scope.ServiceProvider.GetRequiredService<DeclaredSync>().RunAsync(stopping);
    }

    // Degraded, not unhealthy: an instance without text messages still signs people in by e-mail.
    private sealed class SmsHealth(SmsStops stops) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                var reasons = await stops.FindAsync(cancellationToken);
                return reasons.Count == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded("Text messages are stopped: " + string.Join(" ", reasons));
            }
            catch (System.Data.Common.DbException)
            {
                return HealthCheckResult.Degraded("The counters of text messages cannot be read: none are sent.");
            }
        }
    }

    private sealed class DatabaseHealth(IServiceScopeFactory scopes) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            await using var scope = scopes.CreateAsyncScope();
            return await scope.ServiceProvider.GetRequiredService<ServerDb>().Database.CanConnectAsync(cancellationToken)
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy("The database does not answer.");
        }
    }
}
