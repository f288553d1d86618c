using IdentityServer.Core.Delivery;
using IdentityServer.Core.Delivery.Email;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery;

/// <summary>A relay is asked whether it would take mail, and gets none.</summary>
[Collection("Mail relay")]
public sealed class SmtpCheckTests(TestRelay relay) : IClassFixture<TestRelay>
{
    [Fact]
    public async Task A_relay_that_lets_this_server_in_is_well_and_gets_no_mail()
    {
        var check = await CheckAsync(relay.Start("accept", certificateFor: null));

        Assert.Equal((true, true), (check.IsWell == true, check.Text.EndsWith("lets this server in", StringComparison.Ordinal)));
        Assert.Empty(relay.Received());
    }

    [Fact]
    public async Task Wrong_credentials_are_named_without_their_values()
    {
        var check = await CheckAsync(relay.Start("accept", certificateFor: null), password: "hunter2");

        Assert.Equal(new SelfCheck(false, "the relay answers 535 to AUTH: check Delivery:Email:Smtp:UserName and Password"), check);
    }

    // The tests' root is trusted by the sender's own callback only: here the machine decides.
    [Fact]
    public async Task A_certificate_that_the_machine_does_not_trust_is_told()
    {
        var check = await CheckAsync(relay.Start("accept"), StartTls.Required);

        Assert.Equal(new SelfCheck(false, "the relay's certificate is not trusted for the name in Delivery:Email:Smtp:Host"), check);
    }

    [Fact]
    public async Task A_relay_without_STARTTLS_is_told()
    {
        var check = await CheckAsync(relay.Start("accept", certificateFor: null), StartTls.Required);

        Assert.Equal(new SelfCheck(false, "the relay does not offer STARTTLS on Delivery:Email:Smtp:Port"), check);
    }

    [Fact]
    public async Task A_relay_that_drips_is_given_up()
    {
        var check = await CheckAsync(relay.Start("drip", certificateFor: null), seconds: 1);

        Assert.Equal(new SelfCheck(false, "the relay does not answer in time"), check);
    }

    [Fact]
    public async Task Nobody_listening_is_told()
    {
        var check = await CheckAsync(1);

        Assert.False(check.IsWell);
        Assert.StartsWith("no connection", check.Text, StringComparison.Ordinal);
    }

    private static async Task<SelfCheck> CheckAsync(int port, StartTls tls = StartTls.None, string password = "relay-password", int seconds = 20)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        var smtp = new SmtpOptions { Host = "localhost", Port = port, UserName = "relay-user", Password = password, From = "id@example.org", StartTls = tls };
        return await SmtpCheck.RunAsync(smtp, limit.Token);
    }
}
