namespace IdentityServer.Core.Delivery;

/// <summary>
/// A bounded number of sends at once. One that takes long leaves its place to the next and goes on in the slow lane, so
/// that a hanging connection costs the others <c>slowAfter</c> at most, not its whole timeout.
/// </summary>
internal sealed class Lane(int slots, SemaphoreSlim slowLane, TimeSpan slowAfter, Action freed) : IDisposable
{
    private readonly SemaphoreSlim places = new(slots);

    /// <summary>Free places.</summary>
    public int Free => places.CurrentCount;

    /// <summary>Takes a place if there is one; <see cref="RunAsync"/> gives it back.</summary>
    public bool TryEnter() => places.Wait(TimeSpan.Zero);

    /// <summary>Runs <paramref name="send"/> in the place that was taken.</summary>
    public async Task RunAsync(Func<Task> send)
    {
        var running = send();
        using var finished = new CancellationTokenSource();
        var leaving = LeaveWhenSlowAsync(finished.Token);
        try
        {
            await running;
        }
        finally
        {
            await finished.CancelAsync();
            (await leaving ? slowLane : places).Release();
            freed();
        }
    }

    /// <summary>True when the place was given up for one in the slow lane.</summary>
    private async Task<bool> LeaveWhenSlowAsync(CancellationToken finished)
    {
        try
        {
            await Task.Delay(slowAfter, finished);
            await slowLane.WaitAsync(finished);
        }
        catch (OperationCanceledException)
        {
            return false;
        }

        places.Release();
        freed();
        return true;
    }

    public void Dispose() => places.Dispose();
}
