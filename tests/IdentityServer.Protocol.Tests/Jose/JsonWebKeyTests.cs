using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Protocol.Jose;
using Xunit;
using Base64Url = System.Buffers.Text.Base64Url;

namespace IdentityServer.Protocol.Tests.Jose;

public sealed class JsonWebKeyTests
{
    private static readonly JsonObject Rsa = JsonNode.Parse(TestKeys.Key(JwsAlgorithm.RS256).PublicKey.ToJson())!.AsObject();
    private static readonly JsonObject Ec = JsonNode.Parse(TestKeys.Key(JwsAlgorithm.ES256).PublicKey.ToJson())!.AsObject();

    [Fact]
    public void The_thumbprint_is_that_of_RFC_7638_section_3_1()
    {
        var key = TestKeys.Parse("""
            {
              "kty": "RSA",
              "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
              "e": "AQAB",
              "alg": "RS256",
              "kid": "2011-04-29"
            }
            """);
        Assert.Equal("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", key.Thumbprint());
        Assert.Equal("2011-04-29", key.Kid);
    }

    [Theory]
    [MemberData(nameof(TestKeys.Names), MemberType = typeof(TestKeys))]
    public void A_key_reads_what_it_writes(string algorithm)
    {
        var key = TestKeys.Key(algorithm).PublicKey;
        Assert.Equal(key, TestKeys.Parse(key.ToJson()));
    }

    [Fact]
    public void Only_public_members_are_written()
    {
        Assert.Equal(["kty", "use", "kid", "alg", "n", "e"], TestKeys.MemberNames(Rsa.ToJsonString()));
        Assert.Equal(["kty", "use", "kid", "alg", "crv", "x", "y"], TestKeys.MemberNames(Ec.ToJsonString()));
    }

    [Fact]
    public void Unknown_members_are_ignored_as_RFC_7517_section_4_asks() =>
        Assert.Equal(TestKeys.Parse(Ec.ToJsonString()), TestKeys.Parse(With(Ec, "x5t", "abc").ToJsonString()));

    [Theory]
    [InlineData("kid")]
    [InlineData("alg")]
    [InlineData("use")]
    public void Optional_members_may_be_absent(string member)
    {
        TestKeys.Parse(Without(Rsa, member).ToJsonString());
        TestKeys.Parse(Without(Ec, member).ToJsonString());
    }

