using System.Buffers.Text;
using IdentityServer.Core.Account;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Tests.SignIn;
using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace IdentityServer.Core.Tests.Users;

public sealed class SqliteSessionsTests(SqliteDatabase database) : SessionsTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresSessionsTests(PostgresDatabase database) : SessionsTests(database), IClassFixture<PostgresDatabase>;

public abstract class SessionsTests
{
    private readonly SignInServer server;

    protected SessionsTests(TestDatabase database)
    {
        database.SkipIfMissing();
        server = new SignInServer(database);
    }

    [Fact]
    public async Task A_session_is_found_by_its_cookie_alone()
    {
        var (ticket, user) = await SignInAsync();

        var session = await CurrentAsync(ticket.Secret);

        Assert.Equal((ticket.SessionId, user), (session!.Id, session.UserId));
        Assert.Null(await CurrentAsync(new byte[32]));
        Assert.Null(await CurrentAsync(ticket.SessionId.ToByteArray()));
        Assert.Null(await CurrentAsync(null));
    }

    [Fact]
    public async Task A_session_ends_when_it_is_idle()
    {
        var (ticket, _) = await SignInAsync();
        for (var day = 0; day < 3; day++)
        {
            server.Clock.Advance(TimeSpan.FromHours(23));
            Assert.NotNull(await CurrentAsync(ticket.Secret));
        }

        server.Clock.Advance(TimeSpan.FromHours(24));
        Assert.Null(await CurrentAsync(ticket.Secret));
    }

    [Fact]
    public async Task A_session_ends_at_its_age_however_much_it_is_used()
    {
        var (ticket, _) = await SignInAsync();
        Assert.Equal(server.Clock.Now.AddDays(14), ticket.ExpiresAt);
        for (var step = 0; step < 27; step++)
        {
            server.Clock.Advance(TimeSpan.FromHours(12));
            Assert.NotNull(await CurrentAsync(ticket.Secret));
        }

        server.Clock.Advance(TimeSpan.FromHours(12));
        Assert.Null(await CurrentAsync(ticket.Secret));
    }

    [Fact]
    public async Task Being_seen_is_written_once_a_minute()
    {
        var (ticket, _) = await SignInAsync();
        var start = server.Clock.Now;

        server.Clock.Advance(TimeSpan.FromSeconds(59));
        await CurrentAsync(ticket.Secret);
        Assert.Equal(start, await SeenAsync(ticket));
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        await CurrentAsync(ticket.Secret);
        Assert.Equal(start.AddMinutes(1), await SeenAsync(ticket));
    }

    [Fact]
    public async Task A_disabled_user_has_no_session()
    {
        var (ticket, user) = await SignInAsync();
        await server.ReadAsync(db => db.Users.Where(row => row.Id == user).ExecuteUpdateAsync(set => set.SetProperty(row => row.DisabledAt, server.Clock.Now)));

        Assert.Null(await CurrentAsync(ticket.Secret));
    }

