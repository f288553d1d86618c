using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Delivery.Sms;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery.Sms;

/// <summary>What <c>doctor</c> asks gateways: nothing is sent, nothing is told of secrets, and the operator reads what to do.</summary>
public sealed class GatewayCheckTests
{
    private const string Secret = "4B6579546861744E6F626F6479536565";

    [Theory]
    [InlineData("twilio", 200, """{"status":"active","type":"Full"}""", true, "the account is active")]
    [InlineData("twilio", 200, """{"status":"active","type":"Trial"}""", true, "verified numbers only")]
    [InlineData("twilio", 200, """{"status":"suspended"}""", false, "suspended or closed")]
    [InlineData("twilio", 200, "<html>", false, "Delivery:Sms:Twilio:BaseUrl")]
    [InlineData("twilio", 401, """{"code":20003,"message":"Authenticate"}""", false, "Delivery:Sms:Twilio:AccountSid and AuthToken")]
    [InlineData("twilio", 404, "", false, "knows no account")]
    [InlineData("twilio", 503, "", false, "try later")]
    [InlineData("kavenegar", 200, """{"return":{"status":200,"message":"ok"},"entries":{"remaincredit":1500420,"expiredate":13548889,"type":"Master"}}""", true, "1500420 rial")]
    [InlineData("kavenegar", 200, """{"return":{"status":200,"message":"ok"},"entries":[{"remaincredit":12}]}""", true, "12 rial")]
    [InlineData("kavenegar", 200, """{"return":{"status":200,"message":"ok"},"entries":{"remaincredit":0}}""", false, "no credit left")]
    [InlineData("kavenegar", 403, """{"return":{"status":403,"message":"x"},"entries":null}""", false, "Delivery:Sms:Kavenegar:ApiKey")]
    [InlineData("kavenegar", 407, """{"return":{"status":407,"message":"x"},"entries":null}""", false, "list of addresses")]
    [InlineData("kavenegar", 409, """{"return":{"status":409,"message":"x"},"entries":null}""", false, "try later")]
    [InlineData("kavenegar", 200, "<html>", false, "Delivery:Sms:Kavenegar:BaseUrl")]
    [InlineData("http", 204, "", true, "CheckUrl answers")]
    [InlineData("http", 401, "", false, "Delivery:Sms:Http:Headers")]
    [InlineData("http", 302, "", false, "Delivery:Sms:Http:CheckUrl")]
    [InlineData("http", 500, "", false, "try later")]
    [InlineData("acme", 200, "", true, "lets this server in")]
    [InlineData("acme", 401, "", false, "Delivery:Sms:Acme:Key")]
    public async Task What_the_gateway_answers_is_told_with_what_to_do(string provider, int status, string body, bool isWell, string text)
    {
        await using var gateway = await StandIn.AnswersAsync(status, body);

        var found = await CheckAsync(provider, gateway.Url);

        Assert.Equal(isWell, found.IsWell);
        Assert.Contains(text, found.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, found.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("twilio", "GET", "/2010-04-01/Accounts/AC123.json")]
    [InlineData("kavenegar", "POST", $"/v1/{Secret}/account/info.json")]
    [InlineData("http", "GET", "/account")]
    [InlineData("acme", "GET", "/account")]
    public async Task The_call_is_the_free_one_with_the_configured_credentials(string provider, string method, string target)
    {
        await using var gateway = await StandIn.AnswersAsync(200, """{"status":"active"}""");

        await CheckAsync(provider, gateway.Url);

        var seen = Assert.Single(gateway.Requests);
        Assert.Equal((method, target, ""), (seen.Method, seen.Target, seen.Body));
        if (provider != "kavenegar")
            Assert.Contains(provider == "twilio" ? Convert.ToBase64String(Encoding.UTF8.GetBytes($"AC123:{Secret}")) : Secret, seen.Headers["Authorization"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("twilio")]
    [InlineData("kavenegar")]
    [InlineData("http")]
    [InlineData("acme")]
    public async Task A_gateway_that_is_silent_drips_cuts_or_is_not_there_is_told(string provider)
    {
        foreach (var answer in (Func<HttpContext, Seen, Task>[])[StandIn.Hang, StandIn.Drip, StandIn.Cut])
        {
            await using var gateway = await StandIn.StartAsync(answer);
            var found = await CheckAsync(provider, gateway.Url, seconds: 0.5);
            Assert.Equal(new SelfCheck(false, "the gateway takes the request and does not answer in time: ask its support, or try later"), found);
        }

        var nobody = await CheckAsync(provider, "http://127.0.0.1:1");
        Assert.Equal(new SelfCheck(false, "no connection: check the configured address, DNS and the firewall"), nobody);
    }

    [Fact]
    public async Task A_certificate_that_the_machine_does_not_trust_is_told()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = new TestClock().Now;
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddYears(-1), now.AddYears(5));
        await using var gateway = await StandIn.StartAsync((context, _) => StandIn.Answer(context, 200, "{}"), certificate);

        var found = await CheckAsync("twilio", gateway.Url);

        Assert.False(found.IsWell);
        Assert.Contains("certificate is not trusted", found.Text, StringComparison.Ordinal);
        Assert.Empty(gateway.Requests);
    }

    // A standard key may not read the account: Twilio answers 401 as if it were wrong.
    [Theory]
    [InlineData(200, true, "the API key is known")]
    [InlineData(401, false, "ApiKeySid and ApiKeySecret")]
    [InlineData(403, null, "restricted")]
    public async Task Twilio_s_key_is_tried_where_keys_may_read_and_the_token_where_it_must(int status, bool? isWell, string text)
    {
        await using var gateway = await StandIn.StartAsync((context, seen) => seen.Target.EndsWith("/AC123.json", StringComparison.Ordinal)
            ? StandIn.Answer(context, 200, """{"status":"active"}""")
            : StandIn.Answer(context, status, "{}"));

        var found = await CheckAsync("twilio", gateway.Url, more: [("Delivery:Sms:Twilio:ApiKeySid", "SK1"), ("Delivery:Sms:Twilio:ApiKeySecret", "key-secret")]);

        Assert.Equal(isWell, found.IsWell);
        Assert.Contains(text, found.Text, StringComparison.Ordinal);
        Assert.Equal("/2010-04-01/Accounts/AC123/IncomingPhoneNumbers.json?PageSize=1", gateway.Requests[^1].Target);
        Assert.EndsWith(Convert.ToBase64String(Encoding.UTF8.GetBytes("SK1:key-secret")), gateway.Requests[^1].Headers["Authorization"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_checked_says_so()
    {
        var unknown = await CheckAsync("http", "http://127.0.0.1:1", more: [("Delivery:Sms:Http:CheckUrl", "")]);
        Assert.Null(unknown.IsWell);
        Assert.Contains("cannot be checked: set Delivery:Sms:Http:CheckUrl", unknown.Text, StringComparison.Ordinal);
        // MegaFon documents no call but the one that sends.
        Assert.IsNotType<IChecksItself>(Sender("megafon", "http://127.0.0.1:1", []), exactMatch: false);
    }

    [Fact]
    public void An_address_to_check_is_held_to_the_same_rules_as_one_to_send_to() => Assert.Contains(
        "Delivery:Sms:Http:CheckUrl",
        Assert.Throws<Microsoft.Extensions.Options.OptionsValidationException>(() => Sender("http", "https://gateway.example.com", [("Delivery:Sms:Http:CheckUrl", "http://gateway.example.com")])).Message,
        StringComparison.Ordinal);

    private static async Task<SelfCheck> CheckAsync(string provider, string url, double seconds = 20, params (string Key, string Value)[] more)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        return await ((IChecksItself)Sender(provider, url, more)).CheckAsync(limit.Token).WaitAsync(TimeSpan.FromSeconds(30));
    }

    private static ISender Sender(string provider, string url, (string Key, string Value)[] more) => Configured
        .Server(provider, null, services => services.AddSmsProvider<AcmeSender, AcmeOptions>("Acme", AcmeOptions.Problems), [.. Settings(provider, url), .. more])
        .GetRequiredService<Senders>().Of(Channel.Sms).Single();

    private static (string Key, string Value)[] Settings(string provider, string url) => provider switch
    {
        "twilio" =>
        [
            ("Delivery:Sms:Twilio:BaseUrl", url), ("Delivery:Sms:Twilio:AccountSid", "AC123"), ("Delivery:Sms:Twilio:AuthToken", Secret), ("Delivery:Sms:Twilio:From", "+15005550006"),
        ],
        "kavenegar" => [("Delivery:Sms:Kavenegar:BaseUrl", url), ("Delivery:Sms:Kavenegar:ApiKey", Secret)],
        "megafon" =>
        [
            ("Delivery:Sms:MegaFon:BaseUrl", url), ("Delivery:Sms:MegaFon:Login", "login"), ("Delivery:Sms:MegaFon:Password", Secret), ("Delivery:Sms:MegaFon:From", "Brand"),
        ],
        "http" =>
        [
            ("Delivery:Sms:Http:Url", $"{url}/send/{{to}}/{{code}}"),
            ("Delivery:Sms:Http:CheckUrl", $"{url}/account"),
            ("Delivery:Sms:Http:Headers:Authorization", $"Bearer {Secret}"),
            ("Delivery:Sms:Http:Headers:Idempotency-Key", "{id}"),
        ],
        _ => [("Delivery:Sms:Acme:Url", url), ("Delivery:Sms:Acme:Key", Secret)],
    };
}
