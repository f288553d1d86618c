using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using IdentityServer.Core.Users.Passwords;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Account;

/// <summary>Registers the slice.</summary>
internal static class AccountServices
{
    public static void AddAccount(this IServiceCollection services)
    {
        services.AddSingleton<AddressFields>();
        services.AddScoped<Askers>();
        services.AddScoped<OwnCodes>();
        services.AddScoped<RegistrationPlan>();
        services.AddScoped<AddressChangeNotice>();
        services.AddScoped<AccountOverview>();
        services.AddScoped<StoredLanguage>();
        services.AddScoped<OwnHistory>();
        services.AddScoped(provider => new Register(
            Get<ServerDb>(provider), Get<RegistrationPlan>(provider), Get<ChallengeSender>(provider), Get<Challenges>(provider), Get<AddressFields>(provider),
            Get<Askers>(provider), Get<Inviters>(provider), Get<ProfileEditing>(provider), Get<Secrets>(provider), Get<IOptions<SignInOptions>>(provider), Get<TimeProvider>(provider)));
        services.AddScoped(provider => new Activate(
            Get<ServerDb>(provider), Get<Accounts>(provider), Get<Challenges>(provider), Get<CodeChecker>(provider), Get<Settlement>(provider), Get<ProofLimits>(provider),
            Get<AddressFields>(provider), Get<Askers>(provider), Get<Secrets>(provider), Get<TimeProvider>(provider)));
        services.AddScoped(provider => new CreateUser(
            Get<ServerDb>(provider), Get<Accounts>(provider), Get<AddressFields>(provider), Get<Askers>(provider), Get<ChallengeSender>(provider), Get<ProfileEditing>(provider),
            Get<TimeProvider>(provider)));
        services.AddScoped(provider => new ChangeAddress(
            Get<ServerDb>(provider), Get<Accounts>(provider), Get<Challenges>(provider), Get<OwnCodes>(provider), Get<Settlement>(provider), Get<AddressChangeNotice>(provider),
            Get<AddressFields>(provider), Get<DeliveryChannels>(provider), Get<Outbox>(provider), Get<TimeProvider>(provider)));
        services.AddScoped(provider => new UndoAddressChange(Get<ServerDb>(provider), Get<Accounts>(provider), Get<AddressChangeNotice>(provider), Get<TimeProvider>(provider)));
        services.AddScoped(provider => new ConfirmPresence(
            Get<ServerDb>(provider), Get<Challenges>(provider), Get<OwnCodes>(provider), Get<Settlement>(provider), Get<TimeProvider>(provider)));
        services.AddScoped(provider => new PersonalData(
            Get<ServerDb>(provider), Get<UserQueries>(provider), Get<UseInvitation>(provider), Get<OwnApplications>(provider), Get<OwnHistory>(provider), Get<TimeProvider>(provider)));
        services.AddScoped(provider => new UseInvitation(Get<ServerDb>(provider), Get<Inviters>(provider), Get<Askers>(provider), Get<TimeProvider>(provider)));
        services.AddScoped(provider => new OwnPassword(
            Get<ServerDb>(provider), Get<Accounts>(provider), Get<PasswordKeeper>(provider), Get<PasswordRules>(provider), Get<PasswordNotice>(provider), Get<Outbox>(provider),
            Get<TimeProvider>(provider)));
        services.AddScoped(provider => new OwnSessions(Get<ServerDb>(provider), Get<SessionWriter>(provider), Get<TimeProvider>(provider)));
        services.AddScoped(provider => new OwnApplications(Get<ServerDb>(provider), Get<TimeProvider>(provider)));
    }

    private static T Get<T>(IServiceProvider provider)
        where T : notnull => provider.GetRequiredService<T>();
}
