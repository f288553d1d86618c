using IdentityServer.Core.Abuse;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Authorize;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Administration;

/// <summary>Registers what administrators see and do.</summary>
internal static class AdministrationServices
{
    public static IServiceCollection AddAdministration(this IServiceCollection services)
    {
        services.TryAddSingleton(DeclaredNames.None);
        services.AddScoped<ApplicationAdministration>();
        services.AddScoped<ScopeAdministration>();
        services.AddScoped<SigningKeyAdministration>();
        services.AddScoped<AuditQueries>();
        services.AddScoped<Names>();
        services.AddScoped(provider => new ServerOverview(Get<ServerDb>(provider), Get<Senders>(provider), Get<ProviderHealth>(provider), Get<TimeProvider>(provider)));
        services.AddScoped(provider => new LimitOverview(
            Get<ServerDb>(provider), Get<IOptions<LimitOptions>>(provider), Get<IOptions<DeliveryOptions>>(provider), Get<TimeProvider>(provider)));
        services.AddScoped(provider => new CodeUnlock(Get<ServerDb>(provider), Get<Secrets>(provider), Get<TimeProvider>(provider)));
        services.AddScoped(provider => new SuppressionAdministration(Get<ServerDb>(provider), Get<Suppressions>(provider), Get<TimeProvider>(provider)));
        services.AddScoped(provider => new AccessAdministration(Get<ServerDb>(provider), Get<SessionWriter>(provider), Get<TimeProvider>(provider)));
        services.AddScoped(provider => new UserStory(Get<ServerDb>(provider), Get<Secrets>(provider), Get<IRegistry>(provider), Get<TimeProvider>(provider)));
        services.AddScoped(provider => new MessageAdministration(
            Get<ServerDb>(provider),
            Get<Challenges>(provider),
            Get<ChallengeSender>(provider),
            Get<MessageSeal>(provider),
            Get<Outbox>(provider),
            Get<ParkedRequests>(provider),
            Get<IRegistry>(provider),
            Get<TimeProvider>(provider)));
        return services;
    }

    private static T Get<T>(IServiceProvider provider)
        where T : notnull => provider.GetRequiredService<T>();
}
