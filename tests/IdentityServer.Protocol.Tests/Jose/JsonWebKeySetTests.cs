using System.Text;
using IdentityServer.Protocol.Jose;
using Xunit;

namespace IdentityServer.Protocol.Tests.Jose;

// RFC 7517, section 5.
public sealed class JsonWebKeySetTests
{
    private static readonly string Ec = TestKeys.Key(JwsAlgorithm.ES256).PublicKey.ToJson();

    [Fact]
    public void A_set_reads_what_it_writes()
    {
        var set = new JsonWebKeySet([.. TestKeys.All.Select(x => TestKeys.Key(x).PublicKey)]);
        Assert.True(JsonWebKeySet.TryParse(set.ToUtf8Json(), out var read));
        Assert.Equal(set.Keys, read.Keys);
    }

    [Fact]
    public void An_empty_set_is_a_set()
    {
        Assert.Equal("""{"keys":[]}""", Encoding.UTF8.GetString(new JsonWebKeySet([]).ToUtf8Json()));
        Assert.True(JsonWebKeySet.TryParse("""{"keys":[]}""", out var set));
        Assert.Empty(set.Keys);
    }

    [Fact]
    public void Entries_that_are_not_usable_are_left_out()
    {
        Assert.True(JsonWebKeySet.TryParse($$"""{"keys":[{"kty":"oct","k":"AQAB"},7,null,{{Ec}},{"kty":"OKP"}],"more":1}""", out var set));
        Assert.Equal(TestKeys.Parse(Ec), Assert.Single(set.Keys));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"keys":{}}""")]
    [InlineData("""{"keys":null}""")]
    [InlineData("""{"keys":[],"keys":[]}""")]
    [InlineData("""{"keys":[]""")]
    public void What_is_no_set_is_refused(string? json) => Assert.False(JsonWebKeySet.TryParse(json, out _));

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    public void A_set_has_at_most_100_entries(int count, bool accepted) =>
        Assert.Equal(accepted, JsonWebKeySet.TryParse($$"""{"keys":[{{string.Join(',', Enumerable.Repeat("{}", count))}}]}""", out _));
}
