using IdentityServer.Core.Delivery;
using IdentityServer.Core.Delivery.Email;
using IdentityServer.Core.Delivery.Sms;
using IdentityServer.Core.Keys;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery;

public sealed class DeliveryOptionsTests
{
    private static readonly Dictionary<string, string?> Smtp = new()
    {
        ["Delivery:Email:Provider"] = "smtp",
        ["Delivery:Email:Smtp:Host"] = "mail.example.org",
        ["Delivery:Email:Smtp:UserName"] = "id",
        ["Delivery:Email:Smtp:Password"] = "secret-password",
        ["Delivery:Email:Smtp:From"] = "id@example.org",
    };

    [Fact]
    public void In_development_mails_are_files_unless_configured_otherwise()
    {
        Assert.IsType<FileSender>(Start([], "Development").GetRequiredService<Senders>().Of(Channel.Email).Single());
        Assert.IsType<SmtpSender>(Start(Smtp, "Development").GetRequiredService<Senders>().Of(Channel.Email).Single());
    }

    [Fact]
    public void Elsewhere_a_start_without_a_provider_stops_and_names_the_setting() =>
        Assert.Contains("Delivery:Email:Provider is not set", Refused([]).Message, StringComparison.Ordinal);

    [Fact]
    public void Files_elsewhere_are_warned_about()
    {
        var log = new TestLog();
        Assert.IsType<FileSender>(Start(new() { ["Delivery:Email:Provider"] = "file" }, "Production", log).GetRequiredService<Senders>().Of(Channel.Email).Single());
        Assert.Contains(log.Lines, line => line.Level == LogLevel.Warning && line.Text.Contains("Delivery:Email:Provider is file", StringComparison.Ordinal));
    }

    [Fact]
    public void All_problems_are_listed_at_once()
    {
        var problems = Refused(new()
        {
            ["Delivery:Parallelism"] = "0",
            ["Delivery:Email:Provider"] = "smtp",
            ["Delivery:Email:Smtp:Port"] = "465",
            ["Delivery:Email:Smtp:UserName"] = "id",
        }).Failures.ToList();

        foreach (var setting in (string[])["Delivery:Parallelism", "Smtp:Host", "Smtp:Port 465", "Smtp:UserName and", "Smtp:From"])
            Assert.Contains(problems, problem => problem.Contains(setting, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Delivery:Email:Provider", "carrier-pigeon")]
    [InlineData("Delivery:TakeOverAfter", "00:00:00.5")]
    [InlineData("Delivery:Email:Smtp:Host", "mail.example.org:587")]
    [InlineData("Delivery:Email:Smtp:From", "Identity <id@example.org>")]
    [InlineData("Delivery:Email:Smtp:From", "id@example.org\r\nBcc: eve@example.org")]
    [InlineData("Delivery:Email:Smtp:FromName", "Identity\r\nBcc: eve@example.org")]
    [InlineData("Delivery:Email:Smtp:StartTls", "None")]
    [InlineData("Delivery:Email:Smtp:Password", "")]
    public void A_wrong_value_stops_the_start_and_is_named(string setting, string value)
    {
        var refused = Refused(new(Smtp) { [setting] = value });
        Assert.Contains(setting[..setting.LastIndexOf(':')], refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-password", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_relay_on_this_machine_may_be_talked_to_in_the_clear() =>
        Start(new(Smtp) { ["Delivery:Email:Smtp:Host"] = "localhost", ["Delivery:Email:Smtp:StartTls"] = "None" }, "Production");

    [Fact]
    public void Several_relays_are_used_in_order_and_share_the_sender_s_address()
    {
        var senders = Start(new(Smtp) { ["Delivery:Email:Fallbacks:0:Host"] = "other.example.org" }, "Production").GetRequiredService<Senders>().Of(Channel.Email);
        Assert.Equal(["smtp", "smtp-2"], senders.Select(sender => sender.Name));
        Assert.Contains("Delivery:Email:Fallbacks:0:Host", Refused(new(Smtp) { ["Delivery:Email:Fallbacks:0:Port"] = "25" }).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_are_off_until_a_provider_is_named() => Assert.Empty(Start(Smtp, "Production").GetRequiredService<Senders>().Of(Channel.Sms));

    [Fact]
    public void Providers_of_texts_are_used_in_the_order_in_which_they_are_named()
    {
        var senders = Start(
            new(Smtp)
            {
                ["Delivery:Sms:Providers:0"] = "megafon",
                ["Delivery:Sms:Providers:1"] = "Twilio",
                ["Delivery:Sms:Providers:2"] = "file",
                ["Delivery:Sms:MegaFon:Login"] = "l",
                ["Delivery:Sms:MegaFon:Password"] = "p",
                ["Delivery:Sms:MegaFon:From"] = "Brand",
                ["Delivery:Sms:Twilio:AccountSid"] = "AC1",
                ["Delivery:Sms:Twilio:AuthToken"] = "t",
                ["Delivery:Sms:Twilio:From"] = "+15005550006",
            },
            "Production").GetRequiredService<Senders>().Of(Channel.Sms);
        Assert.Equal([typeof(MegaFonSender), typeof(TwilioSender), typeof(TextFileSender)], senders.Select(sender => sender.GetType()));
        Assert.All(senders, sender => Assert.Equal(sender.Name, sender.Name.ToLowerInvariant()));
    }

    [Theory]
    [InlineData("pigeon", "there is no \"pigeon\"")]
    [InlineData("twilio", "Delivery:Sms:Twilio:AccountSid")]
    [InlineData("kavenegar", "Delivery:Sms:Kavenegar:ApiKey")]
    [InlineData("megafon", "Delivery:Sms:MegaFon:Login")]
    [InlineData("http", "Delivery:Sms:Http:Url")]
    public void A_provider_of_texts_that_is_not_configured_stops_the_start(string provider, string problem) =>
        Assert.Contains(problem, Refused(new(Smtp) { ["Delivery:Sms:Providers:0"] = provider }).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("http://id.example.com")]
    [InlineData("https://my_host.example.com")]
    [InlineData("https://id.example.com/?a=b")]
    public void Providers_can_only_call_back_a_public_address(string url) =>
        Assert.Contains("Delivery:CallbackUrl", Refused(new(Smtp) { ["Delivery:CallbackUrl"] = url }).Message, StringComparison.Ordinal);

    private static OptionsValidationException Refused(Dictionary<string, string?> settings) =>
        Assert.Throws<OptionsValidationException>(() => Start(settings, "Production"));

    private static ServiceProvider Start(Dictionary<string, string?> settings, string environment, TestLog? log = null)
    {
        var host = new TestEnvironment { EnvironmentName = environment };
        var services = new ServiceCollection()
            .AddLogging(logging => logging.AddProvider(log ?? new TestLog()))
            .AddSingleton<IHostEnvironment>(host)
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build())
            .AddSingleton(new MasterKeys([new byte[32]]))
            .AddDelivery(host)
            .BuildServiceProvider();
        services.GetRequiredService<IStartupValidator>().Validate();
        return services;
    }
}
