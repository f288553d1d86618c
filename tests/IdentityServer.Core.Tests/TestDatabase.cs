using IdentityServer.Core.Keys;
using IdentityServer.Core.Persistence;
using IdentityServer.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace IdentityServer.Core.Tests;

/// <summary>A migrated database of a test class's own. Derive the tests for <see cref="SqliteDatabase"/> and <see cref="PostgresDatabase"/>.</summary>
public abstract class TestDatabase(DatabaseProvider provider) : IAsyncLifetime
{
    private readonly List<ServiceProvider> instances = [];

    /// <summary>The clock of every instance.</summary>
    public TestClock Clock { get; } = new();

    /// <summary>The content root: the SQLite file and the master key live there.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("identityserver-").FullName;

    public abstract string ConnectionString { get; }

    /// <summary>Why there is no such database here; null when there is.</summary>
    public virtual string? Missing => null;

    /// <summary>The first instance of the server on this database.</summary>
    public IServiceProvider Services { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (Missing is not null)
            return;
        Services = Start();
        await Services.GetRequiredService<DatabaseMigrator>().PrepareAsync(default);
    }

    /// <summary>Call it first in the constructor of the tests.</summary>
    public void SkipIfMissing()
    {
        if (Missing is { } reason)
            Assert.Skip(reason);
    }

    public Task<ServerDb> OpenAsync() => Services.GetRequiredService<IDbContextFactory<ServerDb>>().CreateDbContextAsync();

    /// <summary>One more instance of the server on this database, with services and settings of its own.</summary>
    public ServiceProvider Start(
        IEnumerable<(string Key, string Value)>? settings = null,
        Action<IServiceCollection>? add = null,
        string environment = "Testing",
        string? folder = null)
    {
        var values = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Database:Provider"] = provider.ToString(),
            ["Database:ConnectionString"] = ConnectionString,
        };
        foreach (var (key, value) in settings ?? [])
            values[key] = value;
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        var host = new Host(environment, folder ?? Folder);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddSingleton<IHostEnvironment>(host);
        services.AddSingleton<TimeProvider>(Clock);
        services.AddPersistence(host);
        services.AddKeys();
        add?.Invoke(services);
        if (!File.Exists(Path.Combine(host.ContentRootPath, "certs", "master.key")))
        {
            Directory.CreateDirectory(Path.Combine(host.ContentRootPath, "certs"));
            File.WriteAllText(Path.Combine(host.ContentRootPath, "certs", "master.key"), Convert.ToBase64String(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()));
        }

        var instance = services.BuildServiceProvider(validateScopes: true);
        instances.Add(instance);
        return instance;
    }

    public async ValueTask DisposeAsync()
    {
        if (Services is not null)
        {
            await using var db = await OpenAsync();
            await db.Database.EnsureDeletedAsync();
        }

        foreach (var instance in instances)
            await instance.DisposeAsync();
        SqliteConnection.ClearAllPools();
        Directory.Delete(Folder, recursive: true);
    }

    private sealed class Host(string environment, string folder) : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = environment;

        public string ApplicationName { get; set; } = "IdentityServer";

        public string ContentRootPath { get; set; } = folder;

        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}

/// <summary>A file of its own.</summary>
public sealed class SqliteDatabase() : TestDatabase(DatabaseProvider.Sqlite)
{
    public override string ConnectionString => "Data Source=data/test.db";
}

/// <summary>A database of its own on the tests' PostgreSQL server.</summary>
public sealed class PostgresDatabase() : TestDatabase(DatabaseProvider.Postgres)
{
    private readonly Lazy<string> connectionString = new(PostgresCluster.NewDatabase);

    public override string ConnectionString => connectionString.Value;

    public override string? Missing => PostgresCluster.Missing;
}
