using IdentityServer.Core.Delivery;
using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery;

public sealed class ProviderHealthTests
{
    private readonly TestClock clock = new();
    private readonly TestSender a = new();
    private readonly TestSender b = new();
    private readonly ProviderHealth health;

    public ProviderHealthTests() => health = new ProviderHealth(clock);

    [Fact]
    public void Three_failures_in_a_row_close_a_provider_and_one_answer_opens_it()
    {
        health.Failed(a);
        health.Failed(a);
        health.Answered(a);
        health.Failed(a);
        health.Failed(a);
        Assert.Same(a, Choose());
        health.Failed(a);
        Assert.Same(b, Choose());
        clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Same(a, Choose());
        health.Answered(a);
        Assert.Same(a, Choose());
        Assert.Same(a, Choose());
    }

    [Fact]
    public void One_message_at_a_time_probes_and_the_pauses_double_up_to_a_minute()
    {
        health.Failed(a, waits: true);
        foreach (var seconds in (int[])[5, 10, 20, 40, 60, 60])
        {
            clock.Advance(TimeSpan.FromSeconds(seconds - 0.1));
            Assert.Same(b, Choose());
            clock.Advance(TimeSpan.FromSeconds(0.1));
            Assert.Same(a, Choose());
            Assert.Same(b, Choose());
            health.Failed(a);
        }
    }

    [Fact]
    public void A_probe_that_was_not_made_may_be_made_by_another()
    {
        health.Failed(a, waits: true);
        clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Same(a, Choose());
        health.Release(a);
        Assert.Same(a, Choose());
    }

    [Fact]
    public void When_none_is_well_none_is_chosen()
    {
        health.Failed(a, waits: true);
        health.Failed(b, waits: true);
        Assert.Null(Choose());
    }

    private ISender? Choose() => health.Choose([a, b]);
}
