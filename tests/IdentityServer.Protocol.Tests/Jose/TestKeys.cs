using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IdentityServer.Protocol.Jose;
using Xunit;
using Base64Url = System.Buffers.Text.Base64Url;

namespace IdentityServer.Protocol.Tests.Jose;

/// <summary>Keys made once a run, and tokens put together by hand, right or wrong.</summary>
internal static class TestKeys
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static readonly SigningKeyTimes Times = new(Start, Start.AddDays(1), Start.AddDays(91), Start.AddDays(92));

    private static readonly Lazy<SigningKey> Rs256 = new(() => SigningKey.Generate(JwsAlgorithm.RS256, Times));
    private static readonly Lazy<SigningKey> Ps256 = new(() => SigningKey.Generate(JwsAlgorithm.PS256, Times));
    private static readonly Lazy<SigningKey> Es256 = new(() => SigningKey.Generate(JwsAlgorithm.ES256, Times));

    public static readonly JwsAlgorithm[] All = [JwsAlgorithm.RS256, JwsAlgorithm.PS256, JwsAlgorithm.ES256];

    public static TheoryData<string> Names => ["RS256", "PS256", "ES256"];

    public static SigningKey Key(JwsAlgorithm algorithm) => algorithm switch
    {
        JwsAlgorithm.RS256 => Rs256.Value,
        JwsAlgorithm.PS256 => Ps256.Value,
        _ => Es256.Value,
    };

    public static SigningKey Key(string algorithm) => Key(JwsAlgorithms.Parse(algorithm)!.Value);

    public static JsonWebKey Parse(string jwk)
    {
        Assert.True(JsonWebKey.TryParse(jwk, out var key), "The key was refused: " + jwk);
        return key;
    }

    /// <summary>A token with exactly this header and payload, signed by <paramref name="sign"/> whatever the header says.</summary>
    public static string Token(string header, string payload, Func<byte[], byte[]> sign) =>
        Token(Encoding.UTF8.GetBytes(header), Encoding.UTF8.GetBytes(payload), sign);

    public static string Token(byte[] header, byte[] payload, Func<byte[], byte[]> sign)
    {
        var input = $"{Base64Url.EncodeToString(header)}.{Base64Url.EncodeToString(payload)}";
        return $"{input}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(input)))}";
    }

    public static JwsVerification.Valid AssertValid(JwsVerification outcome) => Assert.IsType<JwsVerification.Valid>(outcome);

    public static void AssertInvalid(JwsFault reason, JwsVerification outcome) =>
        Assert.Equal(reason, Assert.IsType<JwsVerification.Invalid>(outcome).Reason);

    /// <summary>Bytes that look random and are the same in every run.</summary>
    public static byte[] Noise(int number, int length)
    {
        var noise = new byte[length];
        HKDF.Expand(HashAlgorithmName.SHA256, new byte[32], noise, BitConverter.GetBytes(number));
        return noise;
    }

    public static string[] MemberNames(string json)
    {
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateObject().Select(x => x.Name)];
    }
}
