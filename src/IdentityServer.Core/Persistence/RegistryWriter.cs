using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Persistence;

/// <summary>
/// Changes applications and scopes: the only writer, because every change must raise the version row in the same transaction, or other instances would
/// not see it. That row is taken first, so writers queue up.
/// </summary>
public sealed class RegistryWriter(IDbContextFactory<ServerDb> databases, Registry registry, TimeProvider time)
{
    private static readonly Scope[] Standard =
    [
        new() { Name = ScopeNames.OpenId, DisplayName = "Sign in", Description = "Know who you are." },
        new()
        {
            Name = ScopeNames.Profile,
            DisplayName = "Profile",
            Description = "See your name, picture, language and time zone.",

            // OpenID Connect Core §5.4
            Claims =
            [
                "name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website", "gender",
                "birthdate", "zoneinfo", "locale", "updated_at",
            ],
        },
        new() { Name = ScopeNames.Email, DisplayName = "E-mail address", Description = "See your e-mail address.", Claims = ["email", "email_verified"] },
        new() { Name = ScopeNames.Phone, DisplayName = "Phone number", Description = "See your phone number.", Claims = ["phone_number", "phone_number_verified"] },
        new() { Name = ScopeNames.OfflineAccess, DisplayName = "Stay signed in", Description = "Keep access while you are away." },
        .. ApiScopes.All,
    ];

    /// <summary>Whether the server itself needs the scope: it is there at every start.</summary>
    public static bool IsBuiltIn(string scope) => Standard.Any(known => known.Name == scope);

    /// <summary>Adds the scopes of OpenID Connect that are missing; those that are there stay as they are.</summary>
    public Task SeedAsync(CancellationToken cancellationToken) => ChangeAsync(
        async db =>
        {
            var names = await db.Scopes.Select(scope => scope.Name).ToListAsync(cancellationToken);
            db.Scopes.AddRange(Standard.Where(scope => !names.Contains(scope.Name, StringComparer.Ordinal)));
            return [];
        },
        cancellationToken);

    /// <summary>
    /// Adds or replaces scopes (by name) and applications (by client id; an existing one keeps its row id, whatever <see cref="Application.Id"/> says).
    /// All or nothing; what is already so is not written.
    /// </summary>
    /// <returns>Problems, one sentence each; empty when it is done.</returns>
    public Task<IReadOnlyList<string>> PutAsync(
        IReadOnlyCollection<Scope> scopes,
        IReadOnlyCollection<Application> applications,
        CancellationToken cancellationToken) =>
        ChangeAsync(
            async db =>
            {
                var known = await db.Scopes.ToDictionaryAsync(scope => scope.Name, StringComparer.Ordinal, cancellationToken);
                var names = known.Keys.Concat(scopes.Select(scope => scope.Name)).ToHashSet(StringComparer.Ordinal);
                var problems = Problems(scopes, applications)
                    .Concat(applications.SelectMany(application => RegistryRules.UnknownScopes(application, names)))
                    .ToList();
                if (problems.Count > 0)
                    return problems;

                foreach (var scope in scopes)
                    Put(db, known.GetValueOrDefault(scope.Name), scope);
                foreach (var application in applications)
                    await PutAsync(db, application, cancellationToken);
                return [];
            },
            cancellationToken);

    /// <summary>What is wrong with them whatever the database holds, one sentence each: all but scopes that nobody knows.</summary>
    public static IEnumerable<string> Problems(IReadOnlyCollection<Scope> scopes, IReadOnlyCollection<Application> applications) =>
        Duplicates(scopes.Select(scope => scope.Name), applications.Select(application => application.ClientId))
            .Concat(scopes.SelectMany(RegistryRules.Problems))
            .Concat(applications.SelectMany(RegistryRules.Problems));

    /// <summary>Removes an application with its secrets, authorizations and tokens.</summary>
    /// <returns>False when there is none.</returns>
    public async Task<bool> RemoveApplicationAsync(string clientId, CancellationToken cancellationToken)
    {
        var removed = 0;
        await ChangeAsync(
            async db =>
            {
                foreach (var application in await db.Applications.Where(row => row.ClientId == clientId).ToListAsync(cancellationToken))
                {
                    removed++;
                    await RemoveAsync(db, application, cancellationToken);
                }

                return [];
            },
            cancellationToken);
        return removed > 0;
    }

    /// <summary>Removes the application and what hangs on it, in the caller's transaction.</summary>
    internal static async Task RemoveAsync(ServerDb db, Application application, CancellationToken cancellationToken)
    {
        db.Applications.Remove(application);
        await db.Authorizations.Where(row => row.ApplicationId == application.Id).ExecuteDeleteAsync(cancellationToken);
        await db.Tokens.Where(row => row.ApplicationId == application.Id).ExecuteDeleteAsync(cancellationToken);
    }

    private static IEnumerable<string> Duplicates(IEnumerable<string> scopes, IEnumerable<string> clientIds) =>
        Twice(scopes).Select(name => $"Scope \"{name}\" is given twice.")
            .Concat(Twice(clientIds).Select(id => $"Application \"{id}\" is given twice."));

    private static IEnumerable<string> Twice(IEnumerable<string> names) =>
        names.GroupBy(name => name, StringComparer.Ordinal).Where(group => group.Count() > 1).Select(group => group.Key);

    private static void Put<T>(ServerDb db, T? existing, T wanted)
        where T : class
    {
        if (existing is null)
            db.Add(wanted);
        else
            db.Entry(existing).CurrentValues.SetValues(wanted);
    }

    private async Task PutAsync(ServerDb db, Application application, CancellationToken cancellationToken)
    {
        var existing = await db.Applications.SingleOrDefaultAsync(row => row.ClientId == application.ClientId, cancellationToken);
        var wanted = existing is null ? application : application with { Id = existing.Id };
        Put(db, existing, wanted);

        var secrets = await db.ApplicationSecrets.Where(secret => secret.ApplicationId == wanted.Id).ToListAsync(cancellationToken);
        db.RemoveRange(secrets.Where(row => !wanted.Secrets.Any(secret => secret.Hash.SequenceEqual(row.Hash))));
        foreach (var secret in wanted.Secrets)
        {
            if (secrets.Find(row => row.Hash.SequenceEqual(secret.Hash)) is { } kept)
                kept.ExpiresAt = secret.ExpiresAt;
            else
                db.Add(NewSecret(wanted.Id, secret));
        }
    }

    private ApplicationSecretRow NewSecret(Guid applicationId, ApplicationSecret secret)
    {
        var now = time.GetUtcNow();
        return new()
        {
            Id = Guid.CreateVersion7(now),
            ApplicationId = applicationId,
            Hash = secret.Hash,
            CreatedAt = now,
            ExpiresAt = secret.ExpiresAt,
        };
    }

    /// <summary>
    /// Makes a change in a transaction that no other change of applications or scopes overlaps; nothing is written when there are problems, or nothing
    /// that the context tracks.
    /// </summary>
    internal async Task<IReadOnlyList<string>> ChangeAsync(Func<ServerDb, Task<IReadOnlyList<string>>> change, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.RegistryVersions.ExecuteUpdateAsync(set => set.SetProperty(row => row.Version, row => row.Version + 1), cancellationToken);
        var problems = await change(db);
        if (problems.Count == 0 && db.ChangeTracker.HasChanges())
        {
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        // Also when there was nothing left to write: another instance did, and whoever asked for the change wants to see it here.
        registry.Invalidate();
        return problems;
    }
}
