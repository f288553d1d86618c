using System.Text.RegularExpressions;

namespace IdentityServer.Core.Users.Phones;

/// <summary>How numbers are made in one region, as <c>numbering-plans.json</c> says it. Patterns are compiled at first use.</summary>
internal sealed record NumberingPlan(
    string CallingCode,
    string? InternationalPrefix,
    string Pattern,
    IReadOnlyList<int> Lengths,
    string? Prefix,
    string? Transform,
    string? LeadingDigits,
    IReadOnlyList<NumberFormat>? Formats,
    IReadOnlyDictionary<PhoneNumberType, NumberRange> Ranges)
{
    // The order in which kinds that overlap win; fixed lines and mobiles are looked at before all of them.
    private static readonly PhoneNumberType[] OtherTypes =
    [
        PhoneNumberType.PremiumRate, PhoneNumberType.TollFree, PhoneNumberType.SharedCost, PhoneNumberType.Voip, PhoneNumberType.PersonalNumber,
        PhoneNumberType.Pager, PhoneNumberType.Uan, PhoneNumberType.Voicemail,
    ];

    private readonly Lazy<Regex> whole = new(() => Patterns.Whole(Pattern));
    private readonly Lazy<Regex?> international = new(() => InternationalPrefix is null ? null : Patterns.Beginning(InternationalPrefix));
    private readonly Lazy<Regex?> national = new(() => Prefix is null ? null : Patterns.Beginning(Prefix));
    private readonly Lazy<Regex?> leading = new(() => LeadingDigits is null ? null : Patterns.Beginning(LeadingDigits));

    /// <summary>Whether it looks like a whole national number.</summary>
    public bool Matches(string number) => whole.Value.IsMatch(number);

    /// <summary>Whether its first digits say that it is this region's; null when the plan does not tell by them.</summary>
    public bool? Leads(string number) => leading.Value?.IsMatch(number);

    /// <summary>False for too few digits and for a number of them that no range has; too many may still hold a prefix.</summary>
    public bool IsLongEnough(string number) => Lengths.Contains(number.Length) || IsTooLong(number);

    public bool IsTooLong(string number) => number.Length > Lengths.Max();

    /// <summary>What follows the prefix for calls abroad (00, 011, 810…); null when there is none. No calling code begins with 0.</summary>
    public string? WithoutInternationalPrefix(string dialled)
    {
        var match = international.Value?.Match(dialled);
        return match is { Success: true } && match.Length < dialled.Length && dialled[match.Length] != '0' ? dialled[match.Length..] : null;
    }

    /// <summary>The number without the prefix for calls within the country, as if there were one; the same when there is none.</summary>
    public string WithoutPrefix(string dialled)
    {
        if (national.Value?.Match(dialled) is not { Success: true } match)
            return dialled;

        // A plan that transforms rewrites what the last group found: it moves digits, e.g. Argentina's mobile 15 from the middle.
        return Transform is not null && match.Groups.Count > 1 && match.Groups[^1].Length > 0
            ? match.Result(Transform) + dialled[match.Length..]
            : dialled[match.Length..];
    }

    /// <summary>The national number in groups, as it is written for calls from abroad; as it is when the plan knows no groups for it.</summary>
    public string Grouped(string number) => Formats?.FirstOrDefault(format => format.Fits(number))?.Apply(number) ?? number;

    /// <summary>What the number is assigned to; null when to nothing.</summary>
    public PhoneNumberType? TypeOf(string number)
    {
        if (!Matches(number))
            return null;

        return (Has(PhoneNumberType.FixedLine, number), Has(PhoneNumberType.Mobile, number)) switch
        {
            (true, true) => PhoneNumberType.FixedLineOrMobile,
            (true, false) => PhoneNumberType.FixedLine,
            (false, true) => PhoneNumberType.Mobile,
            _ => OtherTypes.Where(type => Has(type, number)).Select(type => (PhoneNumberType?)type).FirstOrDefault(),
        };
    }

    private bool Has(PhoneNumberType type, string number) =>
        Ranges.TryGetValue(type, out var range) && (range.Lengths ?? Lengths).Contains(number.Length) && range.Matches(number);
}

/// <summary>The numbers of one kind.</summary>
internal sealed record NumberRange(string Pattern, IReadOnlyList<int>? Lengths)
{
    private readonly Lazy<Regex> whole = new(() => Patterns.Whole(Pattern));

    public bool Matches(string number) => whole.Value.IsMatch(number);
}

/// <summary>How some numbers of a plan are grouped.</summary>
internal sealed record NumberFormat(string Pattern, string? LeadingDigits, string Format)
{
    private readonly Lazy<Regex> whole = new(() => Patterns.Whole(Pattern));
    private readonly Lazy<Regex?> leading = new(() => LeadingDigits is null ? null : Patterns.Beginning(LeadingDigits));

    public bool Fits(string number) => leading.Value?.IsMatch(number) != false && whole.Value.IsMatch(number);

    public string Apply(string number) => whole.Value.Match(number).Result(Format);
}

/// <summary>The patterns come as data and meet what strangers type: matched without backtracking, in linear time.</summary>
internal static class Patterns
{
    private const RegexOptions Linear = RegexOptions.CultureInvariant | RegexOptions.NonBacktracking;

    public static Regex Whole(string pattern) => new($@"\A(?:{pattern})\z", Linear);

    public static Regex Beginning(string pattern) => new($@"\A(?:{pattern})", Linear);
}
