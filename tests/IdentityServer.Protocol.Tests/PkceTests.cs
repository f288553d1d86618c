using Xunit;

namespace IdentityServer.Protocol.Tests;

/// <summary>RFC 7636.</summary>
public sealed class PkceTests
{
    // Appendix B.
    private const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    private const string Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    [Fact]
    public void The_RFCs_own_example_matches_RFC_7636_B()
    {
        Assert.Equal(Challenge, Pkce.Challenge(Verifier));
        Assert.True(Pkce.Matches(Verifier, Challenge));
        Assert.False(Pkce.Matches(Verifier[..^1] + "l", Challenge));
        // "plain" would accept this.
        Assert.False(Pkce.Matches(Challenge, Challenge));
    }

    [Theory]
    [InlineData(42, false)]
    [InlineData(43, true)]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public void A_verifier_has_43_to_128_characters_RFC_7636_4_1(int length, bool good) =>
        Assert.Equal(good, Pkce.IsVerifier(new string('~', length)));

    [Theory]
    [InlineData(' ')]
    [InlineData('+')]
    [InlineData('/')]
    [InlineData('=')]
    [InlineData('é')]
    [InlineData('\0')]
    public void A_verifier_is_unreserved_characters_only_RFC_7636_4_1(char odd) => Assert.False(Pkce.IsVerifier(Verifier + odd));

    [Theory]
    [InlineData(Challenge, true)]
    [InlineData(Challenge + "=", false)]
    [InlineData("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c", false)]
    [InlineData("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM", false)]
    [InlineData("", false)]
    public void A_challenge_is_32_bytes_in_base64url_RFC_7636_4_2(string challenge, bool good) => Assert.Equal(good, Pkce.IsChallenge(challenge));
}
