using IdentityServer.Protocol.Jose;
using Xunit;

namespace IdentityServer.Protocol.Tests.Jose;

// RFC 7515, section 2, and RFC 4648, sections 3.5 and 10.
public sealed class StrictBase64UrlTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("Zg", "66")]
    [InlineData("Zm8", "666F")]
    [InlineData("Zm9v", "666F6F")]
    [InlineData("_-8", "FFEF")]
    public void Canonical_text_is_decoded(string text, string hex)
    {
        Assert.True(StrictBase64Url.TryDecode(text, out var bytes));
        Assert.Equal(hex, Convert.ToHexString(bytes));
    }

    [Theory]
    [InlineData("Z")]
    [InlineData("Zm9vZ")]
    [InlineData("Zg==")]
    [InlineData("Zm8=")]
    [InlineData("Zg%%")]
    [InlineData("Zm 9v")]
    [InlineData("Zm9v\n")]
    [InlineData(" Zm9v")]
    [InlineData("Zm9v.")]
    [InlineData("/+8")]
    [InlineData("Zm9é")]
    [InlineData("Zm9\0")]
    public void Padding_spaces_and_foreign_characters_are_refused(string text) =>
        Assert.False(StrictBase64Url.TryDecode(text, out _));

    [Theory]
    [InlineData("Zh")]
    [InlineData("Zv")]
    [InlineData("Zm9")]
    [InlineData("Zm-")]
    public void Unused_bits_must_be_zero(string text) => Assert.False(StrictBase64Url.TryDecode(text, out _));

    [Fact]
    public void Every_byte_string_has_exactly_one_spelling()
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        var accepted = Alphabet.SelectMany(x => Alphabet.Select(y => $"{x}{y}")).Where(x => StrictBase64Url.TryDecode(x, out _));
        Assert.Equal(256, accepted.Count());
    }
}
