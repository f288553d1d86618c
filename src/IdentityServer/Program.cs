using IdentityServer.ApiDocs;
using IdentityServer.Commands;
using IdentityServer.Core;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Keys;
using IdentityServer.Core.Persistence;
using IdentityServer.Development;
using IdentityServer.Hosting;
using IdentityServer.Management;
using IdentityServer.Protocol;
using IdentityServer.UI;

try
{
    if (CommandLine.Find(args) is { } line)
        return await line.RunAsync(ServerBuilder.Build, Console.Out, Console.Error);

    await using var app = ServerBuilder.Build(args);
    await app.PrepareAsync();
    app.UseForwardedHeaders();
    app.UseProxyWatch();
    app.UseRequestLog();
    app.UseErrors();
    app.UseCors();
    app.UseRequestLimits();
    app.UseApiAccess();
    app.UseApiThrottle();
    app.UseApiEncoding();
    app.UseApiDocs();
    app.MapProtocol();
    app.MapOneTimeCode();
    app.MapDeliveryCallbacks();
    app.MapUI();
    app.MapManagement();
    app.MapHealthChecks("/health");
    if (app.Environment.IsDevelopment())
    {
        app.MapDevelopmentInbox();
        app.MapMessagePreviews();
        app.MapDevelopmentGuides();
    }

    app.MapDevelopmentReset();
    app.AnnounceAddresses();
    await app.RunAsync();
    return 0;
}
catch (Exception exception) when (exception is SettingsException or DatabaseNotReadyException or MasterKeyException)
{
    // For an administrator, who is told what to do: a stack trace would bury it.
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}

/// <summary>The process; named for tests that run it in theirs.</summary>
public partial class Program;
