using System.Text.Json;
using IdentityServer.Core.Delivery;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery.Sms;

public sealed class HttpSenderTests() : GatewayContract("http")
{
    protected override string Secret => "bearer-secret";

    protected override (int Status, string Body) NoSuchNumber => (400, """{"errors":[{"code":"bad_number"}]}""");

    protected override (int Status, string Body) NoSuchAccount => (401, "");

    protected override (int Status, string Body) Busy => (200, """{"errors":[{"code":17}]}""");

    protected override (string Key, string Value)[] Settings(string url) =>
    [
        ("Delivery:Sms:Http:Url", $"{url}/send?id={{id}}"),
        ("Delivery:Sms:Http:Headers:Authorization", "Bearer bearer-secret"),
        ("Delivery:Sms:Http:Headers:Idempotency-Key", "{id}"),
        ("Delivery:Sms:Http:Body", """{"to":"{to}","plain":"{digits}","text":"{text}","code":"{code}"}"""),
        ("Delivery:Sms:Http:IdPointer", "/data/0/message~1id"),
        ("Delivery:Sms:Http:ErrorPointer", "/errors/0/code"),
        ("Delivery:Sms:Http:RejectedErrors:0", "bad_number"),
        ("Delivery:Sms:Http:RetryErrors:0", "17"),
        ("Delivery:Sms:Http:Idempotent", "true"),
    ];

    protected override (int Status, string Body) Yes(int request) => (200, """{"errors":[],"data":[{"message/id":"g-1"}]}""");

    [Fact]
    public async Task The_request_is_as_configuration_describes_it()
    {
        Assert.Equal(new SendResult.Accepted("g-1"), await (await AcceptingAsync()).SendAsync(Message(), In(20)));
        Assert.Equal($"/send?id={Message().Id:N}", Request().Target);
        Assert.Equal("Bearer bearer-secret", Request().Headers["Authorization"]);
        Assert.Equal($"{Message().Id:N}", Request().Headers["Idempotency-Key"]);
        // What the text holds is escaped, and never looked into for more braces.
        var body = JsonSerializer.Deserialize<Dictionary<string, string>>(Request().Body)!;
        Assert.Equal(new() { ["to"] = Number, ["plain"] = Number[1..], ["text"] = Message().Content.Text, ["code"] = Code }, body);
    }

    [Fact]
    public async Task A_form_is_escaped_as_a_form()
    {
        var sender = await SenderAsync(Yes(0), ("Delivery:Sms:Http:ContentType", "application/x-www-form-urlencoded"), ("Delivery:Sms:Http:Body", "to={to}&text={text}"));
        await sender.SendAsync(Message(), In(20));
        Assert.Equal(new() { ["to"] = Number, ["text"] = Message().Content.Text }, Request().Form);
    }

    [Theory]
    [InlineData(200, """{"errors":[{"code":"no_credit +989123456789"}]}""", typeof(SendResult.Misconfigured))]
    [InlineData(200, """{"errors":[{"code":0}]}""", typeof(SendResult.Accepted))]
    [InlineData(200, """{"errors":[{"code":null}]}""", typeof(SendResult.Accepted))]
    [InlineData(200, "welcome", typeof(SendResult.Ambiguous))]
    [InlineData(404, "", typeof(SendResult.Misconfigured))]
    [InlineData(429, "", typeof(SendResult.Retry))]
    public async Task Answers_have_their_configured_meaning(int status, string body, Type expected)
    {
        var result = await ResultAsync(status, body);
        Assert.IsType(expected, result);
        Assert.DoesNotContain(Number[1..], $"{result}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Delivery:Sms:Http:Url", "http://gateway.example.com/{to}")]
    [InlineData("Delivery:Sms:Http:Body", "{to} {text} {password}")]
    [InlineData("Delivery:Sms:Http:Body", "{to}")]
    [InlineData("Delivery:Sms:Http:Method", "BREW")]
    [InlineData("Delivery:Sms:Http:IdPointer", "data.id")]
    [InlineData("Delivery:Sms:Http:Headers:X-Bad", "a\r\nb: c")]
    public void A_wrong_description_stops_the_start(string setting, string value) => Assert.Contains(
        "Delivery:Sms:Http", Assert.Throws<Microsoft.Extensions.Options.OptionsValidationException>(() => Sender("https://gateway.example.com", (setting, value))).Message, StringComparison.Ordinal);
}
