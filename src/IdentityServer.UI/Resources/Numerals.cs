using System.Globalization;

namespace IdentityServer.UI.Resources;

/// <summary>Numbers that people only read, in the digits of their language. Codes, telephone numbers and addresses stay in ASCII digits: they are typed.</summary>
internal static class Numerals
{
    /// <summary>The ten digits from zero to nine.</summary>
    public static string Digits(CultureInfo culture) => culture.TwoLetterISOLanguageName switch
    {
        "ar" => "٠١٢٣٤٥٦٧٨٩",
        "fa" => "۰۱۲۳۴۵۶۷۸۹",
        _ => "0123456789",
    };

    /// <summary>A whole number.</summary>
    public static string Write(int number, CultureInfo culture) => Localize(number.ToString(CultureInfo.InvariantCulture), culture);

    /// <summary>The text with its ASCII digits replaced.</summary>
    public static string Localize(string text, CultureInfo culture)
    {
        var digits = Digits(culture);
        return string.Concat(text.Select(letter => char.IsAsciiDigit(letter) ? digits[letter - '0'] : letter));
    }
}
