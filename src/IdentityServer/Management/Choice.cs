using System.Text.Json;

namespace IdentityServer.Management;

/// <summary>One of an enumeration's values in a query, spelled as answers spell it: <c>signed_in</c>. A handler's parameter.</summary>
internal readonly record struct Choice<T>(T Value) : IParsable<Choice<T>>
    where T : struct, Enum
{
    private static readonly Dictionary<string, T> All =
        Enum.GetValues<T>().ToDictionary(value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()), StringComparer.Ordinal);

    public static bool TryParse(string? s, IFormatProvider? provider, out Choice<T> result)
    {
        var found = All.TryGetValue(s ?? "", out var value);
        result = new Choice<T>(value);
        return found;
    }

    public static Choice<T> Parse(string s, IFormatProvider? provider) => TryParse(s, provider, out var result) ? result : throw new FormatException();
}
