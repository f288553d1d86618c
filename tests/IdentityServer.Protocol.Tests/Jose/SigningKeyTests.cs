using System.Security.Cryptography;
using System.Text;
using IdentityServer.Protocol.Jose;
using Xunit;
using Base64Url = System.Buffers.Text.Base64Url;

namespace IdentityServer.Protocol.Tests.Jose;

public sealed class SigningKeyTests
{
    private static readonly byte[] Data = Encoding.UTF8.GetBytes("to be signed");

    [Theory]
    [MemberData(nameof(TestKeys.Names), MemberType = typeof(TestKeys))]
    public void A_key_is_named_by_its_thumbprint_and_knows_its_times(string algorithm)
    {
        var key = TestKeys.Key(algorithm);
        Assert.Equal(algorithm, key.Algorithm.ToWireName());
        Assert.Equal(key.PublicKey.Thumbprint(), key.Kid);
        Assert.Equal((key.Kid, key.Algorithm), (key.PublicKey.Kid, key.PublicKey.Alg));
        Assert.Equal(TestKeys.Times, new SigningKeyTimes(key.CreatedAt, key.ActivatesAt, key.RetiresAt, key.ExpiresAt));
    }

    [Theory]
    [MemberData(nameof(TestKeys.Names), MemberType = typeof(TestKeys))]
    public void An_exported_key_is_the_same_key_when_imported(string algorithm)
    {
        var key = TestKeys.Key(algorithm);
        using var copy = SigningKey.Import(key.Algorithm, key.ExportPkcs8(), TestKeys.Times);
        Assert.Equal(key.PublicKey, copy.PublicKey);
        Assert.Equal(key.ExportPkcs8(), copy.ExportPkcs8());
        Assert.True(Verifies(key, copy.Sign(Data)));
    }

    [Theory]
    [InlineData("RS256", 256)]
    [InlineData("PS256", 256)]
    [InlineData("ES256", 64)]
    public void Signatures_have_the_form_of_RFC_7518_section_3(string algorithm, int length)
    {
        var key = TestKeys.Key(algorithm);
        var signature = key.Sign(Data);
        Assert.Equal(length, signature.Length);
        Assert.True(Verifies(key, signature));
    }

    [Fact]
    public void Keys_differ_from_one_another()
    {
        using var other = SigningKey.Generate(JwsAlgorithm.ES256, TestKeys.Times);
        Assert.NotEqual(TestKeys.Key(JwsAlgorithm.ES256).Kid, other.Kid, StringComparer.Ordinal);
    }

    [Fact]
    public void Times_out_of_order_are_refused()
    {
        var (created, activates, retires, expires) = TestKeys.Times;
        Assert.Throws<ArgumentException>(() => SigningKey.Generate(JwsAlgorithm.ES256, new(activates, created, retires, expires)));
        Assert.Throws<ArgumentException>(() => SigningKey.Generate(JwsAlgorithm.ES256, new(created, retires, activates, expires)));
        Assert.Throws<ArgumentException>(() => SigningKey.Generate(JwsAlgorithm.ES256, new(created, activates, expires, retires)));
    }

    [Theory]
    [InlineData("RS256", "ES256")]
    [InlineData("PS256", "ES256")]
    [InlineData("ES256", "RS256")]
    public void A_key_of_the_other_kind_is_refused(string algorithm, string stored)
    {
        var problem = Assert.Throws<CryptographicException>(() =>
            SigningKey.Import(JwsAlgorithms.Parse(algorithm)!.Value, TestKeys.Key(stored).ExportPkcs8(), TestKeys.Times));
        Assert.StartsWith(algorithm + " needs", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(TestKeys.Names), MemberType = typeof(TestKeys))]
    public void Damaged_bytes_are_refused(string algorithm)
    {
        var key = TestKeys.Key(algorithm);
        var whole = key.ExportPkcs8();
        AssertRefused(key.Algorithm, []);
        AssertRefused(key.Algorithm, Data);
        AssertRefused(key.Algorithm, whole[..^1]);
        AssertRefused(key.Algorithm, [.. whole, 0]);
    }

    // Signing with a pair that does not belong together gives tokens that nobody accepts.
    [Fact]
    public void A_private_key_beside_anothers_public_key_is_refused()
    {
        using var other = SigningKey.Generate(JwsAlgorithm.ES256, TestKeys.Times);
        var mixed = TestKeys.Key(JwsAlgorithm.ES256).ExportPkcs8();
        other.ExportPkcs8().AsSpan()[^64..].CopyTo(mixed.AsSpan()[^64..]);
        AssertRefused(JwsAlgorithm.ES256, mixed);
    }

    [Fact]
    public void An_RSA_key_with_a_damaged_modulus_is_refused()
    {
        var key = TestKeys.Key(JwsAlgorithm.RS256);
        var damaged = key.ExportPkcs8();
        var modulus = Base64Url.DecodeFromChars(key.PublicKey.N);
        damaged[damaged.AsSpan().IndexOf(modulus) + 100] ^= 1;
        AssertRefused(JwsAlgorithm.RS256, damaged);
        AssertRefused(JwsAlgorithm.PS256, damaged);
    }

    [Fact]
    public void A_disposed_key_signs_no_more()
    {
        var key = SigningKey.Generate(JwsAlgorithm.ES256, TestKeys.Times);
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.Sign(Data));
        Assert.Throws<ObjectDisposedException>(() => key.ExportPkcs8());
    }

    [Theory]
    [InlineData("RS256", 40)]
    [InlineData("PS256", 40)]
    [InlineData("ES256", 400)]
    public async Task Sixteen_threads_sign_and_verify_with_one_key_at_once(string algorithm, int rounds)
    {
        var key = TestKeys.Key(algorithm);
        using var together = new Barrier(16);
        var threads = Enumerable.Range(0, 16).Select(thread => Task.Factory.StartNew(() =>
        {
            together.SignalAndWait();
            for (var i = 0; i < rounds; i++)
            {
                var token = JwsWriter.Sign(key, "JWT", Encoding.UTF8.GetBytes($$"""{"thread":{{thread}},"i":{{i}}}"""));
                var outcome = TestKeys.AssertValid(JwsVerifier.Verify(token, [key.Algorithm], [key.PublicKey], "JWT"));
                Assert.Equal((thread, i), (outcome.Payload.GetProperty("thread").GetInt32(), outcome.Payload.GetProperty("i").GetInt32()));
            }
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        await Task.WhenAll(threads);
    }

    private static void AssertRefused(JwsAlgorithm algorithm, byte[] pkcs8) =>
        Assert.ThrowsAny<CryptographicException>(() => SigningKey.Import(algorithm, pkcs8, TestKeys.Times));

    private static bool Verifies(SigningKey key, byte[] signature)
    {
        using var imported = key.PublicKey.Import();
        return imported is RSA rsa
            ? rsa.VerifyData(Data, signature, HashAlgorithmName.SHA256, key.Algorithm.Padding())
            : ((ECDsa)imported).VerifyData(Data, signature, HashAlgorithmName.SHA256);
    }
}
