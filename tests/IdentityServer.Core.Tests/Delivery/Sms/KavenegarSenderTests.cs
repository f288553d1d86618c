using IdentityServer.Core.Delivery;
using IdentityServer.Core.Delivery.Sms;
using IdentityServer.Core.Persistence.Tables;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery.Sms;

/// <summary>By <c>sms/send</c>.</summary>
public class KavenegarSenderTests() : GatewayContract("kavenegar")
{
    protected override string Secret => "4B6579546861744E6F626F6479536565";

    protected override (int Status, string Body) NoSuchNumber => Error(411);

    protected override (int Status, string Body) NoSuchAccount => Error(403);

    protected override (int Status, string Body) Busy => Error(409);

    protected override string IdOnTheWire(Guid id) => $"localid={KavenegarSender.LocalId(id)}";

    protected override (string Key, string Value)[] Settings(string url) => [("Delivery:Sms:Kavenegar:BaseUrl", url), ("Delivery:Sms:Kavenegar:ApiKey", Secret)];

    protected override (int Status, string Body) Yes(int request) => (200, Ok("""[{"messageid":8792343,"message":"493817","status":1,"receptor":"09123456789"}]"""));

    [Theory]
    [InlineData("""[{"messageid":8792343,"status":5}]""")]
    [InlineData("""{"messageid":8792343,"status":5}""")]
    public async Task Entries_are_a_list_or_one_alone(string entries) => Assert.Equal(new SendResult.Accepted("8792343"), await ResultAsync(200, Ok(entries)));

    [Fact]
    public async Task An_answer_that_is_not_understood_is_of_unknown_end()
    {
        Assert.IsType<SendResult.Ambiguous>(await ResultAsync(200, Ok("null")));
        Assert.IsType<SendResult.Ambiguous>(await ResultAsync(200, "welcome"));
    }

    [Theory]
    [InlineData(400, typeof(SendResult.Misconfigured))]
    [InlineData(401, typeof(SendResult.Misconfigured))]
    [InlineData(402, typeof(SendResult.Retry))]
    [InlineData(403, typeof(SendResult.Misconfigured))]
    [InlineData(404, typeof(SendResult.Misconfigured))]
    [InlineData(405, typeof(SendResult.Misconfigured))]
    [InlineData(406, typeof(SendResult.Misconfigured))]
    [InlineData(407, typeof(SendResult.Misconfigured))]
    [InlineData(409, typeof(SendResult.Retry))]
    [InlineData(411, typeof(SendResult.Rejected))]
    [InlineData(412, typeof(SendResult.Misconfigured))]
    [InlineData(413, typeof(SendResult.Rejected))]
    [InlineData(414, typeof(SendResult.Misconfigured))]
    [InlineData(416, typeof(SendResult.Misconfigured))]
    [InlineData(417, typeof(SendResult.Misconfigured))]
    [InlineData(418, typeof(SendResult.Misconfigured))]
    [InlineData(420, typeof(SendResult.Misconfigured))]
    [InlineData(422, typeof(SendResult.Rejected))]
    [InlineData(424, typeof(SendResult.Misconfigured))]
    [InlineData(426, typeof(SendResult.Misconfigured))]
    [InlineData(427, typeof(SendResult.Misconfigured))]
    [InlineData(428, typeof(SendResult.Misconfigured))]
    [InlineData(429, typeof(SendResult.Misconfigured))]
    [InlineData(430, typeof(SendResult.Misconfigured))]
    [InlineData(431, typeof(SendResult.Misconfigured))]
    [InlineData(432, typeof(SendResult.Misconfigured))]
    [InlineData(451, typeof(SendResult.Retry))]
    [InlineData(501, typeof(SendResult.Misconfigured))]
    [InlineData(607, typeof(SendResult.Misconfigured))]
    public async Task Every_documented_error_has_its_meaning(int code, Type expected)
    {
        var (status, body) = Error(code);
        Assert.IsType(expected, await ResultAsync(status, body));
    }

