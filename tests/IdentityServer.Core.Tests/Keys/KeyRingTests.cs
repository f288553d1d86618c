using System.Security.Cryptography;
using IdentityServer.Core.Keys;
using IdentityServer.Core.Persistence;
using IdentityServer.Protocol.Jose;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Core.Tests.Keys;

public abstract class KeyRingTests
{
    private readonly TestDatabase database;

    protected KeyRingTests(TestDatabase database)
    {
        database.SkipIfMissing();
        this.database = database;
        using var db = database.OpenAsync().GetAwaiter().GetResult();
        db.SigningKeys.ExecuteDelete();
    }

    // O14: a new key is visible at least 24 h before its use, an old one until the last token that it signed has ended.
    [Fact]
    public async Task A_year_of_daily_rotation_never_surprises_a_verifier_that_caches_keys_for_a_day()
    {
        var ring = Start();
        await ring.RotateAsync(default);
        var seen = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        var lastUse = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        var start = database.Clock.Now;
        for (var hour = 0; hour < 24 * 365; hour += 6)
        {
            if (hour % 24 == 0)
                await ring.RotateAsync(default);
            var now = database.Clock.Now;
            var published = (await ring.PublishedKeysAsync(default)).Select(key => key.Kid).ToHashSet(StringComparer.Ordinal);
            foreach (var kid in published)
                seen.TryAdd(kid, now);
            foreach (var algorithm in new[] { JwsAlgorithm.ES256, JwsAlgorithm.RS256 })
            {
                var kid = (await ring.SigningKeyAsync(algorithm, default)).Kid;
                Assert.True(seen[kid] == start || now - seen[kid] >= TimeSpan.FromHours(24), $"{kid} used {now - seen[kid]} after it was published");
                lastUse[kid] = now;
            }

            Assert.All(lastUse, use => Assert.True(published.Contains(use.Key) || now - use.Value > TimeSpan.FromHours(24)));
            database.Clock.Advance(TimeSpan.FromHours(6));
        }

        // 90 days each, and the deleted ones are gone from the database.
        Assert.InRange(lastUse.Count, 10, 10);
        await using var db = await database.OpenAsync();
        Assert.InRange(await db.SigningKeys.CountAsync(), 2, 6);
    }

    [Fact]
    public async Task Two_instances_that_start_at_once_use_the_same_keys()
    {
        var rings = Enumerable.Range(0, 4).Select(_ => Start()).ToList();
        await Task.WhenAll(rings.Select(ring => Task.Run(() => ring.RotateAsync(default))));

        foreach (var algorithm in new[] { JwsAlgorithm.ES256, JwsAlgorithm.RS256 })
        {
            var kids = await Task.WhenAll(rings.Select(async ring => (await ring.SigningKeyAsync(algorithm, default)).Kid));
            Assert.Single(kids.Distinct(StringComparer.Ordinal));
        }

        Assert.Equal(2, (await rings[0].PublishedKeysAsync(default)).Count);
    }

