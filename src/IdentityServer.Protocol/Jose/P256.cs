using System.Globalization;
using System.Numerics;

namespace IdentityServer.Protocol.Jose;

/// <summary>The curve P-256 (FIPS 186-4, appendix D.1.2.3): y² = x³ - 3x + b modulo p, of prime order.</summary>
internal static class P256
{
    public const string ObjectId = "1.2.840.10045.3.1.7";
    public const int CoordinateLength = 32;

    private static readonly BigInteger P = Hex("0ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    private static readonly BigInteger B = Hex("05ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b");

    /// <summary>
    /// Invalid-curve attack: a point off the curve leads the arithmetic into small groups. Checked here rather than
    /// left to the platform, whose libraries differ. The order is prime, so that being on the curve is enough.
    /// </summary>
    public static bool IsOnCurve(ReadOnlySpan<byte> x, ReadOnlySpan<byte> y)
    {
        if (x.Length != CoordinateLength || y.Length != CoordinateLength)
            return false;
        var px = new BigInteger(x, isUnsigned: true, isBigEndian: true);
        var py = new BigInteger(y, isUnsigned: true, isBigEndian: true);
        return px < P && py < P && ((py * py) - ((px * px * px) - (3 * px) + B)) % P == 0;
    }

    private static BigInteger Hex(string value) => BigInteger.Parse(value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
