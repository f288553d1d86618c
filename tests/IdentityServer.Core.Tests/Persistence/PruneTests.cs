using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Core.Tests.Persistence;

public abstract class PruneTests
{
    private readonly TestDatabase database;
    private readonly DateTimeOffset now;

    protected PruneTests(TestDatabase database)
    {
        database.SkipIfMissing();
        this.database = database;
        now = database.Clock.Now;
    }

    [Fact]
    public async Task Rows_past_their_retention_go_in_batches_and_the_others_stay()
    {
        await using var db = await database.OpenAsync();
        var old = now.AddDays(-2);
        for (var i = 0; i < 25; i++)
            db.AddRange(NewToken(old, null), NewChallenge(old), NewMessage(now.AddDays(-8)), NewConsumedId(i, now.AddSeconds(-1)), NewCounter($"old{i}", now.AddSeconds(-1)));
        db.AddRange(
            NewToken(now.AddHours(-23), null),
            NewChallenge(now.AddHours(-23)),
            NewMessage(now.AddDays(-6)),
            NewConsumedId(100, now.AddSeconds(1)),
            NewCounter("new", now.AddSeconds(1)),
            NewCounter("blocked", DateTimeOffset.MaxValue));
        await db.SaveChangesAsync();

        Assert.Equal(125, await Prune(batch: 10).RunAsync(default));

        Assert.Equal(1, await db.Tokens.CountAsync());
        Assert.Equal(1, await db.Challenges.CountAsync());
        Assert.Equal(1, await db.Messages.CountAsync());
        Assert.Equal(1, await db.ConsumedIds.CountAsync());
        Assert.Equal(["blocked", "new"], await db.Counters.Select(row => row.Key).OrderBy(key => key).ToListAsync());
        Assert.Equal(0, await Prune(batch: 10).RunAsync(default));
        await ClearAsync(db);
    }

    [Fact]
    public async Task An_authorization_stays_while_a_token_hangs_on_it_and_a_session_while_an_authorization_does()
    {
        await using var db = await database.OpenAsync();
        var old = now.AddDays(-2);
        var user = new User { Id = NewId(), InvitationCode = Invitations.NewCode() };
        var used = NewSession(user.Id, old);
        var unused = NewSession(user.Id, old);
        var ended = NewSession(user.Id, old);
        var kept = NewAuthorization(old, used.Id);
        var revoked = NewAuthorization(old, ended.Id) with { RevokedAt = now };
        var consent = NewAuthorization(now.AddDays(-400), null) with { Kind = AuthorizationKind.Permanent, UserId = user.Id };
        db.AddRange(user, kept, revoked, consent, used, unused, ended, NewToken(now.AddDays(30), kept.Id));
        db.Add(consent with { Id = NewId(), UserId = NewId(), RevokedAt = old });

        // More at one instant than a batch holds, some of which stay: the walk must neither stop nor go round in circles.
        for (var i = 0; i < 12; i++)
        {
            var stays = NewAuthorization(old, null);
            db.AddRange(stays, NewToken(now.AddDays(1), stays.Id), NewAuthorization(old, null));
        }

        await db.SaveChangesAsync();
        db.ChangeTracker.Clear();

        // 12 without tokens, the revoked one, the consent that was taken back, and two sessions.
        Assert.Equal(16, await Prune(batch: 5).RunAsync(default));
        Assert.Equal(14, await db.Authorizations.CountAsync());
        Assert.True(await db.Authorizations.AnyAsync(row => row.Id == consent.Id));
        Assert.Equal([used.Id], await db.Sessions.Select(row => row.Id).ToListAsync());
        await ClearAsync(db);
    }

    [Fact]
    public async Task Nothing_goes_before_the_longest_access_token_has_ended()
    {
        // An access token may be introspected until it ends: what it hangs on stays as long.
        await using var db = await database.OpenAsync();
        await database.Services.GetRequiredService<RegistryWriter>().PutAsync(
            [],
            [
                new Application
                {
                    Id = NewId(),
                    ClientId = "long",
                    DisplayName = "Long",
                    GrantTypes = [],
                    AccessTokenLifetime = TimeSpan.FromHours(20),
                },
            ],
            default);
        db.Add(NewAuthorization(now.AddHours(-19), null));
        await db.SaveChangesAsync();
        Assert.Equal(0, await Prune(batch: 5, retention: "01:00:00").RunAsync(default));
        Assert.Equal(1, await db.Authorizations.CountAsync());
        await ClearAsync(db);
        await db.Applications.ExecuteDeleteAsync();
    }

    [Fact]
    public async Task Two_prunings_at_once_are_safe()
    {
        await using var db = await database.OpenAsync();
        for (var i = 0; i < 400; i++)
            db.AddRange(NewToken(now.AddDays(-2), null), NewAuthorization(now.AddDays(-2), null));
        await db.SaveChangesAsync();
        db.ChangeTracker.Clear();

        var jobs = Enumerable.Range(0, 4).Select(_ => Prune(batch: 7)).ToList();
        await Task.WhenAll(jobs.Select(job => Task.Run(() => job.RunAsync(default))));
        await jobs[0].RunAsync(default);

        Assert.Equal(0, await db.Tokens.CountAsync() + await db.Authorizations.CountAsync());
    }

    // P2: the plan is proven where there are many rows and few of them are to go.
    [Theory]
    [InlineData("Tokens", "Id")]
    [InlineData("Challenges", "Id")]
    [InlineData("ConsumedIds", "Hash")]
    [InlineData("Messages", "Id")]
    [InlineData("Suppressions", "Hash")]
    public async Task Expired_rows_are_found_by_the_index(string table, string key)
    {
        await using var db = await database.OpenAsync();
        await FillAsync(db, table);

        var plan = await Plans.OfAsync(db, PruneJob.BatchSql(db, table, key, "ExpiresAt"), Plans.Stored(db, now.AddDays(-1)), 1000);

        Assert.Contains($"IX_{table}_ExpiresAt", plan, StringComparison.Ordinal);
        await ClearAsync(db);
    }

