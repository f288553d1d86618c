using IdentityServer.Core.Delivery.Email;
using IdentityServer.Core.Delivery.Sms;
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
    /// Reads section <c>Delivery</c>. Needs an <see cref="IMessageRenderer"/>, the database and data protection from
    /// elsewhere. A mistake in the section stops the start, with all mistakes listed.
    /// </summary>
    public static IServiceCollection AddDelivery(this IServiceCollection services, IHostEnvironment environment)
    {
        services.AddSettings<DeliveryOptions>("Delivery", options => [.. options.Problems(), .. options.Email.Problems(), .. options.Sms.Problems(), .. options.Sms.SpendingProblems()])
            .PostConfigure(options => options.Email.Provider ??= environment.IsDevelopment() ? "file" : null);
        services.AddOptions<TextFileOptions>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<DispatcherBell>();
        services.AddSingleton<DeliveryMetrics>();
        services.AddSingleton<MessageQueue>();
        services.AddSingleton<MessageDelivery>();
        services.AddSingleton<MessageSeal>();
        services.AddSingleton(provider => new Outbox(
            provider.GetRequiredService<MessageSeal>(),
            provider.GetRequiredService<DispatcherBell>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ISender, TextFileSender>();
        services.AddSingleton(EmailSender);
        services.AddHostedService<Dispatcher>();
        return services;
    }

    private static ISender EmailSender(IServiceProvider provider)
    {
        var email = provider.GetRequiredService<IOptions<DeliveryOptions>>().Value.Email;
        var environment = provider.GetRequiredService<IHostEnvironment>();
        var logger = provider.GetRequiredService<ILogger<Dispatcher>>();
        if (email.Provider == "file")
        {
            if (!environment.IsDevelopment())
                logger.LogWarning("Delivery:Email:Provider is file: mails are written to disk and reach nobody.");
            return ActivatorUtilities.CreateInstance<FileSender>(provider);
        }

        if (email.Smtp is { StartTls: StartTls.None, IsLoopback: false })
            logger.LogWarning("Delivery:Email:Smtp:StartTls is None: mails with codes travel unencrypted.");
        return ActivatorUtilities.CreateInstance<SmtpSender>(provider);
    }
}
