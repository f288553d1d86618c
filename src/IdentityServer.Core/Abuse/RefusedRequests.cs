using System.Collections.Concurrent;
using IdentityServer.Core.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Abuse;

/// <summary>
/// Limits the requests of a network that are refused: guesses, forgeries, broken clients. What succeeds is not counted, so that a busy application
/// behind one address is never held up and costs no statement. Requests take their place before they run, and give it back when they succeed.
/// </summary>
/// <remarks>
/// Places are fetched from the database in blocks, so that all instances together keep the limit. A network's first few on an instance are not
/// counted there, so that ordinary mistakes cost nothing; with n instances the limit may be passed by n times as many.
/// </remarks>
public sealed class RefusedRequests
{
    internal const int Block = 20;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly IDbContextFactory<ServerDb> databases;
    private readonly int most;
    private readonly TimeProvider time;
    private readonly ILogger<RefusedRequests> logger;
    private readonly ConcurrentDictionary<string, Places> networks = new(StringComparer.Ordinal);
    private long sweepAt;

    internal RefusedRequests(
        IDbContextFactory<ServerDb> databases, IOptions<LimitOptions> options, TimeProvider time, ILogger<RefusedRequests> logger)
    {
        this.databases = databases;
        most = options.Value.RefusedRequestsPerNetworkAndMinute;
        this.time = time;
        this.logger = logger;
    }

    /// <summary>Takes a place for a request from this address. Null: it may run. Otherwise when to come back.</summary>
    public async Task<DateTimeOffset?> EnterAsync(string? ip)
    {
        var network = Network.Of(ip);
        while (true)
        {
            var now = time.GetUtcNow();
            Sweep(now);
            var places = networks.GetOrAdd(network, _ => new Places());
            Task block;
            lock (places)
            {
                if (places.Ends <= now)
                    (places.Ends, places.Used, places.Granted, places.Full) = (now + Window, 0, Math.Min(Block, most), null);
                if (places.Used < places.Granted)
                {
                    places.Used++;
                    return null;
                }

                if (places.Full is { } until && until > now)
                    return until;
                block = places.Fetching ??= FetchAsync(network, places);
            }

            await block;
        }
    }

    /// <summary>The request succeeded: its place is free again.</summary>
    public void Succeeded(string? ip)
    {
        if (!networks.TryGetValue(Network.Of(ip), out var places))
            return;
        lock (places)
            places.Used = Math.Max(0, places.Used - 1);
    }

    private async Task FetchAsync(string network, Places places)
    {
        await Task.Yield();
        var now = time.GetUtcNow();
        Full? full = null;
        var first = Math.Min(Block, most);
        var by = Math.Min(Block, most - places.Granted);
        try
        {
            await using var db = await databases.CreateDbContextAsync();
            if (by > 0)
                full = await Counting.TakeAsync(db, [new Limit("requests-refused:" + network, most - first, Window) { By = by }], now, default);
        }
#pragma warning disable CA1031 // Whatever is wrong with the database: requests stay bounded by what this instance counts.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            logger.LogError(exception, "Refused requests cannot be counted for all instances; this one counts alone.");
        }

        lock (places)
        {
            if (full is null && by > 0)
                places.Granted += by;
            else
                places.Full = full?.Until ?? places.Ends;
            places.Fetching = null;
        }
    }

    // Once a window: what is over is forgotten, or every network that ever called would stay in memory.
    private void Sweep(DateTimeOffset now)
    {
        var due = Interlocked.Read(ref sweepAt);
        if (now.UtcTicks < due || Interlocked.CompareExchange(ref sweepAt, (now + Window).UtcTicks, due) != due)
            return;

        foreach (var (network, places) in networks)
        {
            lock (places)
            {
                if (places.Ends <= now && places.Fetching is null)
                    networks.TryRemove(network, out _);
            }
        }
    }

    private sealed class Places
    {
        public DateTimeOffset Ends { get; set; }

        public int Granted { get; set; }

        public int Used { get; set; }

        public DateTimeOffset? Full { get; set; }

        public Task? Fetching { get; set; }
    }
}
