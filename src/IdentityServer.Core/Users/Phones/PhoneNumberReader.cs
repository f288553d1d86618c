using System.Globalization;
using System.Text;

namespace IdentityServer.Core.Users.Phones;

/// <summary>
/// Reads phone numbers as people write them. The rules are libphonenumber's: what may be dialled before a number differs from region to region
/// and can look like the number itself.
/// </summary>
internal static class PhoneNumberReader
{
    // E.164 allows 15 digits; before them a prefix for calls abroad, a carrier's and a national one may be written.
    private const int MaxDigits = 26;

    private static readonly NumberingPlans Plans = NumberingPlans.All;

    /// <summary>The number; null when it is none that anybody could have.</summary>
    /// <param name="text">In NFKC.</param>
    /// <param name="defaultRegion">Where a number without calling code is; null: such numbers are not read.</param>
    public static PhoneNumber? Read(string text, string? defaultRegion)
    {
        if (Dialled(text) is not { } dialled)
            return null;
        if (dialled[0] == '+')
            return International(dialled[1..]);

        var plan = defaultRegion is null ? null : Plans.Of(defaultRegion);
        if (plan?.WithoutInternationalPrefix(dialled) is { } abroad)
            return International(abroad);

        // People write 00 for + even where it is not what they dial.
        return (plan is null ? null : National(dialled, plan)) ?? (dialled.StartsWith("00", StringComparison.Ordinal) ? International(dialled[2..]) : null);
    }

    // A plus sign first, if any, then ASCII digits. Separators fall away, and the invisible marks that address books copy along; anything else
    // (an extension, a second number, words) is refused: what is dialled after the answer cannot be sent a message.
    private static string? Dialled(string text)
    {
        var dialled = new StringBuilder(MaxDigits);
        foreach (var rune in text.EnumerateRunes())
        {
            switch (Rune.GetUnicodeCategory(rune))
            {
                case UnicodeCategory.DecimalDigitNumber when dialled.Length < MaxDigits:
                    dialled.Append((int)Rune.GetNumericValue(rune));
                    break;
                case UnicodeCategory.SpaceSeparator or UnicodeCategory.DashPunctuation or UnicodeCategory.Format:
                    break;
                case UnicodeCategory.MathSymbol when rune.Value == '+' && dialled.Length == 0:
                    dialled.Append('+');
                    break;
                default:
                    if (rune.Value is not ('(' or ')' or '[' or ']' or '.' or '/' or '~' or '\u2212'))
                        return null;
                    break;
            }
        }

        return dialled.Length is 0 || (dialled.Length is 1 && dialled[0] == '+') ? null : dialled.ToString();
    }

    private static PhoneNumber? International(string digits) =>
        Plans.Split(digits) is var (code, number) ? Number(Plans.Main(code), number) : null;

    // Some write the calling code without a plus: believed when only then there is a number.
    private static PhoneNumber? National(string digits, NumberingPlan plan)
    {
        if (digits.StartsWith(plan.CallingCode, StringComparison.Ordinal))
        {
            var shorter = digits[plan.CallingCode.Length..];
            var (whole, rest) = (Significant(plan, digits), Significant(plan, shorter));
            if ((!plan.Matches(whole) && plan.Matches(rest)) || plan.IsTooLong(whole))
                return Number(Plans.Main(plan.CallingCode), shorter);
        }

        return Number(plan, digits);
    }

    private static PhoneNumber? Number(NumberingPlan plan, string digits)
    {
        var number = Significant(plan, digits);
        var region = Plans.RegionOf(plan.CallingCode, number);
        var type = (region is null ? plan : Plans.Of(region)!).TypeOf(number);
        return type is null ? null : new PhoneNumber($"+{plan.CallingCode}{number}", region, type.Value);
    }

    // The prefix may also be the number's own first digit: 8 in Russia begins 8 800…, which is a number without it.
    private static string Significant(NumberingPlan plan, string digits)
    {
        var number = plan.WithoutPrefix(digits);
        if (number == digits || (plan.Matches(digits) && !plan.Matches(number)))
            return digits;

        var exact = Plans.RegionOf(plan.CallingCode, number) is { } region ? Plans.Of(region)! : plan;
        return exact.IsLongEnough(number) ? number : digits;
    }
}
