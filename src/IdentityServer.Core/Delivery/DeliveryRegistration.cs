using IdentityServer.Core.Delivery.Email;
using IdentityServer.Core.Delivery.Sms;
using IdentityServer.Core.Keys;
using IdentityServer.Core.Persistence;
using IdentityServer.Protocol;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Delivery;

/// <summary>Registers the outbox, its dispatcher and the configured senders.</summary>
public static class DeliveryRegistration
{
    /// <summary>
    /// Reads section <c>Delivery</c>. Needs an <see cref="IMessageRenderer"/>, the database, keys and data protection from
    /// elsewhere. A mistake in the section stops the start, with all mistakes listed.
    /// </summary>
    public static IServiceCollection AddDelivery(this IServiceCollection services, IHostEnvironment environment)
    {
        services.AddSettings<DeliveryOptions>("Delivery", options => [.. options.Problems(), .. options.Email.Problems(), .. options.Sms.SpendingProblems()])
            .PostConfigure(options => Complete(options.Email, environment));
        services.AddSingleton<IValidateOptions<DeliveryOptions>, KnownProviders>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<DispatcherBell>();
        services.AddSingleton<DeliveryMetrics>();
        services.AddSingleton<ProviderHealth>();
        services.AddSingleton<MessageQueue>();
        services.AddSingleton<Handover>();
        services.AddSingleton<MessageDelivery>();
        services.AddSingleton<MessageSeal>();
        services.AddSingleton<ReceiptWriter>();
        services.AddSingleton(provider => new Suppressions(
            Get<IDbContextFactory<ServerDb>>(provider), Get<MessageSeal>(provider), Get<IOptions<DeliveryOptions>>(provider), Get<TimeProvider>(provider)));
        services.AddSingleton(provider => new CallbackUrls(
            Get<IOptions<DeliveryOptions>>(provider), Get<IOptions<ProtocolOptions>>(provider), Get<MasterKeys>(provider)));
        services.AddSingleton(provider => new Outbox(
            Get<MessageSeal>(provider), Get<DispatcherBell>(provider), Get<TimeProvider>(provider)));
        SmsRegistration.AddKnownProviders(services);
        services.AddSingleton(provider => new Senders([.. EmailSenders(provider), .. SmsSenders(provider)]));
        services.AddHostedService<Dispatcher>();
        services.AddHostedService<ReceiptPoller>();
        return services;
    }

    private static void Complete(EmailOptions email, IHostEnvironment environment)
    {
        email.Provider ??= environment.IsDevelopment() ? "file" : null;
        foreach (var relay in email.Fallbacks)
        {
            relay.From ??= email.Smtp.From;
            relay.FromName ??= email.Smtp.FromName;
        }
    }

    private static IEnumerable<ISender> EmailSenders(IServiceProvider provider)
    {
        var email = Get<IOptions<DeliveryOptions>>(provider).Value.Email;
        var logger = Get<ILogger<Dispatcher>>(provider);
        if (email.Provider == "file")
        {
            if (!Get<IHostEnvironment>(provider).IsDevelopment())
                logger.LogWarning("Delivery:Email:Provider is file: mails are written to disk and reach nobody.");
            return [ActivatorUtilities.CreateInstance<FileSender>(provider)];
        }

        List<SmtpOptions> relays = [email.Smtp, .. email.Fallbacks];
        if (relays.Exists(relay => relay is { StartTls: StartTls.None, IsLoopback: false }))
            logger.LogWarning("StartTls of a relay under Delivery:Email is None: mails with codes travel unencrypted.");
        return relays.Select((relay, i) => new SmtpSender(relay, i == 0 ? "smtp" : $"smtp-{i + 1}"));
    }

    private static IEnumerable<ISender> SmsSenders(IServiceProvider provider)
    {
        var names = Get<IOptions<DeliveryOptions>>(provider).Value.Sms.Providers;
        var known = provider.GetServices<SmsProvider>().ToList();
        if (names.Contains("file", StringComparer.OrdinalIgnoreCase) && !Get<IHostEnvironment>(provider).IsDevelopment())
            Get<ILogger<Dispatcher>>(provider).LogWarning("Delivery:Sms:Providers holds file: texts are written to disk and reach nobody.");
        return names.Select(name => known.Last(other => other.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Create(provider));
    }

    private static T Get<T>(IServiceProvider provider)
        where T : notnull => provider.GetRequiredService<T>();

    private sealed class KnownProviders(IEnumerable<SmsProvider> known) : IValidateOptions<DeliveryOptions>
    {
        public ValidateOptionsResult Validate(string? name, DeliveryOptions options)
        {
            List<string> found = [.. options.Sms.Problems(known.Select(provider => provider.Name))];
            return found.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(found);
        }
    }
}
