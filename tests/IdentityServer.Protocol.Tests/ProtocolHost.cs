using IdentityServer.Protocol.Model;
using IdentityServer.Testing;
using IdentityServer.Testing.InMemory;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Protocol.Tests;

/// <summary>The protocol's endpoints over HTTP, on ports in memory.</summary>
public sealed class ProtocolHost : IAsyncDisposable
{
    public const string Origin = "http://localhost";

    private readonly WebApplication app;

    private ProtocolHost(WebApplication app, TestClock clock, TestLog log)
    {
        this.app = app;
        Clock = clock;
        Log = log;
        Http = app.GetTestClient();
        Http.BaseAddress = new Uri(Origin);
    }

    public TestClock Clock { get; }

    public TestLog Log { get; }

    /// <summary>Follows no redirects and keeps no cookies.</summary>
    public HttpClient Http { get; }

    public IServiceProvider Services => app.Services;

    public InMemoryLedger Ledger => Services.GetRequiredService<InMemoryLedger>();

    public InMemoryRegistry Registry => Services.GetRequiredService<InMemoryRegistry>();

    public InMemorySubjects Subjects => Services.GetRequiredService<InMemorySubjects>();

    public InMemorySessions Sessions => Services.GetRequiredService<InMemorySessions>();

    public InMemoryKeyRing Keys => Services.GetRequiredService<InMemoryKeyRing>();

    public static async Task<ProtocolHost> StartAsync(Action<IServiceCollection>? configure = null)
    {
        var clock = new TestClock();
        var log = new TestLog();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Trace);
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider());
        AddPort<ILedger, InMemoryLedger>(builder.Services);
        AddPort<IRegistry, InMemoryRegistry>(builder.Services);
        AddPort<ISubjects, InMemorySubjects>(builder.Services);
        AddPort<ISessions, InMemorySessions>(builder.Services);
        AddPort<IKeyRing, InMemoryKeyRing>(builder.Services);
        AddPort<IInteraction, InMemoryInteraction>(builder.Services);
        builder.Services.AddProtocol();
        configure?.Invoke(builder.Services);

        var built = builder.Build();
        built.UseCors();
        built.MapProtocol();
        await built.StartAsync();
        var host = new ProtocolHost(built, clock, log);
        host.PutStandardScopes();
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await app.DisposeAsync();
    }

    private static void AddPort<TPort, TPortInMemory>(IServiceCollection services)
        where TPort : class
        where TPortInMemory : class, TPort
    {
        services.TryAddSingleton<TPortInMemory>();
        services.AddSingleton<TPort>(provider => provider.GetRequiredService<TPortInMemory>());
    }

    private void PutStandardScopes()
    {
        Registry.Put(new Scope { Name = ScopeNames.OpenId });
        Registry.Put(new Scope { Name = ScopeNames.Profile, Claims = ["name", "given_name", "family_name", "locale", "updated_at"] });
        Registry.Put(new Scope { Name = ScopeNames.Email, Claims = ["email", "email_verified"] });
        Registry.Put(new Scope { Name = ScopeNames.Phone, Claims = ["phone_number", "phone_number_verified"] });
        Registry.Put(new Scope { Name = ScopeNames.OfflineAccess });
        Registry.Put(new Scope { Name = "api", Resources = ["https://api.example"] });
    }
}
