using IdentityServer.Core.Delivery;
using IdentityServer.UI.Resources;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.UI.Messages;

/// <summary>Registers what puts messages into words.</summary>
public static class MessagesRegistration
{
    /// <summary>Adds the <see cref="IMessageRenderer"/> and the texts.</summary>
    public static IServiceCollection AddMessages(this IServiceCollection services)
    {
        services.AddTexts();
        services.AddSingleton<IMessageRenderer, MessageRenderer>();
        return services;
    }
}
