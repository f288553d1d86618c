using System.Globalization;
using IdentityServer.Core.Administration;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Tests.Persistence;
using IdentityServer.Core.Tests.SignIn;
using IdentityServer.Core.Users;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Core.Tests.Administration;

public sealed class SqliteListPlanTests(SqliteDatabase database) : ListPlanTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresListPlanTests(PostgresDatabase database) : ListPlanTests(database), IClassFixture<PostgresDatabase>;

/// <summary>P2: the first page of a list must not cost more the longer the list is: it comes from an index, in order.</summary>
public abstract class ListPlanTests
{
    private const int Rows = 3000;
    private readonly CommandLog log = new();
    private readonly SignInServer server;

    protected ListPlanTests(TestDatabase database)
    {
        database.SkipIfMissing();
        server = new SignInServer(database, services: log.Add);
    }

    [Fact]
    public async Task The_newest_rows_come_from_an_index()
    {
        await FillAsync();
        foreach (var (list, index) in Lists())
        {
            log.Clear();
            Assert.Equal(50, await list());
            var page = log.Commands.First(command => command.Text.Contains("LIMIT", StringComparison.Ordinal));
            var plan = await server.ReadAsync(db => Plans.OfAsync(db, page.Text, page.Parameters));
            Assert.Contains(index, plan, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("Sort", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("TEMP B-TREE", plan, StringComparison.Ordinal);
        }
    }

    private IEnumerable<(Func<Task<int>> List, string Index)> Lists()
    {
        bool sqlite = this is SqliteListPlanTests;
        string Key(string table) => sqlite ? $"sqlite_autoindex_{table}_1" : $"PK_{table}";
        yield return (() => Count<MessageAdministration, MessageView>(list => list.ListAsync(new MessageQuery(), default)), Key("Messages"));
        yield return (() => Count<AccessAdministration, SessionRow>(list => list.ListSessionsAsync(new AccessQuery(), default)), Key("Sessions"));
        yield return (() => Count<AccessAdministration, Authorization>(list => list.ListAuthorizationsAsync(new AccessQuery(), default)), Key("Authorizations"));
        yield return (() => Count<AuditQueries, AuditEntry>(list => list.ListAsync(new AuditQuery(), default)), "IX_AuditEvents_At_Id");
        yield return (() => Count<UserQueries, UserWithRoles>(list => list.ListAsync(new UserQuery(), default)), "IX_Users_CreatedAt_Id");
    }

    private Task<int> Count<TService, TItem>(Func<TService, Task<Listed<TItem>>> list)
        where TService : notnull => server.RunAsync<TService, int>(async service => (await list(service)).Items.Count);

    private Task<int> FillAsync() => server.ReadAsync(async db =>
    {
        var user = Accounts.New(Invitations.NewCode(), server.Clock.Now);
        db.Add(user);
        for (var i = 0; i < Rows; i++)
            Add(db, user.Id, i);
        await db.SaveChangesAsync();
        return await db.Database.ExecuteSqlRawAsync("ANALYZE");
    });

    private void Add(ServerDb db, Guid user, int number)
    {
        var at = server.Clock.Now.AddSeconds(number);
        Guid NewId() => Guid.CreateVersion7(at);
        db.Add(Accounts.New(number.ToString("D6", CultureInfo.InvariantCulture), at));
        db.Add(new Message { Id = NewId(), Channel = Channel.Email, Template = "t", Recipient = "", Model = "", Locale = "en", NotBefore = at, ExpiresAt = at, CreatedAt = at });
        db.Add(new Authorization { Id = NewId(), ApplicationId = NewId(), UserId = user, Kind = AuthorizationKind.AdHoc, Scopes = [], GrantedAt = at });
        db.Add(new AuditEvent { Id = NewId(), At = at, Kind = "SignedIn", Data = "{}" });
        db.Add(new SessionRow
        {
            Id = NewId(), KeyHash = NewId().ToByteArray(), UserId = user, CreatedAt = at, AuthenticatedAt = at, ChosenAt = at, Methods = ["otp"], LastSeenAt = at, ExpiresAt = at, UserAgent = "",
        });
    }
}
