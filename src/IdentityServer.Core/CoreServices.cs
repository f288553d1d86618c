using IdentityServer.Core.Abuse;
using IdentityServer.Core.Account;
using IdentityServer.Core.Administration;
using IdentityServer.Core.Consent;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Keys;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.SignIn;
using IdentityServer.Core.Users;
using IdentityServer.Core.Users.Passwords;
using IdentityServer.Core.Users.Phones;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Authorize;
using IdentityServer.Protocol.Grants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SessionOptions = IdentityServer.Core.Users.SessionOptions;

namespace IdentityServer.Core;

/// <summary>Registers who people are: sign-in, users, sessions, consent, limits.</summary>
public static class CoreServices
{
    // As MasterKeys.CodeMac; with the previous master keys, so that codes on their way survive a change of keys.
    private const string CodePurpose = "code";

    /// <summary>
    /// Reads the sections <c>SignIn</c>, <c>Limits</c> and <c>Sessions</c>; whatever is wrong with them stops the start, all of it listed. Needs
    /// the database, keys, data protection, delivery and the protocol from elsewhere.
    /// </summary>
    public static IServiceCollection AddCore(this IServiceCollection services)
    {
        services.AddSettings<SignInOptions>("SignIn", SignInOptions.Problems);
        services.AddSettings<LimitOptions>("Limits", LimitOptions.Problems);
        services.AddSettings<SessionOptions>("Sessions", SessionOptions.Problems);
        services.TryAddSingleton(TimeProvider.System);

        services.AddSingleton(provider => SecretsOf(Get<MasterKeys>(provider)));
        services.AddScoped<Accounts>();
        services.AddSingleton(provider => Get<IOptions<SignInOptions>>(provider).Value.Password);
        services.AddPasswords();
        services.AddScoped<UserDirectory>();
        services.AddScoped<UserQueries>();
        services.AddScoped(provider => new UserAdministration(Get<ServerDb>(provider), Get<Accounts>(provider), Get<TimeProvider>(provider)));
        services.AddScoped(provider => new ProfileEditing(
            Get<ServerDb>(provider), Get<UserQueries>(provider), Get<IOptions<ProtocolOptions>>(provider), Get<TimeProvider>(provider)));
        services.AddScoped<SessionWriter>();
        services.AddScoped(provider => new Sessions(Get<ServerDb>(provider), Get<SessionWriter>(provider), Get<TimeProvider>(provider)));
        services.AddScoped<ISessions>(Get<Sessions>);
        services.AddSingleton<ISubjects, Subjects>();
        services.AddScoped<Visitors>();
        services.AddScoped<GiveConsent>();
        AddSignIn(services);
        services.AddAdministration();
        services.AddAccount();
        return services;
    }

    /// <summary>Maps <c>POST /connect/otp</c>, where the one-time-code grant begins.</summary>
    public static IEndpointConventionBuilder MapOneTimeCode(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapPost("/connect/otp", (RequestDelegate)(context => context.RequestServices.GetRequiredService<OneTimeCodeEndpoint>().HandleAsync(context)));

    private static void AddSignIn(IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<SignInOptions>, TestAddressRules>();
        services.AddSingleton<TestAddresses>();
        services.TryAddSingleton<DeliveryChannels>();

        // An empty name in the environment switches off what a file names.
        services.PostConfigure<DeliveryOptions>(options => options.Sms.Providers.RemoveAll(string.IsNullOrWhiteSpace));
        services.AddSingleton<AddressReader>();
        services.AddScoped<Challenges>();
        services.AddScoped<ProofLimits>();
        services.AddScoped<Inviters>();
        services.AddScoped<SmsGate>();
        services.AddSingleton<SmsAlarm>();
        services.AddSingleton(provider => new RefusedRequests(
            Get<IDbContextFactory<ServerDb>>(provider), Get<IOptions<LimitOptions>>(provider), Get<TimeProvider>(provider), Get<ILogger<RefusedRequests>>(provider)));
        services.AddSingleton(new CountryOf(number => PhoneNumberReader.Read(number, defaultRegion: null)?.Region));
        services.AddSingleton(provider => new SmsStops(
            Get<IDbContextFactory<ServerDb>>(provider), Get<IOptions<DeliveryOptions>>(provider), Get<IOptions<LimitOptions>>(provider), Get<TimeProvider>(provider)));
        services.AddScoped<Recipients>();
        services.AddScoped<ChallengeSender>();
        services.AddScoped<Settlement>();
        services.AddScoped<CodeChecker>();
        services.AddScoped<PasswordNotice>();
        services.AddScoped<Completer>();
        services.AddScoped<OneTimeCodeEndpoint>();
        services.AddScoped<IGrant, OneTimeCodeGrant>();
        services.AddScoped(provider => new StartSignIn(
            Get<Challenges>(provider),
            Get<ChallengeSender>(provider),
            Get<AddressReader>(provider),
            Get<DeliveryChannels>(provider),
            Get<ParkedRequests>(provider),
            Get<IRegistry>(provider),
            Get<IOptions<SignInOptions>>(provider),
            Get<TimeProvider>(provider)));
        services.AddSingleton<TypedAddresses>();
        services.AddScoped(provider => new CheckPassword(
            Get<ServerDb>(provider), Get<Accounts>(provider), Get<StartSignIn>(provider), Get<AddressReader>(provider), Get<TypedAddresses>(provider), Get<ProofLimits>(provider),
            Get<PasswordKeeper>(provider), Get<PasswordRules>(provider), Get<Secrets>(provider), Get<TimeProvider>(provider)));
        services.AddScoped(provider => new ResetPassword(
            Get<ServerDb>(provider), Get<Challenges>(provider), Get<Accounts>(provider), Get<Completer>(provider), Get<PasswordKeeper>(provider), Get<PasswordRules>(provider),
            Get<TimeProvider>(provider)));
        services.AddScoped(provider => new VerifyCode(Get<Challenges>(provider), Get<CodeChecker>(provider), Get<Completer>(provider)));
        services.AddScoped(provider => new UseLink(Get<Challenges>(provider), Get<Completer>(provider), Get<TimeProvider>(provider)));
        services.AddScoped(provider => new ConfirmDetails(
            Get<Challenges>(provider), Get<Completer>(provider), Get<Inviters>(provider), Get<IOptions<SignInOptions>>(provider), Get<TimeProvider>(provider)));
    }

    private static Secrets SecretsOf(MasterKeys keys) => new(keys.AddressHash, [.. keys.All(CodePurpose).Select(key => key.Key)], keys.SessionKey);

    private static T Get<T>(IServiceProvider provider)
        where T : notnull => provider.GetRequiredService<T>();
}
