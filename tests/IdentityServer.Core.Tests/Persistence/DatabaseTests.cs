using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace IdentityServer.Core.Tests.Persistence;

public abstract class DatabaseTests
{
    private readonly TestDatabase database;

    protected DatabaseTests(TestDatabase database)
    {
        database.SkipIfMissing();
        this.database = database;
    }

    [Fact]
    public async Task The_migrations_make_what_the_model_describes()
    {
        await using var db = await database.OpenAsync();
        Assert.False(db.Database.HasPendingModelChanges());
        Assert.Empty(await db.Database.GetPendingMigrationsAsync());
        Assert.NotNull(db.Model.FindEntityType(typeof(Microsoft.AspNetCore.Identity.IdentityUserPasskey<Guid>)));
    }

    [Fact]
    public async Task Preparing_twice_changes_nothing()
    {
        var migrator = database.Services.GetRequiredService<DatabaseMigrator>();
        await migrator.PrepareAsync(default);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => migrator.PrepareAsync(default)));

        await using var db = await database.OpenAsync();
        Assert.Equal(["account", "admin", "email", "offline_access", "openid", "phone", "profile", "users:read", "users:write"], await db.Scopes.Select(scope => scope.Name).OrderBy(name => name).ToListAsync());
    }

    [Fact]
    public async Task Every_kind_of_column_comes_back_as_it_was_written()
    {
        var now = database.Clock.Now.AddTicks(10);
        var challenge = new Challenge
        {
            Id = Guid.CreateVersion7(now),
            Purpose = ChallengePurpose.SignIn,
            Channel = Channel.Sms,
            AddressHash = [1, 2, 3],
            Address = "sealed",
            Codes = [new ChallengeCode([1], now, now.AddMinutes(5)), new ChallengeCode([2], now, now.AddMinutes(6))],
            BrowserHash = [4],
            Locale = "de",
            LastSentAt = now.ToOffset(TimeSpan.FromHours(2)),
            Status = ChallengeStatus.Verified,
            Decoy = true,
            CreatedAt = now,
            ExpiresAt = now.AddMinutes(10),
        };
        await using (var db = await database.OpenAsync())
        {
            db.Challenges.Add(challenge);
            await db.SaveChangesAsync();
        }

        await using (var db = await database.OpenAsync())
        {
            // Times are compared by the database, not by text.
            var found = await db.Challenges.SingleAsync(row => row.Id == challenge.Id && row.ExpiresAt > now && row.CreatedAt <= now);
            Assert.Equal(now, found.LastSentAt);
            Assert.Equal((ChallengeStatus.Verified, Channel.Sms, true, 2), (found.Status, found.Channel, found.Decoy, found.Codes.Count));
            Assert.Equal([2], found.Codes[1].Mac);
            Assert.Equal(now.AddMinutes(6), found.Codes[1].ExpiresAt);
        }
    }

    [Fact]
    public async Task An_address_belongs_to_one_user_and_many_users_have_none()
    {
        await using var db = await database.OpenAsync();
        var now = database.Clock.Now;
        User NewUser(string? email, string? phone) => new() { Id = Guid.CreateVersion7(now), NormalizedEmail = email, PhoneNumber = phone, InvitationCode = IdentityServer.Core.Users.Invitations.NewCode() };
        db.Users.AddRange(NewUser(null, null), NewUser(null, null), NewUser("A@EXAMPLE.COM", "+4930123456"));
        await db.SaveChangesAsync();

        foreach (var twin in new[] { NewUser("A@EXAMPLE.COM", null), NewUser(null, "+4930123456") })
        {
            db.ChangeTracker.Clear();
            db.Users.Add(twin);
            await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync());
        }
    }

    [Fact]
    public async Task Sixteen_writers_at_once_lose_nothing_and_wait_for_one_another()
    {
        const int Writers = 16;
        const int Rounds = 15;
        var now = database.Clock.Now;
        var key = "parallel:" + Guid.CreateVersion7(now);
        var factory = database.Services.GetRequiredService<IDbContextFactory<ServerDb>>();
        await using (var db = await factory.CreateDbContextAsync())
        {
            db.Counters.Add(new Counter { Key = key, WindowStart = now });
            await db.SaveChangesAsync();
        }

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                await using var db = await factory.CreateDbContextAsync();

                // One statement by itself, SaveChanges of several rows, and read-then-write inside a transaction: each must take the write lock at its start.
                await db.Counters.Where(row => row.Key == key).ExecuteUpdateAsync(set => set.SetProperty(row => row.Count, row => row.Count + 1));
                for (var i = 0; i < 2; i++)
                    db.AuditEvents.Add(new AuditEvent { Id = Guid.CreateVersion7(now), At = now, Kind = key });
                await db.SaveChangesAsync();
                await using var transaction = await db.Database.BeginTransactionAsync();
                _ = await db.AuditEvents.CountAsync(row => row.Kind == key);
                await db.Counters.Where(row => row.Key == key).ExecuteUpdateAsync(set => set.SetProperty(row => row.Count, row => row.Count + 1));
                await transaction.CommitAsync();
            }
        })));

        await using var check = await factory.CreateDbContextAsync();
        Assert.Equal(Writers * Rounds * 2, (await check.Counters.SingleAsync(row => row.Key == key)).Count);
        Assert.Equal(Writers * Rounds * 2, await check.AuditEvents.CountAsync(row => row.Kind == key));
    }

    [Fact]
    public async Task Pending_migrations_stop_the_start_of_a_production_server_and_name_the_command()
    {
        var fresh = this is PostgresDatabaseTests ? Testing.PostgresCluster.NewDatabase() : "Data Source=data/fresh.db";
        var instance = database.Start([("Database:ConnectionString", fresh)], environment: "Production");
        var migrator = instance.GetRequiredService<DatabaseMigrator>();

        var problem = await Assert.ThrowsAsync<DatabaseNotReadyException>(() => migrator.PrepareAsync(default));
        Assert.Contains("dotnet IdentityServer.dll migrate", problem.Message, StringComparison.Ordinal);

        await migrator.MigrateAsync(default);
        await migrator.PrepareAsync(default);
        await using var db = await instance.GetRequiredService<IDbContextFactory<ServerDb>>().CreateDbContextAsync();
        await db.Database.EnsureDeletedAsync();
    }
}