    [Fact]
    public async Task Ending_a_session_ends_what_hangs_on_it_and_nothing_else()
    {
        var (ticket, user) = await SignInAsync();
        var (other, _) = await SignInAsync();
        var (mine, permanent, theirs) = (await AuthorizeAsync(user, ticket.SessionId), await AuthorizeAsync(user, null), await AuthorizeAsync(user, other.SessionId));

        var context = Context(ticket.Secret);
        await server.RunAsync<ISessions, bool>(async sessions =>
        {
            await sessions.EndAsync(context, (await sessions.CurrentAsync(context))!);
            return true;
        });

        Assert.Null(await CurrentAsync(ticket.Secret));
        Assert.Equal((true, TokenStatus.Revoked), await StateAsync(mine));
        Assert.Equal((false, TokenStatus.Valid), await StateAsync(permanent));
        Assert.Equal((false, TokenStatus.Valid), await StateAsync(theirs));
        Assert.False(await server.RunAsync<ISessions, bool>(sessions => sessions.IsLiveAsync(ticket.SessionId, default)));
        Assert.Contains("expires=Thu, 01 Jan 1970", context.Response.Headers.SetCookie.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_may_end_only_ones_own_sessions()
    {
        var (mine, me) = await SignInAsync();
        var (theirs, _) = await SignInAsync();

        var ended = await server.RunAsync<OwnSessions, (bool, bool)>(async sessions =>
            (await sessions.EndAsync(me, theirs.SessionId, new Operator(me, "api"), default), await sessions.EndAsync(me, mine.SessionId, new Operator(me, "api"), default)));

        Assert.Equal((false, true), ended);

        Assert.Null(await CurrentAsync(mine.Secret));
        Assert.NotNull(await CurrentAsync(theirs.Secret));
    }

    // S1
    [Fact]
    public async Task A_sign_in_over_ones_own_session_takes_its_tokens_along()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        var user = await server.AddUserAsync(address);
        var first = await server.SignInAsync(address, browser);
        var token = await AuthorizeAsync(user, first.SessionId);

        var second = await server.SignInAsync(address, browser with { SessionSecret = first.Secret });

        Assert.NotEqual(first.SessionId, second.SessionId);
        Assert.Null(await CurrentAsync(first.Secret));
        Assert.Equal((false, TokenStatus.Valid), await StateAsync(token));
        Assert.True(await server.RunAsync<OwnSessions, bool>(sessions => sessions.EndAsync(user, second.SessionId, new Operator(user, "api"), default)));
        Assert.Equal((true, TokenStatus.Revoked), await StateAsync(token));
    }

    [Fact]
    public async Task A_sign_in_over_anothers_session_ends_it_with_its_tokens()
    {
        var (first, firstUser) = await SignInAsync();
        var token = await AuthorizeAsync(firstUser, first.SessionId);
        var address = SignInServer.NewAddress();
        await server.AddUserAsync(address);

        await server.SignInAsync(address, SignInServer.NewBrowser() with { SessionSecret = first.Secret });

        Assert.Null(await CurrentAsync(first.Secret));
        Assert.Equal((true, TokenStatus.Revoked), await StateAsync(token));
    }

    [Fact]
    public async Task The_list_holds_ones_live_sessions_newest_first()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        await server.AddUserAsync(address);
        var older = await server.SignInAsync(address, browser);
        server.Clock.Advance(TimeSpan.FromMinutes(2));
        var newer = await server.SignInAsync(address, SignInServer.NewBrowser());
        var current = (await CurrentAsync(older.Secret))!;

        var list = (await server.RunAsync<OwnSessions, Listed<SessionView>>(sessions => sessions.ListAsync(current.UserId, current.Id, 0, 50, default))).Items;

        Assert.Equal([newer.SessionId, older.SessionId], list.Select(view => view.Id));
        Assert.Equal([false, true], list.Select(view => view.IsCurrent));
    }

    // OWASP ASVS 7.2.4
    [Fact]
    public async Task Fresh_proof_renews_the_session_and_the_cookie_that_may_have_been_taken_is_dead()
    {
        var (ticket, user) = await SignInAsync();
        server.Clock.Advance(TimeSpan.FromHours(3));
        var session = (await CurrentAsync(ticket.Secret))!;
        var context = Context(ticket.Secret);

        Assert.True(await server.RunAsync<Sessions, bool>(sessions => sessions.RenewAsync(context, session, Channel.Sms)));

        var cookie = context.Response.Headers.SetCookie.ToString();
        var renewed = (await CurrentAsync(Base64Url.DecodeFromChars(cookie.AsSpan()[(cookie.IndexOf('=', StringComparison.Ordinal) + 1)..cookie.IndexOf(';', StringComparison.Ordinal)])))!;
        Assert.Equal((ticket.SessionId, user, server.Clock.Now), (renewed.Id, renewed.UserId, renewed.AuthenticatedAt));
        Assert.Equal(["otp", "sms"], renewed.Methods);
        Assert.Null(await CurrentAsync(ticket.Secret));
        Assert.Equal(1, await server.ReadAsync(db => db.AuditEvents.CountAsync(row => row.SessionId == session.Id && row.Kind == "SessionRenewed")));

        // The same proof once more, from the browser with the old cookie or from another.
        Assert.False(await server.RunAsync<Sessions, bool>(sessions => sessions.RenewAsync(Context(ticket.Secret), session, Channel.Sms)));
        Assert.False(await server.RunAsync<Sessions, bool>(sessions => sessions.RenewAsync(Context(new byte[32]), session, Channel.Sms)));
        Assert.False(await server.RunAsync<Sessions, bool>(sessions => sessions.RenewAsync(Context(null), session, Channel.Sms)));
    }

    [Fact]
    public async Task A_session_that_ended_is_not_renewed()
    {
        var (ticket, user) = await SignInAsync();
        var session = (await CurrentAsync(ticket.Secret))!;
        Assert.True(await server.RunAsync<OwnSessions, bool>(sessions => sessions.EndAsync(user, ticket.SessionId, new Operator(user, "api"), default)));

        Assert.False(await server.RunAsync<Sessions, bool>(sessions => sessions.RenewAsync(Context(ticket.Secret), session, Channel.Email)));
        Assert.Null(await CurrentAsync(ticket.Secret));
    }

