using IdentityServer.Protocol;
using IdentityServer.Protocol.Jose;

namespace IdentityServer.Testing.InMemory;

/// <summary>One key an algorithm, made once a process (RSA keys are slow to make) and shared by all tests.</summary>
public sealed class InMemoryKeyRing : IKeyRing
{
    private static readonly SigningKeyTimes Always =
        new(DateTimeOffset.MinValue, DateTimeOffset.MinValue, DateTimeOffset.MaxValue, DateTimeOffset.MaxValue);

    private static readonly Lazy<SigningKey[]> Shared = new(() => [.. Enum.GetValues<JwsAlgorithm>().Select(algorithm => SigningKey.Generate(algorithm, Always))]);

    /// <summary>The newest first; a test rotates them by inserting.</summary>
    public List<SigningKey> Keys { get; } = [.. Shared.Value];

    /// <summary>The newest first; a test rotates them by inserting.</summary>
    public List<MacKey> Macs { get; } = [new(1, [.. Enumerable.Repeat((byte)1, 32)])];

    public IReadOnlyList<MacKey> MacKeys => Macs;

    public ValueTask<SigningKey> SigningKeyAsync(JwsAlgorithm algorithm, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Keys.First(key => key.Algorithm == algorithm));

    public ValueTask<IReadOnlyList<SigningKey>> PublishedKeysAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<SigningKey>>(Keys);
}
