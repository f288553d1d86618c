using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using Xunit;

namespace IdentityServer.Testing.Contracts;

/// <summary>What every sender promises. Derive from this, or from <see cref="RemoteSenderContract"/> where there is a provider at the other end.</summary>
public abstract class SenderContract
{
    protected const string Address = "ada@example.org";
    protected const string Number = "+989123456789";
    protected const string Code = "493817";

    private readonly Guid messageId = Guid.CreateVersion7(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    /// <summary>The provider's channel.</summary>
    protected virtual Channel Channel => Channel.Email;

    /// <summary>Somebody whom the provider reaches.</summary>
    protected virtual string Recipient => Channel == Channel.Email ? Address : Number;

    /// <summary>What the provider gets to know a repeated message by.</summary>
    protected virtual string IdOnTheWire(Guid id) => id.ToString("N");

    /// <summary>A sender whose provider takes everything.</summary>
    protected abstract Task<ISender> AcceptingAsync();

    /// <summary>Everything that the provider holds, as it came.</summary>
    protected abstract Task<IReadOnlyList<string>> ReceivedAsync();

    /// <summary>A message; within a test always the same one.</summary>
    protected OutgoingMessage Message(string? to = null, string subject = "493817 is your code for Grüße") => new(
        messageId,
        to ?? Recipient,
        Channel == Channel.Email
            ? new RenderedMessage(subject, $"Your code:\n\n{Code}\n.\n..dots\n", $"<html><head></head><body><p>{Code}</p></body></html>")
            : new RenderedMessage(null, $"{Code} is your code for \"Grüße\" & {{to}}.\n\n@id.example.com #{Code}", null),
        new DateTimeOffset(2026, 3, 1, 12, 5, 0, TimeSpan.Zero)) { Code = Code };

    protected static CancellationToken In(double seconds) => new CancellationTokenSource(TimeSpan.FromSeconds(seconds)).Token;

    [Fact]
    public async Task A_message_that_is_accepted_has_arrived_once()
    {
        var sender = await AcceptingAsync();

        var result = await sender.SendAsync(Message(), In(20));

        Assert.IsType<SendResult.Accepted>(result);
        var mail = Assert.Single(await ReceivedAsync());
        Assert.Contains(Code, mail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_that_is_sent_again_is_recognised_by_its_id()
    {
        var sender = await AcceptingAsync();
        if (!sender.RepeatsSafely)
            return;
        var message = Message();

        var first = await sender.SendAsync(message, In(20));
        var second = await sender.SendAsync(message, In(20));

        Assert.Equal(first, second);
        Assert.All(await ReceivedAsync(), mail => Assert.Contains(IdOnTheWire(message.Id), mail, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ada@example.org\r\nBcc: eve@example.org")]
    [InlineData("ada@example.org\nBcc: eve@example.org")]
    [InlineData("ada@example.org, eve@example.org")]
    [InlineData("\"Ada\" <ada@example.org>")]
    [InlineData("ada")]
    [InlineData("00989123456789")]
    [InlineData("+98 912 345 67 89")]
    [InlineData("+989123456789,+989123456780")]
    [InlineData("+989123456789\n")]
    [InlineData("+0123456789")]
    [InlineData("+٩٨٩١٢٣٤٥٦٧٨٩")]
    [InlineData("")]
    public async Task What_is_not_one_address_is_rejected(string address)
    {
        var sender = await AcceptingAsync();

        Assert.IsType<SendResult.Rejected>(await sender.SendAsync(Message(address), In(20)));
        Assert.Empty(await ReceivedAsync());
    }

    [Fact]
    public async Task A_line_break_in_the_subject_makes_no_header()
    {
        var sender = await AcceptingAsync();

        Assert.IsType<SendResult.Accepted>(await sender.SendAsync(Message(subject: "code\r\nBcc: eve@example.org\r\n\r\nbody"), In(20)));
        var mail = Assert.Single(await ReceivedAsync());
        Assert.DoesNotContain("\nBcc:", mail, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\nbody", mail, StringComparison.Ordinal);
    }
}

/// <summary>What a sender promises besides when its provider is elsewhere and may say no, or nothing.</summary>
public abstract class RemoteSenderContract : SenderContract
{
    /// <summary>Its provider knows no such recipient.</summary>
    protected abstract Task<ISender> RefusingRecipientAsync();

    /// <summary>Its provider does not accept this server's credentials.</summary>
    protected abstract Task<ISender> RefusingServerAsync();

    /// <summary>Its provider asks to come back later.</summary>
    protected abstract Task<ISender> BusyAsync();

    /// <summary>Its provider takes the connection and says nothing.</summary>
    protected abstract Task<ISender> SilentAsync();

    /// <summary>Nothing listens there.</summary>
    protected abstract Task<ISender> UnreachableAsync();

    [Fact]
    public async Task An_unknown_recipient_is_rejected()
    {
        var rejected = Assert.IsType<SendResult.Rejected>(await (await RefusingRecipientAsync()).SendAsync(Message(), In(20)));
        AssertQuiet(rejected.Reason);
    }

    [Fact]
    public async Task Refused_credentials_are_told_to_the_operator_by_the_setting_s_name()
    {
        var misconfigured = Assert.IsType<SendResult.Misconfigured>(await (await RefusingServerAsync()).SendAsync(Message(), In(20)));
        Assert.Contains("Delivery:", misconfigured.Reason, StringComparison.Ordinal);
        AssertQuiet(misconfigured.Reason);
    }

    [Fact]
    public async Task A_busy_provider_is_asked_again()
    {
        var retry = Assert.IsType<SendResult.Retry>(await (await BusyAsync()).SendAsync(Message(), In(20)));
        AssertQuiet(retry.Reason);
    }

    [Fact]
    public async Task A_silent_provider_is_left_when_the_time_is_over()
    {
        var result = await (await SilentAsync()).SendAsync(Message(), In(1)).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.True(result is SendResult.Retry or SendResult.Ambiguous, $"{result}");
    }

    [Fact]
    public async Task A_provider_that_cannot_be_reached_is_asked_again() =>
        Assert.IsType<SendResult.Retry>(await (await UnreachableAsync()).SendAsync(Message(), In(20)));

    protected static void AssertQuiet(string reason)
    {
        Assert.DoesNotContain("ada@", reason, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("9123456789", reason, StringComparison.Ordinal);
        Assert.DoesNotContain(Code, reason, StringComparison.Ordinal);
    }
}
