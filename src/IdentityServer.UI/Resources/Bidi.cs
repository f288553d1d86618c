using System.Globalization;

namespace IdentityServer.UI.Resources;

/// <summary>Keeps names and addresses from turning the words around them (Unicode Standard Annex #9).</summary>
internal static class Bidi
{
    private const char FirstStrongIsolate = '\u2068';
    private const char PopDirectionalIsolate = '\u2069';

    /// <summary>The value between isolates where directions can meet: in a language written from the right, and for a value that is.</summary>
    public static string Isolate(string value, CultureInfo culture) =>
        value.Length > 0 && (culture.TextInfo.IsRightToLeft || value.Any(IsRightToLeft)) ? $"{FirstStrongIsolate}{value}{PopDirectionalIsolate}" : value;

    // Hebrew, Arabic, Syriac and their neighbours, and the presentation forms.
    private static bool IsRightToLeft(char letter) => letter is >= '\u0590' and <= '\u08FF' or >= '\uFB1D' and <= '\uFDFF' or >= '\uFE70' and <= '\uFEFC';
}
