using System.Security.Cryptography;
using IdentityServer.Core.Persistence;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Jose;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Core.Tests.Persistence;

public abstract class RegistryTests
{
    private readonly TestDatabase database;

    protected RegistryTests(TestDatabase database)
    {
        database.SkipIfMissing();
        this.database = database;
    }

    private RegistryWriter Writer => database.Services.GetRequiredService<RegistryWriter>();

    private IRegistry Registry => database.Services.GetRequiredService<IRegistry>();

    [Fact]
    public async Task An_application_is_found_as_it_was_put()
    {
        var application = NewApplication("whole") with
        {
            Type = ApplicationType.Confidential,
            Consent = ConsentMode.Implicit,
            PostLogoutRedirectUris = ["https://app.example/bye"],
            Origins = ["https://whole.example"],
            RequirePkce = false,
            AccessTokenFormat = AccessTokenFormat.Reference,
            IdTokenAlgorithm = JwsAlgorithm.PS256,
            AccessTokenLifetime = TimeSpan.FromSeconds(77),
            Secrets = [new(SHA256.HashData([1]), null), new(SHA256.HashData([2]), database.Clock.Now)],
        };
        await PutAsync(application);

        var found = await Registry.FindApplicationAsync("whole", default);
        Assert.NotNull(found);
        Assert.Equivalent(application, found, strict: true);
        Assert.Equal("whole", (await Registry.FindApplicationAsync(found.Id, default))!.ClientId);
        Assert.Null(await Registry.FindApplicationAsync("WHOLE", default));
        Assert.True(await Registry.IsOriginRegisteredAsync("https://whole.example", default));
        Assert.False(await Registry.IsOriginRegisteredAsync("https://other.example", default));
    }

    [Fact]
    public async Task A_single_page_application_may_call_from_the_origins_of_its_redirect_uris()
    {
        await PutAsync(NewApplication("spa") with { RedirectUris = ["https://spa.example:8443/callback?x=1"] });
        Assert.True(await Registry.IsOriginRegisteredAsync("https://spa.example:8443", default));
    }

    [Fact]
    public async Task Another_instance_sees_a_change_when_the_freshness_has_passed_and_not_by_asking_each_time()
    {
        await PutAsync(NewApplication("seen"));
        var other = database.Start().GetRequiredService<IRegistry>();
        Assert.Equal("seen", (await other.FindApplicationAsync("seen", default))!.DisplayName);

        await PutAsync(NewApplication("seen") with { DisplayName = "Changed" });
        Assert.Equal("Changed", (await Registry.FindApplicationAsync("seen", default))!.DisplayName);
        Assert.Equal("seen", (await other.FindApplicationAsync("seen", default))!.DisplayName);

        database.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("Changed", (await other.FindApplicationAsync("seen", default))!.DisplayName);
    }

    [Fact]
    public async Task Putting_the_same_again_keeps_ids_and_the_version()
    {
        var application = NewApplication("same") with { Type = ApplicationType.Confidential, Secrets = [new(SHA256.HashData([3]), null)] };
        await PutAsync(application);
        var (version, secret) = await StateAsync(application.Id);

        await PutAsync(application with { Id = Guid.CreateVersion7(database.Clock.Now) });
        Assert.Equal((version, secret), await StateAsync(application.Id));

        await PutAsync(application with { Secrets = [new(SHA256.HashData([4]), null)] });
        var (later, replaced) = await StateAsync(application.Id);
        Assert.Equal(version + 1, later);
        Assert.NotEqual(secret, replaced);
    }

    [Fact]
    public async Task Two_instances_that_put_at_once_both_succeed()
    {
        var writers = new[] { Writer, database.Start().GetRequiredService<RegistryWriter>() };
        for (var round = 0; round < 5; round++)
        {
            var application = NewApplication("race" + round);
            var problems = await Task.WhenAll(writers.Select(writer => Task.Run(() =>
                writer.PutAsync([], [application with { Id = Guid.CreateVersion7(database.Clock.Now) }], default))));
            Assert.All(problems, Assert.Empty);
        }
    }