    [Fact]
    public async Task Of_many_renewals_at_once_one_wins_and_its_cookie_alone_lives()
    {
        var (ticket, _) = await SignInAsync();
        var session = (await CurrentAsync(ticket.Secret))!;

        var renewed = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            server.RunAsync<Sessions, bool>(sessions => sessions.RenewAsync(Context(ticket.Secret), session, Channel.Email))));

        Assert.Single(renewed, one => one);
    }

    [Fact]
    public async Task Choosing_an_account_is_remembered()
    {
        var (ticket, _) = await SignInAsync();
        server.Clock.Advance(TimeSpan.FromMinutes(5));
        var session = (await CurrentAsync(ticket.Secret))!;

        await server.RunAsync<Sessions, bool>(async sessions =>
        {
            await sessions.ChooseAsync(session, default);
            return true;
        });

        var again = (await CurrentAsync(ticket.Secret))!;
        Assert.Equal((server.Clock.Now, session.AuthenticatedAt), (again.ChosenAt, again.AuthenticatedAt));
    }

    [Fact]
    public async Task Subjects_and_the_account_page_know_the_person()
    {
        var (ticket, user) = await SignInAsync();
        var subject = (await server.RunAsync<ISubjects, Subject?>(subjects => subjects.FindAsync(user, default)))!;
        var me = await server.RunAsync<AccountOverview, Me>(async account => await account.ReadAsync((await CurrentAsync(ticket.Secret))!, default));

        Assert.Equal("Someone", (string?)subject.Claims["name"]);
        Assert.Equal(me.Email, (string?)subject.Claims["email"]);
        Assert.True((bool?)subject.Claims["email_verified"]);
        Assert.False(subject.Claims.ContainsKey("phone_number"));
        Assert.False(subject.Claims.ContainsKey("phone_number_verified"));
        Assert.Equal(server.Clock.Now, me.LastSignInAt);
        Assert.Null(await server.RunAsync<ISubjects, Subject?>(subjects => subjects.FindAsync(Guid.Empty, default)));
    }

    private static DefaultHttpContext Context(byte[]? secret)
    {
        var context = new DefaultHttpContext();
        context.Request.Scheme = "https";
        context.Request.Host = new HostString("id.example");
        if (secret is not null)
            context.Request.Headers.Cookie = $"__Host-IdentityServer.Session={Base64Url.EncodeToString(secret)}";
        return context;
    }

    private Task<Session?> CurrentAsync(byte[]? secret) =>
        server.RunAsync<ISessions, Session?>(sessions => sessions.CurrentAsync(Context(secret)).AsTask());

    private Task<DateTimeOffset> SeenAsync(SessionTicket ticket) =>
        server.ReadAsync(db => db.Sessions.Where(row => row.Id == ticket.SessionId).Select(row => row.LastSeenAt).SingleAsync());

    private async Task<(SessionTicket Ticket, Guid User)> SignInAsync()
    {
        var address = SignInServer.NewAddress();
        var user = await server.AddUserAsync(address);
        return (await server.SignInAsync(address, SignInServer.NewBrowser()), user);
    }

    private Task<Guid> AuthorizeAsync(Guid user, Guid? session) => server.ReadAsync(async db =>
    {
        var now = server.Clock.Now;
        var (authorization, application) = (Guid.CreateVersion7(now), Guid.CreateVersion7(now));
        db.Add(new Authorization
        {
            Id = authorization,
            ApplicationId = application,
            UserId = user,
            Kind = session is null ? AuthorizationKind.Permanent : AuthorizationKind.AdHoc,
            Scopes = ["openid"],
            SessionId = session,
            GrantedAt = now,
        });
        db.Add(new Token
        {
            Id = Guid.CreateVersion7(now),
            Kind = TokenKind.RefreshFamily,
            Reference = authorization.ToString("N"),
            ApplicationId = application,
            AuthorizationId = authorization,
            UserId = user,
            SessionId = session,
            Payload = "{}",
            CreatedAt = now,
            ExpiresAt = now.AddDays(1),
        });
        await db.SaveChangesAsync();
        return authorization;
    });

    private Task<(bool Revoked, TokenStatus Token)> StateAsync(Guid authorization) => server.ReadAsync(async db => (
        await db.Authorizations.Where(row => row.Id == authorization).Select(row => row.RevokedAt != null).SingleAsync(),
        await db.Tokens.Where(row => row.AuthorizationId == authorization).Select(row => row.Status).SingleAsync()));
}
