using IdentityServer.Protocol.Jose;
using Xunit;

namespace IdentityServer.Protocol.Tests.Jose;

public sealed class JwsAlgorithmTests
{
    [Theory]
    [MemberData(nameof(TestKeys.Names), MemberType = typeof(TestKeys))]
    public void A_name_on_the_list_is_read_and_written(string name)
    {
        Assert.True(JwsAlgorithms.TryParse(name, out var algorithm));
        Assert.Equal(name, algorithm.ToWireName());
        Assert.Equal(algorithm, JwsAlgorithms.Parse(name));
    }

    // RFC 7515, section 4.1.1: "alg" is case-sensitive.
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("HS256")]
    [InlineData("RS384")]
    [InlineData("ES512")]
    [InlineData("EdDSA")]
    [InlineData("rs256")]
    [InlineData("RS256 ")]
    [InlineData("0")]
    public void Any_other_name_is_none_of_them(string? name)
    {
        Assert.False(JwsAlgorithms.TryParse(name, out _));
        Assert.Null(JwsAlgorithms.Parse(name));
    }

    [Fact]
    public void A_number_outside_the_list_has_no_name() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ((JwsAlgorithm)3).ToWireName());
}
