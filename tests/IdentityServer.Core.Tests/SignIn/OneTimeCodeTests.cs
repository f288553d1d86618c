using IdentityServer.Core.Proofs;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

public sealed class OneTimeCodeTests
{
    // C1, position by position: a million cells for 10,000 codes would say nothing.
    [Theory]
    [InlineData(6)]
    [InlineData(8)]
    public void Codes_are_uniform_in_every_position_and_keep_leading_zeros(int digits)
    {
        const int Codes = 10_000;
        var counts = Enumerable.Range(0, digits).Select(_ => new int[10]).ToArray();
        for (var i = 0; i < Codes; i++)
        {
            var code = OneTimeCode.New(digits);
            Assert.Equal(digits, code.Length);
            for (var position = 0; position < digits; position++)
                counts[position][code[position] - '0']++;
        }

        for (var position = 0; position < digits; position++)
        {
            var chiSquare = Enumerable.Range(0, 10).Sum(digit => Math.Pow(counts[position][digit] - (Codes / 10.0), 2) / (Codes / 10.0));

            // 9 degrees of freedom: a fair source exceeds 45 once in a million times.
            Assert.InRange(chiSquare, 0, 45);
        }
    }

    // C14
    [Theory]
    [InlineData("012345")]
    [InlineData(" 012 345 ")]
    [InlineData("012-345")]
    [InlineData("012\u2013345")]
    [InlineData("012\u00A0345\r\n")]
    [InlineData("\uFF10\uFF11\uFF12\uFF13\uFF14\uFF15")]
    [InlineData("\u0660\u0661\u0662\u0663\u0664\u0665")]
    [InlineData("\u06F0\u06F1\u06F2\u06F3\u06F4\u06F5")]
    [InlineData("\u200F\u0660\u0661\u0662\u200B\u0663\u0664\u0665")]
    [InlineData("\u0966\u0967\u0968\u0969\u096A\u096B")]
    public void A_code_is_read_as_people_type_and_paste_it(string typed) => Assert.Equal("012345", OneTimeCode.Read(typed, 6));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("12345")]
    [InlineData("1234567")]
    [InlineData("12345a")]
    [InlineData("12345\u00B2")]
    [InlineData("12345\u2168")]
    [InlineData("+12345")]
    public void What_is_no_code_is_not_read(string? typed) => Assert.Null(OneTimeCode.Read(typed, 6));

    [Fact]
    public void A_flood_of_characters_is_not_read() => Assert.Null(OneTimeCode.Read("123456" + new string(' ', 1000), 6));
}