    [Fact]
    public async Task A_bad_application_is_refused_with_every_problem_and_nothing_is_written()
    {
        await using var db = await database.OpenAsync();
        var before = await db.RegistryVersions.SingleAsync();
        var bad = NewApplication("bad id") with
        {
            DisplayName = "",
            RedirectUris = ["http://app.example/cb", "https://app.example/cb#x", "javascript:alert(1)", "https://*.example/cb", "com.example:/cb"],
            Origins = ["https://app.example/"],
            GrantTypes = [GrantTypes.AuthorizationCode, GrantTypes.ClientCredentials],
            Scopes = ["openid", "nowhere"],
            RequirePkce = false,
            CodeLifetime = TimeSpan.FromMinutes(11),
            RefreshIdleLifetime = TimeSpan.FromDays(91),
            Secrets = [new([1], null)],
        };
        var problems = await Writer.PutAsync([new Scope { Name = "a b" }], [bad, NewApplication("good")], default);

        Assert.Equal(16, problems.Count);
        Assert.Contains(problems, problem => problem.Contains("there is no scope \"nowhere\"", StringComparison.Ordinal));
        Assert.Null(await Registry.FindApplicationAsync("good", default));
        Assert.Equal(before.Version, (await db.RegistryVersions.AsNoTracking().SingleAsync()).Version);
    }

    [Fact]
    public async Task A_native_application_may_have_a_private_use_scheme_and_http_on_loopback()
    {
        // RFC 8252 §7
        await PutAsync(NewApplication("native") with
        {
            Kind = ApplicationKind.Native,
            RedirectUris = ["com.example.app:/callback", "http://127.0.0.1/cb", "http://[::1]/cb", "https://app.example/cb"],
        });
        Assert.NotNull(await Registry.FindApplicationAsync("native", default));
    }

    [Fact]
    public async Task Standard_scopes_open_the_claims_of_the_standard_and_an_administrators_change_of_one_stays()
    {
        // OpenID Connect Core §5.4
        var scopes = await Registry.ScopesAsync(default);
        Assert.Equal(["email", "email_verified"], scopes["email"].Claims);
        Assert.Equal(["phone_number", "phone_number_verified"], scopes["phone"].Claims);
        Assert.Equal(14, scopes["profile"].Claims.Count);

        Assert.Empty(await Writer.PutAsync([scopes["phone"] with { DisplayName = "Mobile" }], [], default));
        await Writer.SeedAsync(default);
        Assert.Equal("Mobile", (await Registry.ScopesAsync(default))["phone"].DisplayName);
    }

    [Fact]
    public async Task A_removed_application_is_gone_with_what_it_was_given()
    {
        var application = NewApplication("gone");
        await PutAsync(application);
        await using var db = await database.OpenAsync();
        db.Authorizations.Add(new Authorization
        {
            Id = Guid.CreateVersion7(database.Clock.Now),
            ApplicationId = application.Id,
            Kind = AuthorizationKind.AdHoc,
            Scopes = [],
            GrantedAt = database.Clock.Now,
        });
        await db.SaveChangesAsync();

        Assert.True(await Writer.RemoveApplicationAsync("gone", default));
        Assert.False(await Writer.RemoveApplicationAsync("gone", default));
        Assert.Null(await Registry.FindApplicationAsync("gone", default));
        Assert.False(await db.Authorizations.AnyAsync(row => row.ApplicationId == application.Id));
    }

    private static Application NewApplication(string clientId) => new()
    {
        Id = Guid.CreateVersion7(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero)),
        ClientId = clientId,
        DisplayName = clientId,
        RedirectUris = ["https://app.example/callback"],
        GrantTypes = [GrantTypes.AuthorizationCode],
        Scopes = ["openid"],
    };

    private async Task PutAsync(Application application) => Assert.Empty(await Writer.PutAsync([], [application], default));

    private async Task<(long Version, Guid Secret)> StateAsync(Guid applicationId)
    {
        await using var db = await database.OpenAsync();
        return ((await db.RegistryVersions.SingleAsync()).Version, (await db.ApplicationSecrets.SingleAsync(row => row.ApplicationId == applicationId)).Id);
    }
}

public sealed class SqliteRegistryTests(SqliteDatabase database) : RegistryTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresRegistryTests(PostgresDatabase database) : RegistryTests(database), IClassFixture<PostgresDatabase>;