    [Fact]
    public async Task A_repeated_message_that_was_blocked_meanwhile_is_an_opting_out() =>
        Assert.Equal(SuppressionReason.OptedOut, Assert.IsType<SendResult.Rejected>(await ResultAsync(200, Ok("""[{"messageid":1,"status":14}]"""))).Suppress);

    [Fact]
    public async Task What_became_of_messages_is_asked_for_in_one_request()
    {
        var sender = await SenderAsync((200, Ok("""[{"messageid":1,"status":10},{"messageid":2,"status":5},{"messageid":3,"status":14},{"messageid":4,"status":11},{"messageid":5,"status":100}]""")));
        var receipts = await ((IPolledForReceipts)sender).AskAsync(["1", "2", "3", "4", "5"], In(20));

        Assert.Equal($"/v1/{Secret}/sms/status.json", Request().Target);
        Assert.Equal("1,2,3,4,5", Request().Form["messageid"]);
        Assert.Equal(MessageReceipt.Delivered, receipts["1"].Outcome);
        Assert.Null(receipts["2"].Outcome);
        Assert.Equal((MessageReceipt.Undelivered, SuppressionReason.OptedOut), (receipts["3"].Outcome!.Value, receipts["3"].Suppress!.Value));
        Assert.Equal(MessageReceipt.Undelivered, receipts["4"].Outcome);
        Assert.Null(receipts["5"].Outcome);
    }

    protected static string Ok(string entries) => $$"""{"return":{"status":200,"message":"ok"},"entries":{{entries}}}""";

    protected static (int Status, string Body) Error(int code) => (code, $$"""{"return":{"status":{{code}},"message":"+989123456789"},"entries":null}""");
}

/// <summary>By <c>verify/lookup</c>.</summary>
public sealed class KavenegarLookupTests() : GatewayContract("kavenegar")
{
    protected override string Recipient => "+4915123456789";

    protected override string Secret => "4B6579546861744E6F626F6479536565";

    protected override (int Status, string Body) NoSuchNumber => (411, """{"return":{"status":411,"message":"x"},"entries":null}""");

    protected override (int Status, string Body) NoSuchAccount => (403, """{"return":{"status":403,"message":"x"},"entries":null}""");

    protected override (int Status, string Body) Busy => (451, """{"return":{"status":451,"message":"x"},"entries":null}""");

    protected override (string Key, string Value)[] Settings(string url) =>
        [("Delivery:Sms:Kavenegar:BaseUrl", url), ("Delivery:Sms:Kavenegar:ApiKey", Secret), ("Delivery:Sms:Kavenegar:Template", "sign-in")];

    protected override (int Status, string Body) Yes(int request) => (200, """{"return":{"status":200,"message":"ok"},"entries":[{"messageid":7,"status":5}]}""");

    [Fact]
    public async Task A_code_goes_by_its_template_also_abroad_and_is_not_repeated()
    {
        var sender = await AcceptingAsync();
        Assert.Equal(new SendResult.Accepted("7"), await sender.SendAsync(Message(), In(20)));
        Assert.False(sender.RepeatsSafely);
        Assert.Equal($"/v1/{Secret}/verify/lookup.json", Request().Target);
        Assert.Equal(new Dictionary<string, string> { ["receptor"] = "004915123456789", ["token"] = Code, ["template"] = "sign-in" }, Request().Form);
    }

    [Fact]
    public async Task What_holds_no_code_goes_as_a_text_in_Iran_and_nowhere_else()
    {
        var sender = await AcceptingAsync();
        Assert.IsType<SendResult.Rejected>(await sender.SendAsync(Message() with { Code = null }, In(20)));
        Assert.IsType<SendResult.Accepted>(await sender.SendAsync(Message(Number) with { Code = null }, In(20)));
        Assert.Equal($"/v1/{Secret}/sms/send.json", Request().Target);
        Assert.Equal("00989123456789", Request().Form["receptor"]);
        Assert.Equal(Message().Content.Text, Request().Form["message"]);
    }
}
