namespace IdentityServer.Testing;

/// <summary>A clock that moves when a test says so.</summary>
public sealed class TestClock(DateTimeOffset? start = null) : TimeProvider
{
    private long ticks = (start ?? new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)).UtcTicks;

    public DateTimeOffset Now => GetUtcNow();

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref ticks), TimeSpan.Zero);

    public void Advance(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);
}
