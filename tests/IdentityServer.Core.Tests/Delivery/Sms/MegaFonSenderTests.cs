using System.Text;
using System.Text.Json;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Delivery.Sms;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery.Sms;

public sealed class MegaFonSenderTests() : GatewayContract("megafon")
{
    protected override string Recipient => "+79991234567";

    protected override string Secret => "megafon-password";

    protected override (int Status, string Body) NoSuchNumber => (200, Json(11));

    protected override (int Status, string Body) NoSuchAccount => (401, "");

    protected override (int Status, string Body) Busy => (200, Json(88));

    protected override string IdOnTheWire(Guid id) => MegaFonSender.MessageId(id);

    protected override (string Key, string Value)[] Settings(string url) =>
    [
        ("Delivery:Sms:MegaFon:BaseUrl", url),
        ("Delivery:Sms:MegaFon:Login", "login"),
        ("Delivery:Sms:MegaFon:Password", Secret),
        ("Delivery:Sms:MegaFon:From", "Brand"),
    ];

    protected override (int Status, string Body) Yes(int request) =>
        (200, request == 0 ? Json(0, MegaFonSender.MessageId(Message().Id)) : Json(20102));

    [Fact]
    public async Task A_text_is_posted_as_documented()
    {
        var sender = await SenderAsync(Yes(0), ("Delivery:CallbackUrl", "https://id.example.com"));
        Assert.IsType<SendResult.Accepted>(await sender.SendAsync(Message(), In(20)));

        Assert.Equal("/sms/v1/sms", Request().Target);
        Assert.Equal("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("login:megafon-password")), Request().Headers["Authorization"]);
        Assert.StartsWith("application/json", Request().Headers["Content-Type"], StringComparison.Ordinal);
        var body = JsonSerializer.Deserialize<JsonElement>(Request().Body);
        Assert.Equal("Brand", body.GetProperty("from").GetString());
        Assert.Equal(79991234567, body.GetProperty("to").GetInt64());
        Assert.Equal(Message().Content.Text, body.GetProperty("message").GetString());
        Assert.Matches("^[A-Za-z0-9_-]{16}$", body.GetProperty("msg_id").GetString());
        Assert.StartsWith($"https://id.example.com/delivery/megafon/{Message().Id:N}/", body.GetProperty("callback_url").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, typeof(SendResult.Accepted))]
    [InlineData(20102, typeof(SendResult.Accepted))]
    [InlineData(20101, typeof(SendResult.Misconfigured))]
    [InlineData(1, typeof(SendResult.Rejected))]
    [InlineData(8, typeof(SendResult.Retry))]
    [InlineData(10, typeof(SendResult.Misconfigured))]
    [InlineData(11, typeof(SendResult.Rejected))]
    [InlineData(12, typeof(SendResult.Misconfigured))]
    [InlineData(13, typeof(SendResult.Misconfigured))]
    [InlineData(14, typeof(SendResult.Misconfigured))]
    [InlineData(15, typeof(SendResult.Misconfigured))]
    [InlineData(20, typeof(SendResult.Retry))]
    [InlineData(69, typeof(SendResult.Retry))]
    [InlineData(72, typeof(SendResult.Misconfigured))]
    [InlineData(73, typeof(SendResult.Misconfigured))]
    [InlineData(80, typeof(SendResult.Rejected))]
    [InlineData(81, typeof(SendResult.Rejected))]
    [InlineData(88, typeof(SendResult.Retry))]
    [InlineData(97, typeof(SendResult.Rejected))]
    [InlineData(98, typeof(SendResult.Rejected))]
    [InlineData(100, typeof(SendResult.Retry))]
    [InlineData(101, typeof(SendResult.Rejected))]
    [InlineData(102, typeof(SendResult.Rejected))]
    [InlineData(254, typeof(SendResult.Rejected))]
    [InlineData(255, typeof(SendResult.Rejected))]
    [InlineData(257, typeof(SendResult.Retry))]
    [InlineData(1281, typeof(SendResult.Misconfigured))]
    [InlineData(1282, typeof(SendResult.Rejected))]
    [InlineData(1284, typeof(SendResult.Misconfigured))]
    [InlineData(1288, typeof(SendResult.Misconfigured))]
    public async Task Every_documented_error_has_its_meaning(int code, Type expected) => Assert.IsType(expected, await ResultAsync(200, Json(code)));

    [Fact]
    public async Task An_answer_that_is_not_understood_is_of_unknown_end() => Assert.IsType<SendResult.Ambiguous>(await ResultAsync(200, "<html>"));

    [Fact]
    public async Task Other_countries_are_left_to_others() => Assert.False((await AcceptingAsync()).Reaches("+989123456789"));

    private static string Json(int code, string? id = null) =>
        JsonSerializer.Serialize(new { result = new { msg_id = id, status = new { code, description = "about 79991234567" } } });
}
