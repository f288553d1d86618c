using IdentityServer.Core.Users.Phones;
using Xunit;

namespace IdentityServer.Core.Tests.Users.Phones;

public sealed class PhoneNumberTests
{
    [Theory]
    [InlineData("+49 170 1234567", null, "+491701234567")]
    [InlineData("+49 (0)170 1234567", null, "+491701234567")]
    [InlineData("(+49) 170/123-45.67", null, "+491701234567")]
    [InlineData("0049 170 1234567", null, "+491701234567")]
    [InlineData("0170 1234567", "DE", "+491701234567")]
    [InlineData("170 1234567", "DE", "+491701234567")]
    [InlineData("0049 170 1234567", "US", "+491701234567")]
    [InlineData("011 49 170 1234567", "US", "+491701234567")]
    [InlineData("(202) 555-0100", "US", "+12025550100")]
    [InlineData("8 (912) 345-67-89", "RU", "+79123456789")]
    [InlineData("8~10 49 170 1234567", "RU", "+491701234567")]
    [InlineData("۰۹۱۲ ۳۴۵ ۶۷۸۹", "IR", "+989123456789")]
    [InlineData("+٩٨٩١٢٣٤٥٦٧٨٩", null, "+989123456789")]
    [InlineData("011 15 2345-6789", "AR", "+5491123456789")]
    [InlineData("0 15 11 91234 5678", "BR", "+5511912345678")]
    [InlineData("\u202A+49 170 1234567\u202C", null, "+491701234567")]
    public void A_number_has_one_form_however_it_is_written(string typed, string? region, string e164) =>
        Assert.Equal(e164, PhoneNumberReader.Read(typed, region)?.E164);

    [Theory]
    [InlineData("+491701234567", "+49 170 1234567")]
    [InlineData("+447400900901", "+44 7400 900901")]
    [InlineData("+12025550100", "+1 202 555 0100")]
    [InlineData("+989123456789", "+98 912 345 6789")]
    [InlineData("+5491123456789", "+54 9 11 2345 6789")]
    [InlineData("+999123456789", "+999123456789")]
    [InlineData("+491701234567@example.com", "+491701234567@example.com")]
    [InlineData("", "")]
    public void A_number_is_shown_in_groups_that_are_read_again(string e164, string shown)
    {
        Assert.Equal(shown, PhoneNumber.Grouped(e164).Replace('\u00A0', ' '));
        if (shown.Contains(' ', StringComparison.Ordinal))
            Assert.Equal(e164, PhoneNumberReader.Read(PhoneNumber.Grouped(e164), null)?.E164);
    }

    [Theory]
    [InlineData("0170 1234567", null)]
    [InlineData("+49 170 1234567 ext. 5", null)]
    [InlineData("+49 170 1234567;ext=5", null)]
    [InlineData("+49 170 1234567#5", null)]
    [InlineData("+49 170 1234567,5", null)]
    [InlineData("+49 170 1234567 x5", null)]
    [InlineData("+49+170 1234567", null)]
    [InlineData("49 170 1234567+", "DE")]
    [InlineData("+49 170 1234567\n+49 170 7654321", null)]
    [InlineData("tel:+491701234567", null)]
    [InlineData("1-800-FLOWERS", "US")]
    [InlineData("+", null)]
    [InlineData("()", "DE")]
    [InlineData("+999 123456789", null)]
    [InlineData("+49", null)]
    [InlineData("+49 1", null)]
    [InlineData("+49 170 123456789012", null)]
    [InlineData("+1 202 155 0100", null)]
    [InlineData("110", "DE")]
    [InlineData("123456789012345678901234567890123456789012345678901234567890", "DE")]
    public void What_is_no_whole_number_is_refused(string typed, string? region) => Assert.Null(PhoneNumberReader.Read(typed, region));

    // A6
    [Theory]
    [InlineData("+49 170 1234567", PhoneNumberType.Mobile, true)]
    [InlineData("+1 202 555 0100", PhoneNumberType.FixedLineOrMobile, true)]
    [InlineData("+49 30 123456", PhoneNumberType.FixedLine, false)]
    [InlineData("+1 800 555 0100", PhoneNumberType.TollFree, false)]
    [InlineData("+1 900 555 0100", PhoneNumberType.PremiumRate, false)]
    [InlineData("+49 180 1234567", PhoneNumberType.SharedCost, false)]
    [InlineData("+44 70 1234 5678", PhoneNumberType.PersonalNumber, false)]
    [InlineData("+44 56 1234 5678", PhoneNumberType.Voip, false)]
    [InlineData("+44 76 4012 3456", PhoneNumberType.Pager, false)]
    [InlineData("+881 612345678", PhoneNumberType.Mobile, false)]
    public void Some_kinds_of_numbers_are_sent_no_messages(string typed, PhoneNumberType type, bool receives)
    {
        var number = PhoneNumberReader.Read(typed, defaultRegion: null);

        Assert.Equal((type, receives), (number?.Type, number?.ReceivesMessages));
    }

    [Theory]
    [InlineData("+1 416 555 0100", "CA")]
    [InlineData("+1 202 555 0100", "US")]
    [InlineData("+7 701 234 5678", "KZ")]
    [InlineData("+7 912 345 6789", "RU")]
    [InlineData("+44 7400 123456", "GB")]
    [InlineData("+881 612345678", null)]
    public void The_region_is_told_by_the_number(string typed, string? region) => Assert.Equal(region, PhoneNumberReader.Read(typed, "DE")!.Region);

    [Fact]
    public void A_number_does_not_print_itself() =>
        Assert.DoesNotContain("170", PhoneNumberReader.Read("+491701234567", null)!.ToString(), StringComparison.Ordinal);
}
