using IdentityServer.ApiDocs;
using IdentityServer.Core;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Keys;
using IdentityServer.Core.Persistence;
using IdentityServer.Management;
using IdentityServer.Protocol;
using IdentityServer.UI;

namespace IdentityServer.Hosting;

/// <summary>Puts the server together, for serving and for commands alike.</summary>
internal static class ServerBuilder
{
    /// <summary>The server, not started and without its routes.</summary>
    /// <exception cref="SettingsException">Something in the configuration makes no sense.</exception>
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddSettingFiles();
        builder.AddLogs();
        builder.AddListening();
        builder.Services
            .AddPersistence(builder.Environment)
            .AddKeys()
            .AddProtocol()
            .AddCore()
            .AddDelivery(builder.Environment)
            .AddUI()
            .AddManagement()
            .AddApiDocs()
            .AddServer(builder.Environment);

        var app = builder.Build();
        app.CheckSettings();
        return app;
    }
}
