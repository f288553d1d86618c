using System.Text;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Delivery.Sms;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery.Sms;

public sealed class TwilioSenderTests() : GatewayContract("twilio")
{
    protected override string Secret => "twilio-token";

    protected override (int Status, string Body) NoSuchNumber => (400, Error(21211));

    protected override (int Status, string Body) NoSuchAccount => (401, Error(20003));

    protected override (int Status, string Body) Busy => (429, Error(20429));

    protected override (string Key, string Value)[] Settings(string url) =>
    [
        ("Delivery:Sms:Twilio:BaseUrl", url),
        ("Delivery:Sms:Twilio:AccountSid", "AC123"),
        ("Delivery:Sms:Twilio:AuthToken", "twilio-token"),
        ("Delivery:Sms:Twilio:From", "+15005550006"),
    ];

    protected override (int Status, string Body) Yes(int request) => (201, """{"sid":"SM42","status":"queued","body":"493817","to":"+989123456789"}""");

    [Fact]
    public async Task A_text_is_posted_as_documented()
    {
        var sender = await SenderAsync(Yes(0), ("Delivery:CallbackUrl", "https://id.example.com/"));
        Assert.Equal(new SendResult.Accepted("SM42"), await sender.SendAsync(Message(), In(20)));

        var request = Request();
        Assert.Equal("POST", request.Method);
        Assert.Equal("/2010-04-01/Accounts/AC123/Messages.json", request.Target);
        Assert.Equal("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("AC123:twilio-token")), request.Headers["Authorization"]);
        var form = request.Form;
        Assert.Equal(Number, form["To"]);
        Assert.Equal("+15005550006", form["From"]);
        Assert.Equal(Message().Content.Text, form["Body"]);
        // The clock stands at 12:00, the code ends at 12:05.
        Assert.Equal("300", form["ValidityPeriod"]);
        Assert.StartsWith($"https://id.example.com/delivery/twilio/{Message().Id:N}/", form["StatusCallback"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_api_key_authenticates_and_a_messaging_service_sends()
    {
        var sender = await SenderAsync(
            Yes(0),
            ("Delivery:Sms:Twilio:From", ""),
            ("Delivery:Sms:Twilio:MessagingServiceSid", "MG1"),
            ("Delivery:Sms:Twilio:ApiKeySid", "SK1"),
            ("Delivery:Sms:Twilio:ApiKeySecret", "key-secret"));
        Assert.IsType<SendResult.Accepted>(await sender.SendAsync(Message(), In(20)));

        Assert.Equal("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("SK1:key-secret")), Request().Headers["Authorization"]);
        Assert.StartsWith("/2010-04-01/Accounts/AC123/", Request().Target, StringComparison.Ordinal);
        Assert.Equal("MG1", Request().Form["MessagingServiceSid"]);
        Assert.DoesNotContain("From", Request().Form.Keys);
        // Without a public address nothing can call back.
        Assert.DoesNotContain("StatusCallback", Request().Form.Keys);
    }

    [Theory]
    [InlineData(401, 20003, typeof(SendResult.Misconfigured))]
    [InlineData(429, 20429, typeof(SendResult.Retry))]
    [InlineData(500, 20500, typeof(SendResult.Retry))]
    [InlineData(400, 21211, typeof(SendResult.Rejected))]
    [InlineData(400, 21408, typeof(SendResult.Misconfigured))]
    [InlineData(400, 21602, typeof(SendResult.Rejected))]
    [InlineData(400, 21606, typeof(SendResult.Misconfigured))]
    [InlineData(400, 21608, typeof(SendResult.Misconfigured))]
    [InlineData(400, 21610, typeof(SendResult.Rejected))]
    [InlineData(400, 21611, typeof(SendResult.Retry))]
    [InlineData(400, 21612, typeof(SendResult.Misconfigured))]
    [InlineData(400, 21614, typeof(SendResult.Rejected))]
    [InlineData(400, 21617, typeof(SendResult.Rejected))]
    [InlineData(400, 21635, typeof(SendResult.Rejected))]
    [InlineData(400, 99999, typeof(SendResult.Misconfigured))]
    public async Task Every_documented_error_has_its_meaning(int status, int code, Type expected) => Assert.IsType(expected, await ResultAsync(status, Error(code)));

    [Theory]
    [InlineData(21610, SuppressionReason.OptedOut)]
    [InlineData(21211, SuppressionReason.DeadAddress)]
    [InlineData(21614, SuppressionReason.DeadAddress)]
    [InlineData(21635, SuppressionReason.DeadAddress)]
    public async Task Who_cannot_or_will_not_be_reached_is_suppressed(int code, SuppressionReason reason) =>
        Assert.Equal(reason, Assert.IsType<SendResult.Rejected>(await ResultAsync(400, Error(code))).Suppress);

    [Fact]
    public async Task Any_2xx_is_a_yes() => Assert.Equal(new SendResult.Accepted(null), await ResultAsync(202, "not JSON"));

    private static string Error(int code) => $$"""{"code":{{code}},"message":"about +989123456789","more_info":"https://example.com","status":400}""";
}

public sealed class TwilioSignatureTests
{
    private const string Url = "https://mycompany.com/myapp.php?foo=1&bar=2";

    private static readonly Dictionary<string, string> Fields = new()
    {
        ["CallSid"] = "CA1234567890ABCDE", ["From"] = "+14158675309", ["Digits"] = "1234", ["To"] = "+18005551212", ["Caller"] = "+14158675309",
    };

    [Theory]
    [InlineData("RSOYDt4T1cUTdK1PDd93/VVr8B8=", Url)]
    [InlineData("RSOYDt4T1cUTdK1PDd93/VVr8B8=", "https://mycompany.com:443/myapp.php?foo=1&bar=2")]
    [InlineData("kvajT1Ptam85bY51eRf/AJRuM3w=", Url)]
    [InlineData("kvajT1Ptam85bY51eRf/AJRuM3w=", "https://mycompany.com:443/myapp.php?foo=1&bar=2")]
    public void Twilio_s_vectors_with_and_without_port(string signature, string url) => Assert.True(TwilioSignature.IsOf(signature, "12345", url, Fields));

    [Theory]
    [InlineData("RSOYDt4T1cUTdK1PDd93/VVr8B8=", "12346", Url)]
    [InlineData("RSOYDt4T1cUTdK1PDd93/VVr8B8=", "12345", "https://MyCompany.com/myapp.php?foo=1&bar=2")]
    [InlineData("RSOYDt4T1cUTdK1PDd93/VVr8B8=", "12345", "https://mycompany.com/myapp.php?foo=1")]
    [InlineData("RSOYDt4T1cUTdK1PDd93/VVr8B8=", "12345", "http://mycompany.com/myapp.php?foo=1&bar=2")]
    [InlineData("rsoydt4t1cutdk1pdd93/vvr8b8=", "12345", Url)]
    [InlineData("", "12345", Url)]
    public void What_was_not_signed_so_is_refused(string signature, string token, string url) => Assert.False(TwilioSignature.IsOf(signature, token, url, Fields));

    [Fact]
    public void Every_field_is_signed()
    {
        Assert.False(TwilioSignature.IsOf("RSOYDt4T1cUTdK1PDd93/VVr8B8=", "12345", Url, new Dictionary<string, string>(Fields) { ["New"] = "x" }));
        Assert.False(TwilioSignature.IsOf("RSOYDt4T1cUTdK1PDd93/VVr8B8=", "12345", Url, new Dictionary<string, string>(Fields) { ["Digits"] = "1235" }));
    }

    [Fact]
    public void Twilio_s_vector_for_json()
    {
        const string Hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
        var body = Encoding.UTF8.GetBytes("{\"property\": \"value\", \"boolean\": true}");
        Assert.True(TwilioSignature.IsOfBody("y77kIzt2vzLz71DgmJGsen2scGs=", "12345", $"https://mycompany.com/myapp.php?bodySHA256={Hash}", body));
        Assert.False(TwilioSignature.IsOfBody("y77kIzt2vzLz71DgmJGsen2scGs=", "12345", $"https://mycompany.com/myapp.php?bodySHA256={Hash}", [.. body, 32]));
        Assert.False(TwilioSignature.IsOfBody("y77kIzt2vzLz71DgmJGsen2scGs=", "12345", "https://mycompany.com/myapp.php", body));
    }
}
