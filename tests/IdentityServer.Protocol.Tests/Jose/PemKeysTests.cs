using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IdentityServer.Protocol.Jose;
using Xunit;

namespace IdentityServer.Protocol.Tests.Jose;

public sealed class PemKeysTests : IDisposable
{
    private readonly RSA rsa = RSA.Create(2048);
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory();
    private readonly ECDsa ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    [Fact]
    public void PKCS8_is_read()
    {
        AssertReads(rsa.ExportPkcs8PrivateKeyPem(), JwsAlgorithm.RS256, rsa);
        AssertReads(ec.ExportPkcs8PrivateKeyPem(), JwsAlgorithm.ES256, ec);
    }

    [Fact]
    public void PKCS1_is_read() => AssertReads(rsa.ExportRSAPrivateKeyPem(), JwsAlgorithm.RS256, rsa);

    [Fact]
    public void SEC1_is_read() => AssertReads(ec.ExportECPrivateKeyPem(), JwsAlgorithm.ES256, ec);

    // As `openssl ecparam -name prime256v1 -genkey` writes it.
    [Fact]
    public void SEC1_after_its_parameters_is_read() =>
        AssertReads($"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{ec.ExportECPrivateKeyPem()}\n", JwsAlgorithm.ES256, ec);

    [Fact]
    public void A_certificate_beside_the_key_is_passed_over() =>
        AssertReads(Certificate() + "\n" + ec.ExportPkcs8PrivateKeyPem(), JwsAlgorithm.ES256, ec);

    [Fact]
    public void An_RSA_key_signs_PS256_where_asked()
    {
        using var key = SigningKey.ImportPem(rsa.ExportRSAPrivateKeyPem(), TestKeys.Times, JwsAlgorithm.PS256);
        Assert.Equal((JwsAlgorithm.PS256, JwsAlgorithm.PS256), (key.Algorithm, key.PublicKey.Alg));
    }

    [Fact]
    public void A_key_of_the_other_kind_is_refused()
    {
        Assert.Contains("RS256 needs an RSA key", Refusal(ec.ExportPkcs8PrivateKeyPem(), JwsAlgorithm.RS256), StringComparison.Ordinal);
        Assert.Contains("PS256 needs an RSA key", Refusal(ec.ExportECPrivateKeyPem(), JwsAlgorithm.PS256), StringComparison.Ordinal);
        Assert.Contains("ES256 needs an EC (P-256) key", Refusal(rsa.ExportRSAPrivateKeyPem(), JwsAlgorithm.ES256), StringComparison.Ordinal);
    }

    [Fact]
    public void A_weak_RSA_key_is_refused()
    {
        using var weak = RSA.Create(1024);
        Assert.Contains("1024 bits is too weak", Refusal(weak.ExportPkcs8PrivateKeyPem()), StringComparison.Ordinal);
        Assert.Contains("1024 bits is too weak", Refusal(weak.ExportRSAPrivateKeyPem()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.3.132.0.34")]
    [InlineData("1.3.132.0.35")]
    [InlineData("1.3.132.0.10")]
    public void A_key_on_another_curve_is_refused(string curve)
    {
        using var other = ECDsa.Create(ECCurve.CreateFromValue(curve));
        Assert.Contains("needs P-256", Refusal(other.ExportPkcs8PrivateKeyPem()), StringComparison.Ordinal);
        Assert.Contains("needs P-256", Refusal(other.ExportECPrivateKeyPem()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_is_neither_RSA_nor_EC_is_refused() =>
        // RFC 8410, section 10.3: an Ed25519 key.
        Assert.Contains("Only RSA and EC", Refusal("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----"), StringComparison.Ordinal);

    [Fact]
    public void An_encrypted_key_is_refused()
    {
        var parameters = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1);
        Assert.Contains("is encrypted", Refusal(ec.ExportEncryptedPkcs8PrivateKeyPem("password", parameters)), StringComparison.Ordinal);
        Assert.Contains("is encrypted", Refusal("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_public_key_or_certificate_alone_is_refused()
    {
        Assert.Contains("only a public key or a certificate", Refusal(rsa.ExportSubjectPublicKeyInfoPem()), StringComparison.Ordinal);
        Assert.Contains("only a public key or a certificate", Refusal(Certificate()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a key")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA")]
    [InlineData("-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----")]
    public void A_text_without_a_key_is_refused(string pem) =>
        Assert.Contains("There is no private key in PEM", Refusal(pem), StringComparison.Ordinal);

    [Theory]
    [InlineData("PRIVATE KEY")]
    [InlineData("RSA PRIVATE KEY")]
    [InlineData("EC PRIVATE KEY")]
    public void A_block_that_holds_no_key_is_refused(string label) =>
        Refusal($"-----BEGIN {label}-----\nAAAA\n-----END {label}-----");

    [Fact]
    public void Two_keys_in_one_text_are_refused() =>
        Assert.Contains("more than one private key", Refusal(ec.ExportECPrivateKeyPem() + "\n" + rsa.ExportRSAPrivateKeyPem()), StringComparison.Ordinal);

    [Fact]
    public void A_refusal_names_the_file_and_not_its_content()
    {
        using var weak = RSA.Create(1024);
        var path = Path.Combine(folder.FullName, "signing.pem");
        File.WriteAllText(path, weak.ExportRSAPrivateKeyPem());
        var problem = Assert.Throws<CryptographicException>(() => SigningKey.ReadPemFile(path, TestKeys.Times));
        Assert.StartsWith(path + ": ", problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("BEGIN", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_read()
    {
        var path = Path.Combine(folder.FullName, "signing.pem");
        File.WriteAllText(path, ec.ExportPkcs8PrivateKeyPem());
        using var key = SigningKey.ReadPemFile(path, TestKeys.Times);
        Assert.Equal(JwsAlgorithm.ES256, key.Algorithm);
        Assert.ThrowsAny<IOException>(() => SigningKey.ReadPemFile(path + ".absent", TestKeys.Times));
    }

    public void Dispose()
    {
        rsa.Dispose();
        ec.Dispose();
        folder.Delete(recursive: true);
    }

    private static string Refusal(string pem, JwsAlgorithm? algorithm = null) =>
        Assert.ThrowsAny<CryptographicException>(() => SigningKey.ImportPem(pem, TestKeys.Times, algorithm)).Message;

    private static void AssertReads(string pem, JwsAlgorithm expected, AsymmetricAlgorithm original)
    {
        using var key = SigningKey.ImportPem(pem, TestKeys.Times);
        Assert.Equal(expected, key.Algorithm);
        using var imported = key.PublicKey.Import();
        Assert.Equal(original.ExportSubjectPublicKeyInfo(), imported.ExportSubjectPublicKeyInfo());
    }

    private string Certificate()
    {
        var request = new CertificateRequest("CN=test", ec, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(TestKeys.Times.CreatedAt, TestKeys.Times.ExpiresAt);
        return certificate.ExportCertificatePem();
    }
}
