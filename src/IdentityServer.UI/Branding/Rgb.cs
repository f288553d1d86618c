using System.Globalization;
using System.Runtime.InteropServices;

namespace IdentityServer.UI.Branding;

/// <summary>A colour, as far as readable text needs arithmetic on it.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Rgb(byte Red, byte Green, byte Blue)
{
    public static readonly Rgb White = new(255, 255, 255);

    public static readonly Rgb Black = new(0, 0, 0);

    /// <summary>What text on this colour is written in: white where it is readable (WCAG 2.2 1.4.3, 4.5:1), else black, which then is.</summary>
    public Rgb Text => ContrastTo(White) >= 4.5 ? White : Black;

    /// <summary>From <c>#rrggbb</c>.</summary>
    public static Rgb Parse(string hex)
    {
        var value = int.Parse(hex.AsSpan(1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return new Rgb((byte)(value >> 16), (byte)(value >> 8), (byte)value);
    }

    /// <summary>Contrast ratio, 1 to 21 (WCAG 2.2, "contrast ratio").</summary>
    public double ContrastTo(Rgb other)
    {
        var (mine, theirs) = (Luminance, other.Luminance);
        return (Math.Max(mine, theirs) + 0.05) / (Math.Min(mine, theirs) + 0.05);
    }

    /// <summary>This colour, moved towards <paramref name="end"/> in small steps until it is readable on <paramref name="ground"/>.</summary>
    public Rgb ReadableOn(Rgb ground, Rgb end, double contrast)
    {
        var colour = this;
        for (var step = 1; step <= 50 && colour.ContrastTo(ground) < contrast; step++)
            colour = Mix(end, step / 50.0);
        return colour;
    }

    /// <summary><paramref name="share"/> (0 to 1) of <paramref name="other"/>, the rest of this colour.</summary>
    public Rgb Mix(Rgb other, double share) => new(Mix(Red, other.Red, share), Mix(Green, other.Green, share), Mix(Blue, other.Blue, share));

    /// <inheritdoc/>
    public override string ToString() => $"#{Red:x2}{Green:x2}{Blue:x2}";

    private static byte Mix(byte mine, byte other, double share) => (byte)Math.Round(mine + ((other - mine) * share));

    // WCAG 2.2, "relative luminance".
    private double Luminance => (0.2126 * Linear(Red)) + (0.7152 * Linear(Green)) + (0.0722 * Linear(Blue));

    private static double Linear(byte channel)
    {
        var value = channel / 255.0;
        return value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4);
    }
}
