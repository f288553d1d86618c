using System.Collections.Frozen;
using System.ComponentModel.DataAnnotations;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Persistence;

/// <summary>Settings of <see cref="Registry"/>: the section <c>Registry</c>.</summary>
public sealed class RegistryOptions
{
    /// <summary>How long another instance's change of an application or a scope may go unseen; 2 seconds by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan Freshness { get; set; } = TimeSpan.FromSeconds(2);
}

/// <summary>
/// Applications and scopes from memory: an immutable snapshot, replaced when the version row says that something changed. That row is read at most once in
/// <see cref="RegistryOptions.Freshness"/>. Changes are <see cref="RegistryWriter"/>'s.
/// </summary>
public sealed class Registry(IDbContextFactory<ServerDb> databases, IOptions<RegistryOptions> options, TimeProvider time) : IRegistry, IDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private volatile Snapshot? current;

    /// <inheritdoc/>
    public async ValueTask<Application?> FindApplicationAsync(string clientId, CancellationToken cancellationToken) =>
        (await SnapshotAsync(cancellationToken)).ByClientId.GetValueOrDefault(clientId);

    /// <inheritdoc/>
    public async ValueTask<Application?> FindApplicationAsync(Guid id, CancellationToken cancellationToken) =>
        (await SnapshotAsync(cancellationToken)).ById.GetValueOrDefault(id);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<string, Scope>> ScopesAsync(CancellationToken cancellationToken) =>
        (await SnapshotAsync(cancellationToken)).Scopes;

    /// <inheritdoc/>
    public async ValueTask<bool> IsOriginRegisteredAsync(string origin, CancellationToken cancellationToken) =>
        (await SnapshotAsync(cancellationToken)).Origins.Contains(origin);

    /// <summary>Every application, in no order.</summary>
    public async ValueTask<IReadOnlyCollection<Application>> ApplicationsAsync(CancellationToken cancellationToken) =>
        (await SnapshotAsync(cancellationToken)).ById.Values;

    /// <inheritdoc/>
    public void Dispose() => gate.Dispose();

    /// <summary>Has the version row read at the next call: what this instance wrote, it sees at once.</summary>
    internal void Invalidate()
    {
        if (current is { } snapshot)
            current = snapshot with { CheckedAt = DateTimeOffset.MinValue };
    }

    private ValueTask<Snapshot> SnapshotAsync(CancellationToken cancellationToken) =>
        current is { } snapshot && IsFresh(snapshot) ? ValueTask.FromResult(snapshot) : new(RefreshAsync(cancellationToken));

    // A clock that was set back makes the age negative: then the row is read again.
    private bool IsFresh(Snapshot snapshot)
    {
        var age = time.GetUtcNow() - snapshot.CheckedAt;
        return age >= TimeSpan.Zero && age < options.Value.Freshness;
    }

    private async Task<Snapshot> RefreshAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (current is { } fresh && IsFresh(fresh))
                return fresh;

            // Time and version are taken before the rows: a change that comes in between is seen at the next check.
            var checkedAt = time.GetUtcNow();
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            var version = await db.RegistryVersions.Select(row => row.Version).SingleAsync(cancellationToken);
            var snapshot = current is { } known && known.Version == version
                ? known with { CheckedAt = checkedAt }
                : await LoadAsync(db, version, checkedAt, cancellationToken);
            current = snapshot;
            return snapshot;
        }
        finally
        {
            gate.Release();
        }
    }

    private static async Task<Snapshot> LoadAsync(ServerDb db, long version, DateTimeOffset checkedAt, CancellationToken cancellationToken)
    {
        var secrets = (await db.ApplicationSecrets.AsNoTracking().ToListAsync(cancellationToken))
            .ToLookup(secret => secret.ApplicationId, secret => new ApplicationSecret(secret.Hash, secret.ExpiresAt));
        var applications = (await db.Applications.AsNoTracking().ToListAsync(cancellationToken))
            .ConvertAll(application => application with { Secrets = [.. secrets[application.Id]] });
        var scopes = await db.Scopes.AsNoTracking().ToListAsync(cancellationToken);
        return new Snapshot(
            version,
            checkedAt,
            applications.ToFrozenDictionary(application => application.ClientId, StringComparer.Ordinal),
            applications.ToFrozenDictionary(application => application.Id),
            scopes.ToFrozenDictionary(scope => scope.Name, StringComparer.Ordinal),
            applications.SelectMany(RedirectUris.Origins).ToFrozenSet(StringComparer.Ordinal));
    }

    private sealed record Snapshot(
        long Version,
        DateTimeOffset CheckedAt,
        FrozenDictionary<string, Application> ByClientId,
        FrozenDictionary<Guid, Application> ById,
        FrozenDictionary<string, Scope> Scopes,
        FrozenSet<string> Origins);
}
