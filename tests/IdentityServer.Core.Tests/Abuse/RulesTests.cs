using IdentityServer.Core.Abuse;
using Xunit;

namespace IdentityServer.Core.Tests.Abuse;

public sealed class RulesTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(9, 0)]
    [InlineData(10, 30)]
    [InlineData(11, 60)]
    [InlineData(12, 120)]
    [InlineData(13, 240)]
    [InlineData(16, 1920)]
    [InlineData(17, 3600)]
    [InlineData(18, 3600)]
    [InlineData(99, 3600)]
    public void The_pause_grows_from_30_seconds_to_an_hour(int failures, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), FailureBudget.PauseAfter(failures));

    // NIST SP 800-63B-4 §3.2.2
    [Fact]
    public void At_a_hundred_there_is_no_end() => Assert.True(FailureBudget.PauseAfter(100) > TimeSpan.FromDays(10_000));

    [Theory]
    [InlineData("203.0.113.77", "203.0.113.0/24")]
    [InlineData("::ffff:203.0.113.77", "203.0.113.0/24")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    [InlineData(null, "none")]
    [InlineData("nonsense", "none")]
    public void A_network_is_a_24_or_a_64(string? ip, string network) => Assert.Equal(network, Network.Of(ip));
}
