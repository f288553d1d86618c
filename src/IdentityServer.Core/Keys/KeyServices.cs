using IdentityServer.Core.Persistence;
using IdentityServer.Protocol;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Keys;

/// <summary>Registers keys and data protection.</summary>
public static class KeyServices
{
    /// <summary>
    /// Adds <see cref="MasterKeys"/>, <see cref="KeyRing"/> (as <see cref="IKeyRing"/> too) and data protection with its keys in the database. Needs
    /// <see cref="PersistenceServices.AddPersistence"/>. Run <see cref="KeyRing.RotateAsync"/> at start, after the migrations, and daily.
    /// </summary>
    public static IServiceCollection AddKeys(this IServiceCollection services)
    {
        services.AddSettings<KeyOptions>("Keys");
        services.AddSingleton(LoadMasterKeys);
        services.AddSingleton<SigningKeyStore>();
        services.AddSingleton<SigningKeyFiles>();
        services.AddSingleton<KeyRing>();
        services.AddSingleton<IKeyRing>(provider => provider.GetRequiredService<KeyRing>());

        services.AddDataProtection().SetApplicationName("IdentityServer");
        services.AddSingleton<DataProtectionStore>();
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider => new ConfigureOptions<KeyManagementOptions>(options =>
        {
            options.XmlRepository = provider.GetRequiredService<DataProtectionStore>();
            options.XmlEncryptor = new MasterKeyXmlEncryptor(provider.GetRequiredService<MasterKeys>());
        }));
        return services;
    }

    // With SQLite there is one instance; with PostgreSQL a key that each instance makes for itself would be a different one.
    private static MasterKeys LoadMasterKeys(IServiceProvider provider)
    {
        var environment = provider.GetRequiredService<IHostEnvironment>();
        var mayCreate = environment.IsDevelopment()
            || provider.GetRequiredService<IOptions<DatabaseOptions>>().Value.Provider == DatabaseProvider.Sqlite;
        return MasterKeyFiles.Load(provider.GetRequiredService<IOptions<KeyOptions>>().Value, environment.ContentRootPath, mayCreate);
    }
}