public sealed class SqliteDatabaseTests(SqliteDatabase database) : DatabaseTests(database), IClassFixture<SqliteDatabase>
{
    private readonly SqliteDatabase database = database;

    [Theory]
    [InlineData("journal_mode", "wal")]
    [InlineData("synchronous", "2")]
    [InlineData("busy_timeout", "5000")]
    [InlineData("foreign_keys", "1")]
    public async Task The_file_is_used_as_it_should(string pragma, string value)
    {
        await using var db = await database.OpenAsync();
        await db.Database.OpenConnectionAsync();
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = "PRAGMA " + pragma;
        Assert.Equal(value, (await command.ExecuteScalarAsync())!.ToString());
    }

    [Fact]
    public async Task The_native_library_is_the_newest_at_hand()
    {
        await using var db = await database.OpenAsync();
        await db.Database.OpenConnectionAsync();
        Assert.True(Version.Parse(db.Database.GetDbConnection().ServerVersion) >= new Version(3, 35, 5));
    }

    [Fact]
    public async Task A_transaction_takes_the_write_lock_at_its_start()
    {
        await using var first = await database.OpenAsync();
        await using var second = await database.OpenAsync();
        await using var transaction = await first.Database.BeginTransactionAsync();

        // Nothing was written yet: a deferred transaction would let the second one in.
        await second.Database.OpenConnectionAsync();
        await using var command = second.Database.GetDbConnection().CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        command.CommandTimeout = 1;
        var problem = await Assert.ThrowsAsync<Microsoft.Data.Sqlite.SqliteException>(() => command.ExecuteNonQueryAsync());
        Assert.Equal(5, problem.SqliteErrorCode);
    }
}

public sealed class PostgresDatabaseTests(PostgresDatabase database) : DatabaseTests(database), IClassFixture<PostgresDatabase>
{
    private readonly PostgresDatabase database = database;

    [Fact]
    public async Task A_server_that_cannot_be_reached_is_reported_with_the_setting_and_without_the_password()
    {
        var instance = database.Start([("Database:ConnectionString", "Host=127.0.0.1;Port=1;Username=u;Password=s3cr3t-word;Timeout=2")]);
        var problem = await Assert.ThrowsAsync<DatabaseNotReadyException>(() => instance.GetRequiredService<DatabaseMigrator>().PrepareAsync(default));
        Assert.Contains("Database:ConnectionString", problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_malformed_connection_string_is_reported_without_the_password()
    {
        var instance = database.Start([("Database:ConnectionString", "Host=127.0.0.1;Pasword=s3cr3t-word")]);
        var problem = Assert.Throws<OptionsValidationException>(() => instance.GetRequiredService<IOptions<DatabaseOptions>>().Value);
        Assert.Contains("Database:ConnectionString is malformed", problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_connection_string_is_reported()
    {
        var instance = database.Start([("Database:ConnectionString", "")]);
        var problem = Assert.Throws<OptionsValidationException>(() => instance.GetRequiredService<IOptions<DatabaseOptions>>().Value);
        Assert.Contains("Database__ConnectionString", problem.Message, StringComparison.Ordinal);
    }
}
