using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace IdentityServer.Core.Proofs;

/// <summary>The short code that a person types: made, read, and turned into what the database keeps.</summary>
internal static class OneTimeCode
{
    private const int MaxTyped = 64;

    /// <summary>A uniform code of <paramref name="digits"/> decimal digits, leading zeros included.</summary>
    public static string New(int digits)
    {
        var bound = 1;
        for (var digit = 0; digit < digits; digit++)
            bound *= 10;

        return RandomNumberGenerator.GetInt32(bound).ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');
    }

    /// <summary>
    /// The ASCII digits of what was typed or pasted: digits of any script; spaces, dashes and invisible marks fall away. Null when it
    /// cannot be a code of <paramref name="digits"/> digits.
    /// </summary>
    public static string? Read(string? typed, int digits)
    {
        if (typed is null or { Length: > MaxTyped })
            return null;

        var read = new StringBuilder(digits);
        foreach (var rune in typed.EnumerateRunes())
        {
            switch (Rune.GetUnicodeCategory(rune))
            {
                case UnicodeCategory.DecimalDigitNumber:
                    read.Append((int)Rune.GetNumericValue(rune));
                    break;
                case UnicodeCategory.SpaceSeparator or UnicodeCategory.DashPunctuation or UnicodeCategory.Format or UnicodeCategory.Control:
                    break;
                default:
                    return null;
            }
        }

        return read.Length == digits ? read.ToString() : null;
    }
}
