using IdentityServer.Core.Persistence;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Jose;
using IdentityServer.Protocol.Model;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Keys;

/// <summary>
/// The server's signing keys, live in memory. The first of an algorithm are made when missing; <see cref="RotateAsync"/> makes their successors. Times that
/// two instances compute are the same (a day's beginning, or the end of the key before), so that the unique index keeps one key of two.
/// </summary>
public sealed class KeyRing : IKeyRing, IDisposable
{
    // A new key is published days before its use: a minute is soon enough to see it.
    private static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);
    // No token lives longer than a day (the registry sees to it); with an hour for clocks.
    private static readonly TimeSpan LongestToken = TimeSpan.FromHours(25);
    private static readonly JwsAlgorithm[] Always = [JwsAlgorithm.RS256, JwsAlgorithm.ES256];
    private readonly SigningKeyStore store;
    private readonly Registry registry;
    private readonly KeyOptions options;
    private readonly TimeProvider time;
    private readonly IReadOnlyList<SigningKey> files;
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly SemaphoreSlim making = new(1, 1);
    private volatile Ring? current;

    /// <summary>Takes the keys of <see cref="KeyOptions.SigningKeyFiles"/>, if any; the others are read when first asked for.</summary>
    public KeyRing(
        SigningKeyStore store,
        SigningKeyFiles files,
        MasterKeys masters,
        Registry registry,
        IOptions<KeyOptions> options,
        TimeProvider time)
    {
        this.store = store;
        this.files = files.Keys;
        this.registry = registry;
        this.options = options.Value;
        this.time = time;
        MacKeys = masters.RefreshMacs;
    }

    /// <inheritdoc/>
    public IReadOnlyList<MacKey> MacKeys { get; }

    /// <inheritdoc/>
    public async ValueTask<SigningKey> SigningKeyAsync(JwsAlgorithm algorithm, CancellationToken cancellationToken)
    {
        if (files.FirstOrDefault(key => key.Algorithm == algorithm) is { } file)
            return file;
        var ring = await RingAsync(cancellationToken);
        return Active(ring, algorithm) ?? Active(await MakeMissingAsync([algorithm], cancellationToken), algorithm)
            ?? throw new InvalidOperationException($"No key for {algorithm} although one was just made: is this machine's clock behind the others'?");
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<SigningKey>> PublishedKeysAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var ring = await RingAsync(cancellationToken);
        if (Always.Any(algorithm => Active(ring, algorithm) is null && !HasFile(algorithm)))
            ring = await MakeMissingAsync(Always, cancellationToken);
        return [.. files.Concat(ring.Keys.Where(key => now < key.ExpiresAt))];
    }

    /// <summary>
    /// Makes what is missing, publishes each successor <see cref="KeyOptions.PublishAhead"/> before its use, and deletes keys when the last token that they
    /// signed has ended. Run it at start and daily; on several instances at once it does the same as on one.
    /// </summary>
    public async Task RotateAsync(CancellationToken cancellationToken)
    {
        var applications = await registry.ApplicationsAsync(cancellationToken);
        var wanted = applications.SelectMany(AlgorithmsOf).Concat(Always).Distinct().Where(algorithm => !HasFile(algorithm)).ToList();
        var ring = await MakeMissingAsync(wanted, cancellationToken);
        var now = time.GetUtcNow();
        foreach (var algorithm in wanted)
        {
            var last = ring.Keys.Where(key => key.Algorithm == algorithm).MaxBy(key => key.RetiresAt)!;
            if (last.RetiresAt <= now + options.PublishAhead)
                await store.AddAsync(Generate(algorithm, now, SuccessorAt(last, now)), cancellationToken);
        }

        await store.DeleteExpiredAsync(now, cancellationToken);
        await ReloadAsync(cancellationToken);
    }

    /// <summary>
    /// Has successors of the keys that sign now take over soon: published at once, used from the second next day on, when everybody who caches the key
    /// set has seen them for at least 24 hours. Where a successor waits already, nothing changes.
    /// </summary>
    /// <param name="immediately">For a key that leaked: the new one signs at once. Who knows the old key set refuses its tokens until they fetch the new one.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task RotateNowAsync(bool immediately, CancellationToken cancellationToken)
    {
        var ring = await ReloadAsync(cancellationToken);
        var now = time.GetUtcNow();

        // A day's beginning: two who rotate at once mean the same time, and the unique index keeps one key of two.
        var change = immediately ? now : Day(now).AddDays(2);
        foreach (var algorithm in ring.Keys.Select(key => key.Algorithm).Distinct().Where(algorithm => !HasFile(algorithm)))
        {
            if (!immediately && ring.Keys.Exists(key => key.Algorithm == algorithm && key.ActivatesAt > now))
                continue;
            if (immediately)
                await store.AddAsync(Generate(algorithm, now, now), cancellationToken);
            await store.RetireAsync(ring.Keys.Where(key => key.Algorithm == algorithm && key.ActivatesAt <= now), change, change + options.KeepRetired, cancellationToken);
        }

        await RotateAsync(cancellationToken);
    }

    /// <summary>What is published, by algorithm and time.</summary>
    public async Task<IReadOnlyList<SigningKeyView>> ListAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var keys = await PublishedKeysAsync(cancellationToken);
        var signing = new HashSet<string>(StringComparer.Ordinal);
        foreach (var algorithm in keys.Select(key => key.Algorithm).Distinct())
            signing.Add((await SigningKeyAsync(algorithm, cancellationToken)).Kid);
        return
        [
            .. keys.OrderBy(key => key.Algorithm).ThenBy(key => key.ActivatesAt).Select(key => new SigningKeyView(
                key.Kid,
                key.Algorithm,
                signing.Contains(key.Kid) ? SigningKeyState.Signs : key.ActivatesAt > now ? SigningKeyState.Next : SigningKeyState.Retired,
                files.Contains(key),
                key.Times)),
        ];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        gate.Dispose();
        making.Dispose();
    }

    private static IEnumerable<JwsAlgorithm> AlgorithmsOf(Application application) => [application.IdTokenAlgorithm, application.AccessTokenAlgorithm];

    // When jobs did not run for long, the successor still gets its 24 hours of being known, and the old key signs a little longer.
    private static DateTimeOffset SuccessorAt(SigningKey last, DateTimeOffset now)
    {
        var earliest = now.AddDays(1);
        return last.RetiresAt >= earliest ? last.RetiresAt : Day(earliest.AddDays(1));
    }

    private static DateTimeOffset Day(DateTimeOffset at) => new(at.UtcDateTime.Date, TimeSpan.Zero);

    private bool HasFile(JwsAlgorithm algorithm) => files.Any(key => key.Algorithm == algorithm);

    // The newest that is active. One that is past its use signs on while it is published and nothing has taken its place.
    private SigningKey? Active(Ring ring, JwsAlgorithm algorithm)
    {
        var now = time.GetUtcNow();
        return ring.Keys
            .Where(key => key.Algorithm == algorithm && key.ActivatesAt <= now && now < key.RetiresAt + (options.KeepRetired - LongestToken))
            .MaxBy(key => key.ActivatesAt);
    }

    private SigningKey Generate(JwsAlgorithm algorithm, DateTimeOffset now, DateTimeOffset activatesAt)
    {
        var retiresAt = activatesAt + options.RotationPeriod;
        var createdAt = now < activatesAt ? now : activatesAt;
        return SigningKey.Generate(algorithm, new SigningKeyTimes(createdAt, activatesAt, retiresAt, retiresAt + options.KeepRetired));
    }

    private async Task<Ring> MakeMissingAsync(IReadOnlyCollection<JwsAlgorithm> algorithms, CancellationToken cancellationToken)
    {
        // One at a time: making an RSA key keeps a processor busy.
        await making.WaitAsync(cancellationToken);
        try
        {
            var ring = await ReloadAsync(cancellationToken);
            var missing = algorithms.Where(algorithm => !HasFile(algorithm) && Active(ring, algorithm) is null).ToList();
            if (missing.Count == 0)
                return ring;

            var now = time.GetUtcNow();
            foreach (var algorithm in missing)
                await store.AddAsync(Generate(algorithm, now, Day(now)), cancellationToken);
            return await ReloadAsync(cancellationToken);
        }
        finally
        {
            making.Release();
        }
    }

    private async ValueTask<Ring> RingAsync(CancellationToken cancellationToken)
    {
        var age = time.GetUtcNow() - (current?.LoadedAt ?? DateTimeOffset.MinValue);
        return current is { } ring && age >= TimeSpan.Zero && age < Freshness ? ring : await ReloadAsync(cancellationToken);
    }

    private async Task<Ring> ReloadAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            var now = time.GetUtcNow();
            return current = new Ring(now, await store.LoadAsync(current?.Keys ?? [], cancellationToken));
        }
        finally
        {
            gate.Release();
        }
    }

    private sealed record Ring(DateTimeOffset LoadedAt, List<SigningKey> Keys);
}

/// <summary>What a published key is for.</summary>
public enum SigningKeyState
{
    /// <summary>Its time comes.</summary>
    Next,

    /// <summary>Tokens are signed with it.</summary>
    Signs,

    /// <summary>Tokens that it signed are still checked with it.</summary>
    Retired,
}

/// <summary>A published key, without its secret.</summary>
/// <param name="Kid">Its name: the RFC 7638 thumbprint.</param>
/// <param name="Algorithm">What it signs with.</param>
/// <param name="State">What it is for now.</param>
/// <param name="IsFile">It comes from <see cref="KeyOptions.SigningKeyFiles"/> and is rotated there.</param>
/// <param name="Times">The stages of its life.</param>
public sealed record SigningKeyView(string Kid, JwsAlgorithm Algorithm, SigningKeyState State, bool IsFile, SigningKeyTimes Times);
