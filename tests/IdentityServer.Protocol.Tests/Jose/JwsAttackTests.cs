using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using IdentityServer.Protocol.Jose;
using Xunit;
using Base64Url = System.Buffers.Text.Base64Url;

namespace IdentityServer.Protocol.Tests.Jose;

/// <summary>What forgers try: RFC 8725, sections 2 and 3.</summary>
public sealed class JwsAttackTests
{
    private const string Claims = """{"sub":"admin"}""";

    private static readonly SigningKey Rsa = TestKeys.Key(JwsAlgorithm.RS256);
    private static readonly SigningKey Pss = TestKeys.Key(JwsAlgorithm.PS256);
    private static readonly SigningKey Ec = TestKeys.Key(JwsAlgorithm.ES256);
    private static readonly JsonWebKey[] Keys = [Rsa.PublicKey, Pss.PublicKey, Ec.PublicKey];

    // RFC 8725, section 2.1.
    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("NONE")]
    [InlineData("nOnE")]
    [InlineData("")]
    [InlineData("es256")]
    [InlineData("ES256K")]
    [InlineData("RS384")]
    public void An_algorithm_off_the_list_is_refused(string alg)
    {
        AssertInvalid(JwsFault.Algorithm, TestKeys.Token($$"""{"alg":"{{alg}}"}""", Claims, _ => []));
        AssertInvalid(JwsFault.Algorithm, TestKeys.Token($$"""{"alg":"{{alg}}"}""", Claims, x => Ec.Sign(x)));
    }

    [Fact]
    public void A_header_without_an_algorithm_is_refused() =>
        AssertInvalid(JwsFault.Algorithm, TestKeys.Token("{}", Claims, x => Ec.Sign(x)));

    // RFC 8725, section 2.1: the public key taken for an HMAC secret.
    [Fact]
    public void HS256_with_the_public_key_as_secret_is_refused()
    {
        using var imported = Rsa.PublicKey.Import();
        byte[][] secrets =
        [
            Encoding.ASCII.GetBytes(imported.ExportSubjectPublicKeyInfoPem()),
            imported.ExportSubjectPublicKeyInfo(),
            Base64Url.DecodeFromChars(Rsa.PublicKey.N),
            Encoding.UTF8.GetBytes(Rsa.PublicKey.ToJson()),
        ];
        foreach (var secret in secrets)
        {
            AssertInvalid(JwsFault.Algorithm, TestKeys.Token($$"""{"alg":"HS256","kid":"{{Rsa.Kid}}"}""", Claims, x => HMACSHA256.HashData(secret, x)));
            AssertInvalid(JwsFault.Signature, TestKeys.Token($$"""{"alg":"RS256","kid":"{{Rsa.Kid}}"}""", Claims, x => HMACSHA256.HashData(secret, x)));
        }
    }

    [Theory]
    [InlineData("RS256", "PS256")]
    [InlineData("RS256", "ES256")]
    [InlineData("PS256", "RS256")]
    [InlineData("PS256", "ES256")]
    [InlineData("ES256", "RS256")]
    [InlineData("ES256", "PS256")]
    public void A_key_verifies_only_its_own_algorithm(string signer, string claimed)
    {
        var key = TestKeys.Key(signer);
        var algorithm = JwsAlgorithms.Parse(claimed)!.Value;
        var token = TestKeys.Token($$"""{"alg":"{{claimed}}","kid":"{{key.Kid}}"}""", Claims, x => SignAs(key, algorithm, x));
        AssertInvalid(JwsFault.UnknownKey, token);
    }

    [Theory]
    [MemberData(nameof(TestKeys.Names), MemberType = typeof(TestKeys))]
    public void An_algorithm_that_the_verifier_did_not_allow_is_refused(string algorithm)
    {
        var key = TestKeys.Key(algorithm);
        var token = JwsWriter.Sign(key, "JWT", Encoding.UTF8.GetBytes(Claims));
        TestKeys.AssertInvalid(JwsFault.Algorithm, JwsVerifier.Verify(token, [.. TestKeys.All.Where(x => x != key.Algorithm)], Keys, "JWT"));
        TestKeys.AssertInvalid(JwsFault.Algorithm, JwsVerifier.Verify(token, [], Keys, "JWT"));
    }

    // The signature of one RSA scheme is not taken for the other's, even by a key that may do both.
    [Fact]
    public void RSA_schemes_are_not_mixed()
    {
        var open = JsonNode.Parse(Rsa.PublicKey.ToJson())!.AsObject();
        open.Remove("alg");
        JsonWebKey[] keys = [TestKeys.Parse(open.ToJsonString())];
        var pssForPkcs1 = TestKeys.Token("""{"alg":"RS256"}""", Claims, x => SignAs(Rsa, JwsAlgorithm.PS256, x));
        var pkcs1ForPss = TestKeys.Token("""{"alg":"PS256"}""", Claims, x => Rsa.Sign(x));
        TestKeys.AssertInvalid(JwsFault.Signature, JwsVerifier.Verify(pssForPkcs1, TestKeys.All, keys, expectedTyp: null));
        TestKeys.AssertInvalid(JwsFault.Signature, JwsVerifier.Verify(pkcs1ForPss, TestKeys.All, keys, expectedTyp: null));
    }

    [Theory]
    [InlineData("SHA1")]
    [InlineData("SHA384")]
    [InlineData("SHA512")]
    public void Another_hash_is_refused(string hash)
    {
        var name = new HashAlgorithmName(hash);
        using var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(Rsa.ExportPkcs8(), out _);
        using var ec = ECDsa.Create();
        ec.ImportPkcs8PrivateKey(Ec.ExportPkcs8(), out _);
        AssertInvalid(JwsFault.Signature, TestKeys.Token("""{"alg":"RS256"}""", Claims, x => rsa.SignData(x, name, RSASignaturePadding.Pkcs1)));
        AssertInvalid(JwsFault.Signature, TestKeys.Token("""{"alg":"PS256"}""", Claims, x => rsa.SignData(x, name, RSASignaturePadding.Pss)));
        AssertInvalid(JwsFault.Signature, TestKeys.Token("""{"alg":"ES256"}""", Claims, x => ec.SignData(x, name)));
    }

    // "Psychic signatures" (CVE-2022-21449), and r or s out of [1, n-1].
    [Theory]
    [InlineData("00", "00")]
    [InlineData("00", "01")]
    [InlineData("01", "00")]
    [InlineData("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", "01")]
    [InlineData("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551")]
    [InlineData("01", "01")]
    public void Signatures_with_r_or_s_out_of_range_are_refused(string r, string s)
    {
        var signature = Convert.FromHexString(r.PadLeft(64, '0') + s.PadLeft(64, '0'));
        AssertInvalid(JwsFault.Signature, TestKeys.Token("""{"alg":"ES256"}""", Claims, _ => signature));
    }

    // RFC 7518, section 3.4: "The JWS Signature value MUST be a 64-octet sequence. If it is not a 64-octet sequence, the
    // validation has failed."
    [Fact]
    public void An_ES256_signature_of_another_form_is_refused()
    {
        using var ec = ECDsa.Create();
        ec.ImportPkcs8PrivateKey(Ec.ExportPkcs8(), out _);
        Func<byte[], byte[]>[] forms =
        [
            x => ec.SignData(x, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence),
            x => [.. Ec.Sign(x), 0],
            x => [0, .. Ec.Sign(x)],
            x => Ec.Sign(x)[..63],
            x => [0, .. Ec.Sign(x)[..32], 0, .. Ec.Sign(x)[32..]],
            x => [.. Ec.Sign(x)[32..], .. Ec.Sign(x)[..32]],
            _ => [],
        ];
        foreach (var form in forms)
            AssertInvalid(JwsFault.Signature, TestKeys.Token("""{"alg":"ES256"}""", Claims, form));
    }

    // RFC 8017, sections 8.1.2 and 8.2.2: the signature is as long as the modulus.
    [Theory]
    [InlineData("RS256")]
    [InlineData("PS256")]
    public void An_RSA_signature_of_another_length_is_refused(string algorithm)
    {
        var key = TestKeys.Key(algorithm);
        Func<byte[], byte[]>[] forms = [x => [0, .. key.Sign(x)], x => [.. key.Sign(x), 0], x => key.Sign(x)[1..], x => key.Sign(x)[..^1], _ => [], _ => new byte[256]];
        foreach (var form in forms)
            AssertInvalid(JwsFault.Signature, TestKeys.Token($$"""{"alg":"{{algorithm}}","kid":"{{key.Kid}}"}""", Claims, form));
    }

    // A key that the token brings along, or points to, is the attacker's.
    [Fact]
    public void Keys_in_the_header_are_never_used()
    {
        using var mine = SigningKey.Generate(JwsAlgorithm.ES256, TestKeys.Times);
        foreach (var kid in new[] { mine.Kid, Ec.Kid })
        {
            var header = $$"""{"alg":"ES256","kid":"{{kid}}","jwk":{{mine.PublicKey.ToJson()}},"jku":"http://127.0.0.1:9/","x5u":"http://127.0.0.1:9/","x5c":["AAAA"]}""";
            AssertInvalid(kid == Ec.Kid ? JwsFault.Signature : JwsFault.UnknownKey, TestKeys.Token(header, Claims, x => mine.Sign(x)));
        }
    }

    private static byte[] SignAs(SigningKey key, JwsAlgorithm algorithm, byte[] data)
    {
        if (key.Algorithm.IsRsa() != algorithm.IsRsa())
            return key.Sign(data);
        using var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(key.ExportPkcs8(), out _);
        return rsa.SignData(data, HashAlgorithmName.SHA256, algorithm.Padding());
    }

    private static JwsVerification Verify(string? token) => JwsVerifier.Verify(token, TestKeys.All, Keys, expectedTyp: null);

    private static void AssertInvalid(JwsFault reason, string token) => TestKeys.AssertInvalid(reason, Verify(token));
}
