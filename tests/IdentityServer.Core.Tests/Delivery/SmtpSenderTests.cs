using IdentityServer.Core.Delivery;
using IdentityServer.Core.Delivery.Email;
using IdentityServer.Testing.Contracts;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery;

// The relay is trusted by a callback of the whole process: two classes at once would take it from each other.
[Collection("Mail relay")]
public sealed class SmtpSenderTests(TestRelay relay) : RemoteSenderContract, IClassFixture<TestRelay>
{
    protected override Task<ISender> AcceptingAsync() => Task.FromResult<ISender>(To("accept"));

    protected override Task<ISender> RefusingRecipientAsync() => Task.FromResult<ISender>(To("reject"));

    protected override Task<ISender> RefusingServerAsync() => Task.FromResult<ISender>(To("refuse-auth"));

    protected override Task<ISender> BusyAsync() => Task.FromResult<ISender>(To("greylist"));

    protected override Task<ISender> SilentAsync() => Task.FromResult<ISender>(To("drip"));

    // The port of "TCP port service multiplexer": nothing listens there.
    protected override Task<ISender> UnreachableAsync() => Task.FromResult<ISender>(Sender(1));

    protected override Task<IReadOnlyList<string>> ReceivedAsync() =>
        Task.FromResult<IReadOnlyList<string>>([.. relay.Received().Select(mail => mail.Data)]);

    [Fact]
    public async Task Rfc3207_a_mail_travels_encrypted_and_authenticated()
    {
        Assert.IsType<SendResult.Accepted>(await To("accept").SendAsync(Message(), In(20)));

        var mail = Assert.Single(relay.Received());
        Assert.True(mail.Tls);
        Assert.True(mail.Authenticated);
        Assert.Equal("id@example.org", mail.From);
        Assert.Equal([Address], mail.To);
    }

    [Fact]
    public async Task A_mail_arrives_as_it_was_written()
    {
        await To("accept").SendAsync(Message(), In(20));

        var mail = Assert.Single(relay.Received()).Data;
        Assert.Contains("\r\nYour code:\r\n\r\n493817\r\n.\r\n..dots\r\n", mail, StringComparison.Ordinal);
        Assert.Contains("<p>493817</p>", mail, StringComparison.Ordinal);
        Assert.Contains("Auto-Submitted: auto-generated", mail, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Subject: =?utf-8?", mail, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("\"Ada & Sons\" <id@example.org>", mail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Addresses_outside_ascii_are_served()
    {
        Assert.IsType<SendResult.Accepted>(await To("accept").SendAsync(Message("jürgen@münchen.example"), In(20)));
        Assert.StartsWith("jürgen@", Assert.Single(Assert.Single(relay.Received()).To), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_the_machine_does_not_trust_is_refused()
    {
        relay.Trust(false);
        try
        {
            var result = Assert.IsType<SendResult.Misconfigured>(await To("accept").SendAsync(Message(), In(20)));
            Assert.Contains("certificate", result.Reason, StringComparison.Ordinal);
            Assert.Empty(relay.Received());
        }
        finally
        {
            relay.Trust(true);
        }
    }

    [Fact]
    public async Task A_certificate_of_another_host_is_refused()
    {
        var sender = Sender(relay.Start("accept", certificateFor: "elsewhere.example"));
        Assert.IsType<SendResult.Misconfigured>(await sender.SendAsync(Message(), In(20)));
        Assert.Empty(relay.Received());
    }

    [Fact]
    public async Task A_relay_without_starttls_gets_neither_password_nor_mail()
    {
        var sender = Sender(relay.Start("accept", certificateFor: null, authentication: false));
        var result = Assert.IsType<SendResult.Misconfigured>(await sender.SendAsync(Message(), In(20)));
        Assert.Contains("STARTTLS", result.Reason, StringComparison.Ordinal);
        Assert.Empty(relay.Received());
    }

    [Fact]
    public async Task A_relay_in_the_clear_is_used_only_when_configured_so()
    {
        var sender = Sender(relay.Start("accept", certificateFor: null, authentication: false), smtp =>
        {
            smtp.StartTls = StartTls.None;
            smtp.UserName = smtp.Password = null;
        });
        Assert.IsType<SendResult.Accepted>(await sender.SendAsync(Message(), In(20)));
        Assert.False(Assert.Single(relay.Received()).Tls);
    }

    [Fact]
    public async Task A_wrong_password_is_told_to_the_operator()
    {
        var sender = Sender(relay.Start("accept"), smtp => smtp.Password = "wrong");
        var result = Assert.IsType<SendResult.Misconfigured>(await sender.SendAsync(Message(), In(20)));
        Assert.Contains("Delivery:Email:Smtp:UserName", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_sender_is_told_to_the_operator()
    {
        var result = Assert.IsType<SendResult.Misconfigured>(await To("reject-sender").SendAsync(Message(), In(20)));
        Assert.Contains("Delivery:Email:Smtp:From", result.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("full")]
    [InlineData("busy")]
    [InlineData("drop")]
    public async Task What_passes_is_tried_again(string mode)
    {
        var retry = Assert.IsType<SendResult.Retry>(await To(mode).SendAsync(Message(), In(20)));
        AssertQuiet(retry.Reason);
    }

    [Fact]
    public async Task An_unknown_host_is_told_to_the_operator()
    {
        // RFC 6761, section 6.4: "invalid" never resolves.
        var result = await Sender(25, smtp => smtp.Host = "relay.invalid").SendAsync(Message(), In(20));
        Assert.True(result is SendResult.Misconfigured or SendResult.Retry, $"{result}");
    }

    private SmtpSender To(string mode) => Sender(relay.Start(mode));

    private static SmtpSender Sender(int port, Action<SmtpOptions>? change = null)
    {
        var smtp = new SmtpOptions
        {
            Host = "localhost",
            Port = port,
            UserName = "relay-user",
            Password = "relay-password",
            From = "id@example.org",
            FromName = "Ada & Sons",
        };
        change?.Invoke(smtp);
        return new SmtpSender(smtp);
    }
}
