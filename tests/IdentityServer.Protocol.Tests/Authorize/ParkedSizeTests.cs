using Xunit;

namespace IdentityServer.Protocol.Tests.Authorize;

/// <summary>A parked request fits the address of a page, whatever is in it: browsers and proxies, and Kestrel too, take 8 KB of request line.</summary>
public sealed class ParkedSizeTests : BrowserTests
{
    private const int MostOfALine = 8_000;

    [Theory]
    [InlineData("x", 2_048)]
    [InlineData("\"", 2_048)]
    [InlineData("\\", 2_000)]
    [InlineData("\ud83d\ude00", 512)]
    [InlineData("\ud83d\ude00", 300)]
    [InlineData("\u2603", 682)]
    public async Task A_state_that_is_taken_fits_and_another_is_refused_RFC_6749_4_1_2_1(string character, int times)
    {
        var state = string.Concat(Enumerable.Repeat(character, times));
        var hint = string.Concat(Enumerable.Repeat(character, 500 / System.Text.Encoding.UTF8.GetByteCount(character)));

        var answer = await AuthorizeAsync(("state", state), ("nonce", hint), ("login_hint", hint));

        Assert.NotNull(answer.Location);
        if (answer.Location!.StartsWith('/'))
            Assert.InRange(answer.Location.Length, 1, MostOfALine);
        else
            Assert.Contains("error=invalid_request", answer.Location, StringComparison.Ordinal);
    }
}
