using System.Text;
using IdentityServer.Protocol.Jose;
using Xunit;

namespace IdentityServer.Protocol.Tests.Jose;

/// <summary>Altered, misspelt and random tokens.</summary>
public sealed class JwsTamperingTests
{
    private const string Claims = """{"sub":"admin"}""";

    private static readonly SigningKey Ec = TestKeys.Key(JwsAlgorithm.ES256);
    private static readonly JsonWebKey[] Keys = [.. TestKeys.All.Select(x => TestKeys.Key(x).PublicKey)];

    [Theory]
    [MemberData(nameof(TestKeys.Names), MemberType = typeof(TestKeys))]
    public void A_token_with_any_bit_flipped_is_invalid(string algorithm)
    {
        var token = JwsWriter.Sign(TestKeys.Key(algorithm), "JWT", Encoding.UTF8.GetBytes(Claims)).ToCharArray();
        for (var i = 0; i < token.Length; i++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                token[i] ^= (char)(1 << bit);
                Assert.IsType<JwsVerification.Invalid>(Verify(new string(token)));
                token[i] ^= (char)(1 << bit);
            }
        }
        TestKeys.AssertValid(Verify(new string(token)));
    }

    [Fact]
    public void A_token_in_another_spelling_is_malformed()
    {
        var token = JwsWriter.Sign(Ec, "JWT", Encoding.UTF8.GetBytes(Claims));
        var parts = token.Split('.');
        string[] spellings =
        [
            "", ".", "..", "...", token + ".", "." + token, token + "=", token + "==", token + " ", " " + token, token + "\n",
            parts[0] + "." + parts[1], $"{parts[0]}=.{parts[1]}.{parts[2]}", $"{parts[0]}.{parts[1]}=.{parts[2]}",
            $"{parts[0]}\n.{parts[1]}.{parts[2]}", $"{token}.{parts[1]}.{parts[2]}", token[..^1] + "%",
            $$"""{"payload":"{{parts[1]}}","protected":"{{parts[0]}}","signature":"{{parts[2]}}"}""",
        ];
        foreach (var spelling in spellings)
            AssertInvalid(JwsFault.Malformed, spelling);
        TestKeys.AssertInvalid(JwsFault.Malformed, Verify(null));
    }

    // 64 bytes leave four unused bits in the last character.
    [Fact]
    public void The_same_bytes_in_a_second_spelling_are_malformed()
    {
        var token = JwsWriter.Sign(Ec, "JWT", Encoding.UTF8.GetBytes(Claims));
        for (var more = 1; more < 16; more++)
            AssertInvalid(JwsFault.Malformed, token[..^1] + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"["AQgw".IndexOf(token[^1], StringComparison.Ordinal) * 16 + more]);
    }

    [Fact]
    public void Parts_of_different_tokens_do_not_mix()
    {
        var one = JwsWriter.Sign(Ec, "JWT", """{"sub":"a"}"""u8).Split('.');
        var two = JwsWriter.Sign(Ec, "at+jwt", """{"sub":"b"}"""u8).Split('.');
        AssertInvalid(JwsFault.Signature, $"{one[0]}.{two[1]}.{one[2]}");
        AssertInvalid(JwsFault.Signature, $"{two[0]}.{one[1]}.{one[2]}");
        AssertInvalid(JwsFault.Signature, $"{one[0]}.{one[1]}.{two[2]}");
    }

    [Fact]
    public void Garbage_is_invalid_and_never_throws()
    {
        var token = JwsWriter.Sign(Ec, "JWT", Encoding.UTF8.GetBytes(Claims));
        for (var i = 0; i < 20_000; i++)
        {
            var noise = TestKeys.Noise(i, 96);
            var garbage = (i % 5) switch
            {
                0 => Encoding.Latin1.GetString(noise),
                1 => Encoding.BigEndianUnicode.GetString(noise),
                2 => TestKeys.Token(noise[..30], noise[30..60], _ => noise[60..]),
                3 => token.Remove(noise[0] % token.Length, 1).Insert(noise[1] % (token.Length - 1), ((char)noise[2]).ToString()) + noise[3],
                _ => TestKeys.Token(Damaged("""{"alg":"ES256","typ":"JWT"}""", noise), Damaged(Claims, noise[8..]), _ => noise[..64]),
            };
            var outcome = Verify(garbage);
            Assert.True(outcome is JwsVerification.Invalid, $"Number {i} passed: {garbage}");
        }
    }

    private static byte[] Damaged(string text, byte[] noise)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        bytes[noise[0] % bytes.Length] = noise[1];
        bytes[noise[2] % bytes.Length] ^= (byte)(noise[3] & 1);
        return bytes;
    }

    private static JwsVerification Verify(string? token) => JwsVerifier.Verify(token, TestKeys.All, Keys, expectedTyp: null);

    private static void AssertInvalid(JwsFault reason, string token) => TestKeys.AssertInvalid(reason, Verify(token));
}
