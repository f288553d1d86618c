using System.Security.Cryptography;
using IdentityServer.Core.Keys;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Core.Tests.Keys;

public abstract class DataProtectionTests
{
    private readonly TestDatabase database;

    protected DataProtectionTests(TestDatabase database)
    {
        database.SkipIfMissing();
        this.database = database;
    }

    [Fact]
    public void What_one_instance_seals_another_opens()
    {
        var text = Protector(database.Start()).Protect("something");
        Assert.Equal("something", Protector(database.Start()).Unprotect(text));
    }

    [Fact]
    public async Task The_keys_secret_is_not_in_the_database()
    {
        Protector(database.Start()).Protect("something");
        await using var db = await database.OpenAsync();
        var keys = await db.DataProtectionKeys.AsNoTracking().ToListAsync();
        Assert.NotEmpty(keys);
        Assert.All(keys, key =>
        {
            Assert.Contains("sealedWithMasterKey", key.Xml, StringComparison.Ordinal);
            Assert.DoesNotContain("<masterKey", key.Xml, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Another_master_key_is_an_error_and_not_a_new_key_in_silence()
    {
        Protector(database.Start()).Protect("something");
        var other = Path.Combine(database.Folder, "other.key");
        File.WriteAllText(other, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));

        var manager = database.Start([("Keys:MasterKeyFile", other)]).GetRequiredService<IKeyManager>();
        var problem = Assert.Throws<MasterKeyException>(() => manager.GetAllKeys());
        Assert.Contains("Keys:PreviousMasterKeyFiles", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_previous_master_key_still_opens()
    {
        var text = Protector(database.Start()).Protect("something");
        var other = Path.Combine(database.Folder, "new.key");
        File.WriteAllText(other, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        var after = database.Start([("Keys:MasterKeyFile", other), ("Keys:PreviousMasterKeyFiles:0", "certs/master.key")]);
        Assert.Equal("something", Protector(after).Unprotect(text));
    }

    private static IDataProtector Protector(IServiceProvider services) => services.GetRequiredService<IDataProtectionProvider>().CreateProtector("test");
}

public sealed class SqliteDataProtectionTests(SqliteDatabase database) : DataProtectionTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresDataProtectionTests(PostgresDatabase database) : DataProtectionTests(database), IClassFixture<PostgresDatabase>;