    // P2: the database deletes a message's events with it, by this very condition.
    [Fact]
    public async Task A_message_s_events_are_found_by_the_index()
    {
        await using var db = await database.OpenAsync();
        await FillAsync(db, "Messages");
        foreach (var id in await db.Messages.Select(row => row.Id).ToListAsync())
            db.Add(new MessageEvent { Id = NewId(), MessageId = id, At = now, Provider = "p", Status = "sent" });
        await SaveAsync(db);
        var message = await db.Messages.Select(row => row.Id).FirstAsync();

        var plan = await Plans.OfAsync(db, "DELETE FROM \"MessageEvents\" WHERE \"MessageId\" = {0}", db.Database.IsNpgsql() ? message : message.ToString().ToUpperInvariant());

        Assert.Contains("IX_MessageEvents_MessageId", plan, StringComparison.Ordinal);
        await ClearAsync(db);
        Assert.Equal(0, await db.MessageEvents.CountAsync());
    }

    private static Task FillAsync(ServerDb db, string table)
    {
        var start = new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero);
        for (var i = 0; i < 3000; i++)
        {
            var expiresAt = start.AddHours(i);
            db.Add(table switch
            {
                "Tokens" => NewToken(expiresAt, null),
                "Challenges" => NewChallenge(expiresAt),
                "ConsumedIds" => (object)NewConsumedId(i, expiresAt),
                "Suppressions" => NewSuppression(i, expiresAt),
                _ => NewMessage(expiresAt),
            });
        }

        return SaveAsync(db);
    }

    private static async Task SaveAsync(ServerDb db)
    {
        await db.SaveChangesAsync();
        db.ChangeTracker.Clear();
        await db.Database.ExecuteSqlRawAsync("ANALYZE");
    }

    private static Guid NewId() => Guid.CreateVersion7(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));

    private static Token NewToken(DateTimeOffset expiresAt, Guid? authorizationId) => new()
    {
        Id = NewId(),
        Kind = TokenKind.RefreshFamily,
        Reference = NewId().ToString("N"),
        ApplicationId = NewId(),
        AuthorizationId = authorizationId,
        Payload = "{}",
        CreatedAt = expiresAt.AddDays(-1),
        ExpiresAt = expiresAt,
    };

    private static Authorization NewAuthorization(DateTimeOffset at, Guid? sessionId) => new()
    {
        Id = NewId(),
        ApplicationId = NewId(),
        Kind = AuthorizationKind.AdHoc,
        Scopes = [],
        SessionId = sessionId,
        GrantedAt = at,
    };

    private static Challenge NewChallenge(DateTimeOffset expiresAt) => new()
    {
        Id = NewId(),
        Purpose = ChallengePurpose.SignIn,
        Channel = Channel.Email,
        AddressHash = [1],
        Address = "",
        Codes = [],
        BrowserHash = [1],
        Locale = "en",
        LastSentAt = expiresAt,
        CreatedAt = expiresAt,
        ExpiresAt = expiresAt,
    };

    private static Message NewMessage(DateTimeOffset expiresAt) => new()
    {
        Id = NewId(),
        Channel = Channel.Email,
        Template = "t",
        Recipient = "",
        Model = "",
        Locale = "en",
        NotBefore = expiresAt,
        ExpiresAt = expiresAt,
        CreatedAt = expiresAt,
    };

    private static ConsumedId NewConsumedId(int number, DateTimeOffset expiresAt) => new() { Hash = BitConverter.GetBytes(number), ExpiresAt = expiresAt };

    private static Suppression NewSuppression(int number, DateTimeOffset expiresAt) =>
        new() { Hash = BitConverter.GetBytes(number), Reason = "OptedOut", Provider = "p", At = expiresAt.AddDays(-30), ExpiresAt = expiresAt };

    private static Counter NewCounter(string key, DateTimeOffset expiresAt) =>
        new() { Key = key, WindowStart = DateTimeOffset.UnixEpoch, ExpiresAt = expiresAt };

    private static SessionRow NewSession(Guid userId, DateTimeOffset expiresAt) => new()
    {
        Id = NewId(),
        KeyHash = NewId().ToByteArray(),
        UserId = userId,
        CreatedAt = expiresAt,
        AuthenticatedAt = expiresAt,
        ChosenAt = expiresAt,
        Methods = ["otp"],
        LastSeenAt = expiresAt,
        ExpiresAt = expiresAt,
        UserAgent = "",
    };

    private static async Task ClearAsync(ServerDb db)
    {
        await db.Tokens.ExecuteDeleteAsync();
        await db.Authorizations.ExecuteDeleteAsync();
        await db.Sessions.ExecuteDeleteAsync();
        await db.Challenges.ExecuteDeleteAsync();
        await db.Messages.ExecuteDeleteAsync();
        await db.ConsumedIds.ExecuteDeleteAsync();
        await db.Counters.ExecuteDeleteAsync();
        await db.Suppressions.ExecuteDeleteAsync();
    }

    private PruneJob Prune(int batch, string retention = "1.00:00:00") => database
        .Start([("Prune:BatchSize", batch.ToString()), ("Prune:Retention", retention)])
        .GetRequiredService<PruneJob>();
}

public sealed class SqlitePruneTests(SqliteDatabase database) : PruneTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresPruneTests(PostgresDatabase database) : PruneTests(database), IClassFixture<PostgresDatabase>;
