using System.Text.Json.Nodes;
using IdentityServer.Protocol.Jose;
using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.Protocol.Tests.Jose;

/// <summary>Against npm's "jose", an independent implementation, in both directions.</summary>
public sealed class JoseInteropTests
{
    [Fact]
    public async Task Jose_accepts_our_tokens_and_key_set()
    {
        var keys = TestKeys.All.Select(TestKeys.Key).ToArray();
        var jwks = JsonNode.Parse(new JsonWebKeySet([.. keys.Select(x => x.PublicKey)]).ToUtf8Json())!;
        var answers = await RunAsync(keys.Select(key => new JsonObject
        {
            ["do"] = "verify",
            ["jws"] = JwsWriter.Sign(key, "at+jwt", """{"sub":"Zoë","n":[1,2]}"""u8),
            ["jwks"] = jwks.DeepClone(),
            ["alg"] = key.Algorithm.ToWireName(),
            ["typ"] = "at+jwt",
        }));
        Assert.Equal(keys.Length, answers.Count);
        foreach (var (key, answer) in keys.Zip(answers))
        {
            Assert.Equal("""{"sub":"Zoë","n":[1,2]}""", answer!["payload"]?.ToJsonString(Relaxed));
            Assert.Equal($$"""{"alg":"{{key.Algorithm}}","typ":"at+jwt","kid":"{{key.Kid}}"}""", answer["header"]?.ToJsonString(Relaxed));
        }
    }

    [Fact]
    public async Task Jose_refuses_our_token_when_it_is_altered()
    {
        var key = TestKeys.Key(JwsAlgorithm.ES256);
        var parts = JwsWriter.Sign(key, "JWT", """{"sub":"a"}"""u8).Split('.');
        var other = JwsWriter.Sign(key, "JWT", """{"sub":"b"}"""u8).Split('.');
        var answers = await RunAsync([new JsonObject
        {
            ["do"] = "verify",
            ["jws"] = $"{parts[0]}.{other[1]}.{parts[2]}",
            ["jwks"] = JsonNode.Parse(new JsonWebKeySet([key.PublicKey]).ToUtf8Json()),
            ["alg"] = "ES256",
        }]);
        Assert.Equal("ERR_JWS_SIGNATURE_VERIFICATION_FAILED", answers[0]!["error"]!.GetValue<string>());
    }

    [Fact]
    public async Task We_accept_what_jose_signs()
    {
        var answers = await RunAsync(TestKeys.All.Select(x => new JsonObject
        {
            ["do"] = "sign",
            ["alg"] = x.ToWireName(),
            ["typ"] = "client-authentication+jwt",
            ["payload"] = new JsonObject { ["sub"] = "Zoë" },
        }));
        Assert.Equal(TestKeys.All.Length, answers.Count);
        foreach (var (algorithm, answer) in TestKeys.All.Zip(answers))
        {
            var key = TestKeys.Parse(answer!["jwk"]!.ToJsonString());
            var token = answer["jws"]!.GetValue<string>();
            var valid = TestKeys.AssertValid(JwsVerifier.Verify(token, [algorithm], [key], "client-authentication+jwt"));
            Assert.Equal("Zoë", valid.Payload.GetProperty("sub").GetString());
            Assert.Equal(key.Kid, key.Thumbprint());
        }
    }

    [Fact]
    public async Task Jose_computes_the_same_thumbprints()
    {
        var keys = TestKeys.All.Select(x => TestKeys.Key(x).PublicKey).ToArray();
        var answers = await RunAsync(keys.Select(x => new JsonObject { ["do"] = "thumbprint", ["jwk"] = JsonNode.Parse(x.ToJson()) }));
        Assert.Equal(keys.Select(x => x.Thumbprint()), answers.Select(x => x!["thumbprint"]!.GetValue<string>()), StringComparer.Ordinal);
    }

    // RFC 7518, section 3.5: "The size of the salt value is the same size as the hash function output."
    [Fact]
    public async Task A_PS256_salt_has_32_bytes()
    {
        int[] salts = [32, 0, 20, 31, 33, 64, 222];
        var answers = await RunAsync(salts.Select(x => new JsonObject { ["do"] = "pss", ["salt"] = x, ["payload"] = new JsonObject() }));
        var accepted = salts.Zip(answers).Where(x => JwsVerifier.Verify(
            x.Second!["jws"]!.GetValue<string>(),
            [JwsAlgorithm.PS256],
            [TestKeys.Parse(x.Second["jwk"]!.ToJsonString())],
            expectedTyp: null) is JwsVerification.Valid);
        Assert.Equal([32], accepted.Select(x => x.First));
    }

    private static readonly System.Text.Json.JsonSerializerOptions Relaxed =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static async Task<JsonArray> RunAsync(IEnumerable<JsonObject> commands) =>
        (await Node.RunAsync("jose.mjs", new JsonArray([.. commands]), cancellationToken: TestContext.Current.CancellationToken)).AsArray();
}