    [Fact]
    public void An_RSA_key_without_alg_supports_both_RSA_algorithms_and_no_other()
    {
        var key = TestKeys.Parse(Without(Rsa, "alg").ToJsonString());
        Assert.Equal([true, true, false], TestKeys.All.Select(key.Supports));
        Assert.DoesNotContain("alg", TestKeys.MemberNames(key.ToJson()), StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("kty")]
    [InlineData("n")]
    [InlineData("e")]
    public void An_RSA_key_needs_its_members(string member) => AssertRefused(Without(Rsa, member));

    [Theory]
    [InlineData("kty")]
    [InlineData("crv")]
    [InlineData("x")]
    [InlineData("y")]
    public void An_EC_key_needs_its_members(string member) => AssertRefused(Without(Ec, member));

    [Theory]
    [InlineData("kty", "oct")]
    [InlineData("kty", "OKP")]
    [InlineData("kty", "RSA")]
    [InlineData("kty", "ec")]
    [InlineData("crv", "P-384")]
    [InlineData("crv", "secp256k1")]
    [InlineData("crv", "p-256")]
    [InlineData("alg", "none")]
    [InlineData("alg", "HS256")]
    [InlineData("alg", "ES384")]
    [InlineData("alg", "RS256")]
    [InlineData("use", "enc")]
    [InlineData("use", "SIG")]
    [InlineData("x", "AQAB")]
    [InlineData("x", "")]
    public void A_key_for_something_else_is_not_usable(string member, string value) => AssertRefused(With(Ec, member, value));

    [Theory]
    [InlineData("alg", "ES256")]
    [InlineData("alg", "RSA-OAEP")]
    [InlineData("kty", "EC")]
    [InlineData("e", "")]
    [InlineData("e", "AQ")]
    [InlineData("e", "Ag")]
    [InlineData("e", "AQAA")]
    [InlineData("e", "AAEAAQ")]
    [InlineData("e", "AQAAAAE")]
    [InlineData("e", "AQAB=")]
    [InlineData("n", "")]
    public void An_RSA_key_out_of_range_is_not_usable(string member, string value) => AssertRefused(With(Rsa, member, value));

    [Theory]
    [InlineData("kid")]
    [InlineData("alg")]
    [InlineData("x")]
    public void Members_of_the_wrong_type_are_refused(string member)
    {
        AssertRefused(With(Ec, member, 1));
        AssertRefused(With(Ec, member, null));
        AssertRefused(With(Ec, member, new JsonArray("a")));
    }

    [Fact]
    public void Key_ops_must_include_verify()
    {
        TestKeys.Parse(With(Ec, "key_ops", new JsonArray("verify")).ToJsonString());
        AssertRefused(With(Ec, "key_ops", new JsonArray("encrypt")));
        AssertRefused(With(Ec, "key_ops", new JsonArray()));
        AssertRefused(With(Ec, "key_ops", "verify"));
    }

    [Theory]
    [InlineData("d")]
    [InlineData("p")]
    [InlineData("oth")]
    [InlineData("k")]
    public void A_published_private_key_is_refused(string member)
    {
        AssertRefused(With(Rsa, member, "AQAB"));
        AssertRefused(With(Ec, member, "AQAB"));
    }

    [Theory]
    [InlineData(2047, false)]
    [InlineData(2048, true)]
    [InlineData(8192, true)]
    [InlineData(8193, false)]
    public void RSA_keys_have_2048_to_8192_bits(int bits, bool usable)
    {
        var modulus = (BigInteger.One << (bits - 1)) + 1;
        var n = Base64Url.EncodeToString(modulus.ToByteArray(isUnsigned: true, isBigEndian: true));
        Assert.Equal(usable, JsonWebKey.TryParse(With(Rsa, "n", n).ToJsonString(), out _));
    }

    [Fact]
    public void An_even_modulus_or_one_with_a_leading_zero_is_refused()
    {
        var modulus = Base64Url.DecodeFromChars(Rsa["n"]!.GetValue<string>());
        AssertRefused(With(Rsa, "n", Base64Url.EncodeToString([0, .. modulus])));
        AssertRefused(With(Rsa, "n", Base64Url.EncodeToString([.. modulus[..^1], (byte)(modulus[^1] & 0xFE)])));
    }

    // The invalid-curve attack.
    [Fact]
    public void A_point_off_the_curve_is_refused()
    {
        var y = Base64Url.DecodeFromChars(Ec["y"]!.GetValue<string>());
        y[^1] ^= 1;
        AssertRefused(With(Ec, "y", Base64Url.EncodeToString(y)));
        AssertRefused(With(With(Ec, "x", Zeros(32)), "y", Zeros(32)));
        AssertRefused(With(Ec, "x", Ec["y"]!.GetValue<string>()));
    }

    // RFC 7518, section 6.2.1.2: the coordinate's octet string is as long as the curve's field, no shorter, no longer.
    [Fact]
    public void Coordinates_have_exactly_32_bytes_and_are_below_the_prime()
    {
        var x = Base64Url.DecodeFromChars(Ec["x"]!.GetValue<string>());
        AssertRefused(With(Ec, "x", Base64Url.EncodeToString([0, .. x])));
        AssertRefused(With(Ec, "x", Base64Url.EncodeToString(x.AsSpan(1))));
        // (p, y) with y² = b is the point (0, y) in disguise.
        const string Y = "ZkhceA4vg9ckM71dhKBrtlQcKvMdrocXKL-FahdPk_Q";
        TestKeys.Parse(With(With(Ec, "x", Zeros(32)), "y", Y).ToJsonString());
        AssertRefused(With(With(Ec, "x", "_____wAAAAEAAAAAAAAAAAAAAAD_______________8"), "y", Y));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"RSA\"")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("{\"kty\":\"EC\",}")]
    [InlineData("{\"kty\":\"\\ud800\"}")]
    [InlineData("{\"\\ud800\":\"EC\"}")]
    public void What_is_no_JSON_object_is_refused(string? json) => Assert.False(JsonWebKey.TryParse(json, out _));

    [Fact]
    public void A_member_that_comes_twice_is_refused()
    {
        var json = Ec.ToJsonString().Insert(1, "\"kid\":\"other\",");
        Assert.False(JsonWebKey.TryParse(json, out _));
        using var lenient = JsonDocument.Parse(json);
        Assert.False(JsonWebKey.TryParse(lenient.RootElement, out _));
    }

    [Fact]
    public void A_lone_surrogate_in_parsed_JSON_is_refused()
    {
        using var lenient = JsonDocument.Parse("""{"kty":"EC","kid":"\ud800"}""");
        Assert.False(JsonWebKey.TryParse(lenient.RootElement, out _));
    }

    [Fact]
    public void Damaged_keys_never_throw()
    {
        var whole = System.Text.Encoding.UTF8.GetBytes(Ec.ToJsonString());
        for (var i = 0; i < 4_000; i++)
        {
            var noise = TestKeys.Noise(i, 4);
            var damaged = (byte[])whole.Clone();
            damaged[((noise[0] << 8) + noise[1]) % damaged.Length] = noise[2];
            damaged[noise[3] % damaged.Length] ^= (byte)(1 << (noise[2] % 8));
            if (JsonWebKey.TryParse(System.Text.Encoding.Latin1.GetString(damaged), out var key))
                _ = key.Thumbprint();
        }
    }

    private static string Zeros(int length) => Base64Url.EncodeToString(new byte[length]);

    private static void AssertRefused(JsonObject jwk) => Assert.False(JsonWebKey.TryParse(jwk.ToJsonString(), out _));

    private static JsonObject With(JsonObject jwk, string member, JsonNode? value)
    {
        var copy = jwk.DeepClone().AsObject();
        copy[member] = value;
        return copy;
    }

    private static JsonObject Without(JsonObject jwk, string member)
    {
        var copy = jwk.DeepClone().AsObject();
        copy.Remove(member);
        return copy;
    }
}
