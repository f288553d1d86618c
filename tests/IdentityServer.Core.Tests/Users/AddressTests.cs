using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using Xunit;

namespace IdentityServer.Core.Tests.Users;

public sealed class AddressTests
{
    [Theory]
    [InlineData("alice@example.com", "alice@example.com")]
    [InlineData("  Alice@EXAMPLE.com\t", "Alice@example.com")]
    [InlineData("o'brien+tag@mail.example.co.uk", "o'brien+tag@mail.example.co.uk")]
    [InlineData("ａｌｉｃｅ＠ｅｘａｍｐｌｅ．ｃｏｍ", "alice@example.com")]
    [InlineData("alice@BÜCHER.example", "alice@xn--bcher-kva.example")]
    [InlineData("alice@bu\u0308cher.example", "alice@xn--bcher-kva.example")]
    [InlineData("δοκιμή@example.com", "δοκιμή@example.com")]
    public void An_address_is_normalised(string typed, string value) => Assert.Equal(value, Address.Parse(typed)?.Value);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("alice")]
    [InlineData("alice@")]
    [InlineData("@example.com")]
    [InlineData("alice@localhost")]
    [InlineData("alice@example..com")]
    [InlineData("alice@-example.com")]
    [InlineData("alice@example.com.")]
    [InlineData("alice@127.0.0.1")]
    [InlineData("alice@[127.0.0.1]")]
    [InlineData("alice@exa_mple.com")]
    [InlineData("a@b@example.com")]
    [InlineData(".alice@example.com")]
    [InlineData("alice.@example.com")]
    [InlineData("ali..ce@example.com")]
    [InlineData("\"alice\"@example.com")]
    [InlineData("alice@example.com,bob@example.com")]
    [InlineData("alice@example.com bob")]
    [InlineData("Alice <alice@example.com>")]
    [InlineData("ali ce@example.com")]
    [InlineData("alice\r\nBcc:bob@example.com")]
    [InlineData("ali\u0000ce@example.com")]
    [InlineData("ali\u200Bce@example.com")]
    [InlineData("ali\u202Ece@example.com")]
    [InlineData("ali\uFEFFce@example.com")]
    [InlineData("ali\uD800ce@example.com")]
    [InlineData("0170 1234567")]
    [InlineData("+49 30 123456")]
    [InlineData("+49 170 1234567 ext. 5")]
    public void What_cannot_be_written_to_is_refused(string? typed) => Assert.Null(Address.Parse(typed));

    // RFC 5321 §4.5.3.1
    [Fact]
    public void Lengths_are_those_of_RFC_5321()
    {
        var domain = string.Join('.', Enumerable.Repeat(new string('d', 60), 3)) + ".example";

        Assert.NotNull(Address.Parse(new string('a', 63) + "@" + domain[..^1]));
        Assert.Null(Address.Parse(new string('a', 65) + "@example.com"));
        Assert.Null(Address.Parse(new string('a', 64) + "@" + domain + ".example"));
        Assert.Null(Address.Parse(new string('a', 100_000) + "@example.com"));
    }

    [Theory]
    [InlineData("+49 170 1234567", null, "DE")]
    [InlineData("0170/1234567", "DE", "DE")]
    [InlineData("０１７０１２３４５６７", "DE", "DE")]
    [InlineData(" 00 49 (0) 170-123 45 67 ", null, "DE")]
    public void A_phone_number_is_told_apart_and_has_one_form(string typed, string? defaultRegion, string region)
    {
        var address = Address.Parse(typed, defaultRegion)!;

        Assert.Equal((Channel.Sms, "+491701234567", region), (address.Channel, address.Value, address.Region));
        Assert.Equal(("+491701234567", "+491701234567"), (address.LookupKey, address.LimitKey));
    }

    [Fact]
    public void A_number_that_is_sent_no_messages_is_told_from_nonsense()
    {
        Assert.IsType<AddressReading.NoMessages>(Address.Read("+49 30 123456"));
        Assert.IsType<AddressReading.NoMessages>(Address.Read("+1 900 555 0100"));
        Assert.IsType<AddressReading.None>(Address.Read("+49 30"));
        Assert.IsType<AddressReading.None>(Address.Read("nonsense"));
        Assert.IsType<AddressReading.Usable>(Address.Read("+1@example.com"));
    }

    // A1: one mailbox, one budget, however it is spelt.
    [Theory]
    [InlineData("alice@example.com")]
    [InlineData("ALICE@example.com")]
    [InlineData("alice+one@EXAMPLE.com")]
    [InlineData("Alice+two+three@example.com")]
    [InlineData("ａlice@example.com")]
    public void Limits_know_a_mailbox_by_every_spelling(string typed) => Assert.Equal("ALICE@EXAMPLE.COM", Address.Parse(typed)!.LimitKey);

    [Fact]
    public void A_plus_at_the_beginning_is_no_tag() => Assert.Equal("+ALICE@EXAMPLE.COM", Address.Parse("+alice@example.com")!.LimitKey);

    [Fact]
    public void An_address_does_not_print_itself() => Assert.DoesNotContain("alice", Address.Parse("alice@example.com")!.ToString(), StringComparison.Ordinal);
}
