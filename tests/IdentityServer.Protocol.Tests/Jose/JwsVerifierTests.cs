using System.Text;
using IdentityServer.Protocol.Jose;
using Xunit;

namespace IdentityServer.Protocol.Tests.Jose;

public sealed class JwsVerifierTests
{
    private const string RfcPayload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

    private static readonly SigningKey Key = TestKeys.Key(JwsAlgorithm.ES256);

    [Fact]
    public void The_token_of_RFC_7515_appendix_A_2_is_valid() => AssertRfcExample(
        "eyJhbGciOiJSUzI1NiJ9." + RfcPayload + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
        """{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}""");

    [Fact]
    public void The_token_of_RFC_7515_appendix_A_3_is_valid() => AssertRfcExample(
        "eyJhbGciOiJFUzI1NiJ9." + RfcPayload + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        """{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}""");

    [Theory]
    [MemberData(nameof(TestKeys.Names), MemberType = typeof(TestKeys))]
    public void A_signed_token_verifies(string algorithm)
    {
        var key = TestKeys.Key(algorithm);
        var token = JwsWriter.Sign(key, "at+jwt", writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("sub", "Zoë <z@example.com> + 😀");
            writer.WriteEndObject();
        });
        var valid = TestKeys.AssertValid(JwsVerifier.Verify(token, TestKeys.All, [key.PublicKey], "at+jwt"));
        Assert.Equal("Zoë <z@example.com> + 😀", valid.Payload.GetProperty("sub").GetString());
        Assert.Equal((key.Algorithm, key.Kid, "at+jwt"), (valid.Header.Algorithm, valid.Header.Kid, valid.Header.Typ));
        Assert.Equal($$"""{"alg":"{{algorithm}}","typ":"at+jwt","kid":"{{key.Kid}}"}""", valid.Header.Json.GetRawText());
    }

    [Fact]
    public void Each_type_has_its_own_header()
    {
        foreach (var typ in new[] { "JWT", "at+jwt", "JWT" })
            TestKeys.AssertValid(Verify(JwsWriter.Sign(Key, typ, "{}"u8), typ));
    }

    // RFC 7515, section 4.1.9.
    [Theory]
    [InlineData("at+jwt", "at+jwt", true)]
    [InlineData("AT+JWT", "at+jwt", true)]
    [InlineData("application/at+jwt", "at+jwt", true)]
    [InlineData("Application/At+Jwt", "at+jwt", true)]
    [InlineData("at+jwt", "application/at+jwt", true)]
    [InlineData("JWT", "at+jwt", false)]
    [InlineData("at+jwt", "JWT", false)]
    [InlineData("text/at+jwt", "at+jwt", false)]
    [InlineData("application/application/at+jwt", "at+jwt", false)]
    [InlineData("at+jwt ", "at+jwt", false)]
    [InlineData("", "at+jwt", false)]
    public void The_type_is_compared_as_a_media_type(string actual, string expected, bool same)
    {
        var outcome = Verify(JwsWriter.Sign(Key, actual, "{}"u8), expected);
        if (same)
            TestKeys.AssertValid(outcome);
        else
            TestKeys.AssertInvalid(JwsFault.Type, outcome);
    }

    [Fact]
    public void A_token_without_a_type_is_refused_only_where_one_is_expected()
    {
        var token = Token("""{"alg":"ES256"}""");
        TestKeys.AssertInvalid(JwsFault.Type, Verify(token, "JWT"));
        TestKeys.AssertValid(Verify(token));
    }

    // RFC 7515, section 4.1.11.
    [Theory]
    [InlineData("""{"alg":"ES256","crit":["b64"],"b64":false}""")]
    [InlineData("""{"alg":"ES256","crit":["exp"],"exp":1}""")]
    [InlineData("""{"alg":"ES256","crit":[]}""")]
    [InlineData("""{"alg":"ES256","crit":null}""")]
    public void A_critical_extension_is_refused(string header) =>
        TestKeys.AssertInvalid(JwsFault.CriticalExtension, Verify(Token(header)));

    // RFC 7515, section 4: "Header Parameter names [...] MUST be unique".
    [Theory]
    [InlineData("""{"alg":"ES256","alg":"ES256"}""")]
    [InlineData("""{"alg":"none","alg":"ES256"}""")]
    [InlineData("""{"alg":"ES256","\u0061lg":"none"}""")]
    [InlineData("""{"alg":"ES256","x":{"a":1,"a":2}}""")]
    [InlineData("""{"alg":"ES256","kid":7}""")]
    [InlineData("""{"alg":"ES256","kid":null}""")]
    [InlineData("""{"alg":"ES256","typ":["JWT"]}""")]
    [InlineData("""{"alg":["ES256"]}""")]
    [InlineData("""{"alg":"ES256"} """ + "x")]
    [InlineData("""{"alg":"ES256",}""")]
    [InlineData("""{"alg":"ES256","kid":"\ud800"}""")]
    [InlineData("""["ES256"]""")]
    [InlineData("\"ES256\"")]
    [InlineData("null")]
    [InlineData("")]
    public void A_header_of_another_shape_is_malformed(string header) =>
        TestKeys.AssertInvalid(JwsFault.Malformed, Verify(Token(header)));

    [Theory]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("")]
    [InlineData("not JSON")]
    [InlineData("""{"sub":"a","sub":"b"}""")]
    [InlineData("""{"cnf":{"jkt":"a","jkt":"b"}}""")]
    [InlineData("""{"sub":"\ud800"}""")]
    [InlineData("""{"sub":"a"}{}""")]
    public void A_payload_that_is_no_strict_object_is_refused(string payload) =>
        TestKeys.AssertInvalid(JwsFault.Payload, Verify(TestKeys.Token("""{"alg":"ES256"}""", payload, x => Key.Sign(x))));

    [Fact]
    public void Invalid_UTF_8_and_deep_nesting_are_refused()
    {
        var header = """{"alg":"ES256"}"""u8.ToArray();
        byte[] overlong = [.. """{"sub":" """u8, 0xC0, 0xAF, .. "\"}"u8];
        var deep = Encoding.ASCII.GetBytes("{\"a\":" + new string('[', 1000) + new string(']', 1000) + "}");
        TestKeys.AssertInvalid(JwsFault.Payload, Verify(TestKeys.Token(header, overlong, x => Key.Sign(x))));
        TestKeys.AssertInvalid(JwsFault.Payload, Verify(TestKeys.Token(header, deep, x => Key.Sign(x))));
        TestKeys.AssertInvalid(JwsFault.Malformed, Verify(TestKeys.Token(overlong, header, x => Key.Sign(x))));
        TestKeys.AssertInvalid(JwsFault.Malformed, Verify(TestKeys.Token(deep, header, x => Key.Sign(x))));
    }

    [Fact]
    public void A_token_may_have_16_KiB_and_no_more()
    {
        var frame = JwsWriter.Sign(Key, "JWT", """{"a":""}"""u8).Length;
        var room = (JwsVerifier.MaxLength - frame) * 3 / 4;
        var fits = Padded(room - 3);
        var exceeds = Padded(room + 3);
        Assert.InRange(fits.Length, JwsVerifier.MaxLength - 8, JwsVerifier.MaxLength);
        Assert.InRange(exceeds.Length, JwsVerifier.MaxLength + 1, JwsVerifier.MaxLength + 8);
        TestKeys.AssertValid(Verify(fits));
        TestKeys.AssertInvalid(JwsFault.TooLong, Verify(exceeds));

        static string Padded(int length) => JwsWriter.Sign(Key, "JWT", Encoding.ASCII.GetBytes($$"""{"a":"{{new string('x', length)}}"}"""));
    }

    [Fact]
    public void The_key_is_found_by_its_id()
    {
        using var other = SigningKey.Generate(JwsAlgorithm.ES256, TestKeys.Times);
        var token = JwsWriter.Sign(Key, "JWT", "{}"u8);
        TestKeys.AssertValid(Verify(token, keys: [other.PublicKey, Key.PublicKey]));
        TestKeys.AssertInvalid(JwsFault.UnknownKey, Verify(token, keys: [other.PublicKey]));
        TestKeys.AssertInvalid(JwsFault.UnknownKey, Verify(token, keys: []));
        TestKeys.AssertInvalid(JwsFault.Signature, Verify(Token($$"""{"alg":"ES256","kid":"{{other.Kid}}"}"""), keys: [other.PublicKey, Key.PublicKey]));
    }

    [Fact]
    public void Without_an_id_every_fitting_key_is_tried()
    {
        using var other = SigningKey.Generate(JwsAlgorithm.ES256, TestKeys.Times);
        TestKeys.AssertValid(Verify(Token("""{"alg":"ES256"}"""), keys: [other.PublicKey, TestKeys.Key(JwsAlgorithm.RS256).PublicKey, Key.PublicKey]));
        TestKeys.AssertInvalid(JwsFault.Signature, Verify(Token("""{"alg":"ES256"}"""), keys: [other.PublicKey]));
    }

    [Fact]
    public void Keys_may_be_looked_up_by_the_header()
    {
        var token = JwsWriter.Sign(Key, "JWT", "{}"u8);
        var outcome = JwsVerifier.Verify(token, [JwsAlgorithm.ES256], header => header.Kid == Key.Kid ? [Key.PublicKey] : [], "JWT");
        TestKeys.AssertValid(outcome);
    }

    private static JwsVerification Verify(string token, string? typ = null, JsonWebKey[]? keys = null) =>
        JwsVerifier.Verify(token, [JwsAlgorithm.ES256], keys ?? [Key.PublicKey], typ);

    private static string Token(string header) => TestKeys.Token(header, """{"sub":"a"}""", x => Key.Sign(x));

    private static void AssertRfcExample(string token, string jwk)
    {
        var valid = TestKeys.AssertValid(JwsVerifier.Verify(token, TestKeys.All, [TestKeys.Parse(jwk)], expectedTyp: null));
        Assert.Equal("joe", valid.Payload.GetProperty("iss").GetString());
        Assert.Equal(1300819380, valid.Payload.GetProperty("exp").GetInt64());
        Assert.True(valid.Payload.GetProperty("http://example.com/is_root").GetBoolean());
    }
}
