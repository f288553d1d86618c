using System.Collections.Concurrent;
using IdentityServer.Protocol.Jose;

namespace IdentityServer.Protocol.Discovery;

/// <summary>Keeps public documents as bytes, for as long as they are true.</summary>
internal sealed class DiscoveryCache(TimeProvider time)
{
    // Scopes and keys change while the server runs; this is little beside the hour that others cache the document.
    private static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);

    // Without a configured issuer every spelling of a loopback host makes a document of its own.
    private const int MaxIssuers = 16;

    private readonly ConcurrentDictionary<string, (ReadyDocument Document, DateTimeOffset Until)> discovery = new(StringComparer.Ordinal);
    private volatile KeySet? keys;

    /// <summary>The issuer's description, written anew when there is none or it is a minute old.</summary>
    public async ValueTask<ReadyDocument> DiscoveryAsync(string issuer, Func<Task<ReadyDocument>> write)
    {
        var now = time.GetUtcNow();
        if (discovery.TryGetValue(issuer, out var cached) && now < cached.Until)
            return cached.Document;

        var document = await write();
        if (discovery.Count >= MaxIssuers)
            discovery.Clear();
        discovery[issuer] = (document, now + Freshness);
        return document;
    }

    /// <summary>The key set, written anew when it is another one.</summary>
    public ReadyDocument Keys(IReadOnlyList<SigningKey> published)
    {
        if (keys is { } cached && cached.Keys.SequenceEqual(published))
            return cached.Document;

        var written = new ReadyDocument(new JsonWebKeySet([.. published.Select(key => key.PublicKey)]).ToUtf8Json());
        keys = new KeySet([.. published], written);
        return written;
    }

    private sealed record KeySet(IReadOnlyList<SigningKey> Keys, ReadyDocument Document);
}
