namespace IdentityServer.Core.Delivery;

/// <summary>
/// What this instance remembers of its providers. One that fails three times in a row, or lets a message wait, is left
/// alone for a while; then one message at a time finds out whether it is well again.
/// </summary>
internal sealed class ProviderHealth(TimeProvider clock)
{
    private const int FailuresInARow = 3;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);
    private readonly Lock gate = new();
    private readonly Dictionary<ISender, State> states = [];

    /// <summary>The first of <paramref name="senders"/> that is well or may be probed; null when none is. Each choice is followed by what came of it.</summary>
    public ISender? Choose(IEnumerable<ISender> senders)
    {
        lock (gate)
            return senders.FirstOrDefault(MayTry);
    }

    /// <summary>It answered, be it yes or no.</summary>
    public void Answered(ISender sender)
    {
        lock (gate)
            states.Remove(sender);
    }

    /// <summary>It failed, or (<paramref name="waits"/>) does not answer in good time.</summary>
    public void Failed(ISender sender, bool waits = false)
    {
        lock (gate)
        {
            var state = states.GetValueOrDefault(sender, State.Well);
            var probe = state.Pause > TimeSpan.Zero && state.Probing;
            var failures = waits ? FailuresInARow : state.Failures + 1;
            // What was under way when the pause began tells nothing new.
            if (failures < FailuresInARow || (state.Until > clock.GetUtcNow() && !probe))
            {
                states[sender] = state with { Failures = Math.Min(failures, FailuresInARow) };
                return;
            }

            var pause = state.Pause == TimeSpan.Zero ? FirstPause : state.Pause * 2;
            pause = pause > LongestPause ? LongestPause : pause;
            states[sender] = new State(FailuresInARow, pause, clock.GetUtcNow() + pause, Probing: false);
        }
    }

    /// <summary>It was chosen but not asked.</summary>
    public void Release(ISender sender)
    {
        lock (gate)
        {
            if (states.TryGetValue(sender, out var state) && state.Probing)
                states[sender] = state with { Probing = false, Until = clock.GetUtcNow() };
        }
    }

    /// <summary>Until when it is left alone; null: it is in use, or may be probed.</summary>
    public DateTimeOffset? PausedUntil(ISender sender)
    {
        lock (gate)
            return states.TryGetValue(sender, out var state) && state.Until > clock.GetUtcNow() ? state.Until : null;
    }

    private bool MayTry(ISender sender)
    {
        var state = states.GetValueOrDefault(sender, State.Well);
        if (state.Pause == TimeSpan.Zero)
            return true;
        if (state.Until > clock.GetUtcNow())
            return false;
        // The next probe is a pause away, even if nobody hears how this one ended.
        states[sender] = state with { Probing = true, Until = clock.GetUtcNow() + state.Pause };
        return true;
    }

    /// <summary>A pause of zero: in use.</summary>
    private sealed record State(int Failures, TimeSpan Pause, DateTimeOffset Until, bool Probing)
    {
        public static readonly State Well = new(0, TimeSpan.Zero, DateTimeOffset.MinValue, false);
    }
}