    [Fact]
    public async Task Keys_are_there_without_a_rotation_and_PS256_when_it_is_asked_for()
    {
        var ring = Start();
        Assert.Equal(2, (await ring.PublishedKeysAsync(default)).Count);
        var keys = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await ring.SigningKeyAsync(JwsAlgorithm.PS256, default))));
        Assert.Single(keys.Select(key => key.Kid).Distinct(StringComparer.Ordinal));
        Assert.Equal(3, (await ring.PublishedKeysAsync(default)).Count);
    }

    [Fact]
    public async Task An_application_that_asks_for_PS256_has_its_key_published_by_the_daily_job()
    {
        var writer = database.Services.GetRequiredService<RegistryWriter>();
        var application = new Application { Id = Guid.CreateVersion7(database.Clock.Now), ClientId = "ps", DisplayName = "PS", AccessTokenAlgorithm = JwsAlgorithm.PS256 };
        Assert.Empty(await writer.PutAsync([], [application], default));
        var ring = Start();
        await ring.RotateAsync(default);
        Assert.Contains(await ring.PublishedKeysAsync(default), key => key.Algorithm == JwsAlgorithm.PS256);
        await writer.RemoveApplicationAsync("ps", default);
    }

    [Fact]
    public async Task A_job_that_did_not_run_for_weeks_breaks_nothing()
    {
        var ring = Start();
        await ring.RotateAsync(default);
        var old = await ring.SigningKeyAsync(JwsAlgorithm.ES256, default);
        database.Clock.Advance(old.RetiresAt - database.Clock.Now + TimeSpan.FromDays(1));
        Assert.Equal(old.Kid, (await ring.SigningKeyAsync(JwsAlgorithm.ES256, default)).Kid);

        await ring.RotateAsync(default);
        var next = Assert.Single(await ring.PublishedKeysAsync(default), key => key.Algorithm == JwsAlgorithm.ES256 && key.Kid != old.Kid);
        Assert.True(next.ActivatesAt - database.Clock.Now >= TimeSpan.FromDays(1));
        Assert.Equal(old.Kid, (await ring.SigningKeyAsync(JwsAlgorithm.ES256, default)).Kid);

        database.Clock.Advance(TimeSpan.FromDays(300));
        Assert.NotSame(old, await ring.SigningKeyAsync(JwsAlgorithm.ES256, default));
    }

    [Fact]
    public async Task Another_instance_sees_a_new_key_within_a_minute()
    {
        var (one, other) = (Start(), Start());
        await one.RotateAsync(default);
        Assert.Equal(2, (await other.PublishedKeysAsync(default)).Count);
        await one.SigningKeyAsync(JwsAlgorithm.PS256, default);
        database.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(3, (await other.PublishedKeysAsync(default)).Count);
    }

    [Fact]
    public async Task The_database_holds_no_private_key()
    {
        var ring = Start();
        await ring.RotateAsync(default);
        await using var db = await database.OpenAsync();
        var rows = await db.SigningKeys.AsNoTracking().ToListAsync();
        Assert.Equal(2, rows.Count);
        foreach (var key in await ring.PublishedKeysAsync(default))
        {
            var row = rows.Single(row => row.Kid == key.Kid);
            var pkcs8 = key.ExportPkcs8();
            var dump = Convert.ToHexString(row.PrivateKey) + row.PublicJwk;

            // Neither the whole nor a stretch of it, and nothing that imports.
            for (var i = 0; i + 16 <= pkcs8.Length; i += 8)
                Assert.DoesNotContain(Convert.ToHexString(pkcs8.AsSpan(i, 16)), dump, StringComparison.Ordinal);
            Assert.DoesNotContain("\"d\"", row.PublicJwk, StringComparison.Ordinal);
            Assert.Throws<CryptographicException>(() => SigningKey.Import(row.Algorithm, row.PrivateKey, key.Times));
        }
    }

    [Fact]
    public async Task Another_master_key_is_reported_at_start()
    {
        await Start().RotateAsync(default);
        var folder = Directory.CreateTempSubdirectory("identityserver-").FullName;
        try
        {
            var file = Path.Combine(folder, "other.key");
            await File.WriteAllTextAsync(file, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
            var other = database.Start([("Keys:MasterKeyFile", file)]).GetRequiredService<KeyRing>();
            var problem = await Assert.ThrowsAsync<MasterKeyException>(() => other.RotateAsync(default));
            Assert.Contains("Keys:MasterKeyFile", problem.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task PEM_files_take_the_place_of_made_keys_and_their_order_says_which_signs()
    {
        using var rsa = RSA.Create(2048);
        using var first = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var second = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await File.WriteAllTextAsync(Path.Combine(database.Folder, "rsa.pem"), rsa.ExportPkcs8PrivateKeyPem());
        await File.WriteAllTextAsync(Path.Combine(database.Folder, "ec1.pem"), first.ExportECPrivateKeyPem());
        await File.WriteAllTextAsync(Path.Combine(database.Folder, "ec2.pem"), second.ExportPkcs8PrivateKeyPem());
        var ring = Start(("Keys:SigningKeyFiles:0", "rsa.pem"), ("Keys:SigningKeyFiles:1", "ec1.pem"), ("Keys:SigningKeyFiles:2", "ec2.pem"));
        await ring.RotateAsync(default);

        var published = await ring.PublishedKeysAsync(default);
        Assert.Equal([JwsAlgorithm.RS256, JwsAlgorithm.ES256, JwsAlgorithm.ES256], published.Select(key => key.Algorithm));
        Assert.Same(published[1], await ring.SigningKeyAsync(JwsAlgorithm.ES256, default));
        await using var db = await database.OpenAsync();
        Assert.Equal(0, await db.SigningKeys.CountAsync());
    }

    private KeyRing Start(params (string Key, string Value)[] settings) => database.Start(settings).GetRequiredService<KeyRing>();
}

public sealed class SqliteKeyRingTests(SqliteDatabase database) : KeyRingTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresKeyRingTests(PostgresDatabase database) : KeyRingTests(database), IClassFixture<PostgresDatabase>;
