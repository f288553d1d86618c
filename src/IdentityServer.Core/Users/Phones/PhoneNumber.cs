namespace IdentityServer.Core.Users.Phones;

/// <summary>What a number is assigned to, as libphonenumber tells kinds apart.</summary>
public enum PhoneNumberType
{
    /// <summary>A line into a building.</summary>
    FixedLine,

    /// <summary>A mobile phone.</summary>
    Mobile,

    /// <summary>The plan does not tell the two apart, e.g. in North America.</summary>
    FixedLineOrMobile,

    /// <summary>Free for the caller.</summary>
    TollFree,

    /// <summary>Dear for the caller.</summary>
    PremiumRate,

    /// <summary>The caller and the called share the cost.</summary>
    SharedCost,

    /// <summary>Follows a person from line to line, often at a high price.</summary>
    PersonalNumber,

    /// <summary>A line over the Internet, rented by anybody by the thousand.</summary>
    Voip,

    /// <summary>A pager.</summary>
    Pager,

    /// <summary>One number for all of a company.</summary>
    Uan,

    /// <summary>A voice mail box.</summary>
    Voicemail,
}

/// <summary>A valid phone number.</summary>
/// <param name="E164">E.g. <c>+491701234567</c> (ITU-T E.164): one form for every way to write it.</param>
/// <param name="Region">ISO 3166-1 alpha-2, e.g. <c>DE</c>; null for satellite and international networks.</param>
/// <param name="Type">What it is assigned to.</param>
public sealed record PhoneNumber(string E164, string? Region, PhoneNumberType Type)
{
    /// <summary>
    /// Whether text messages are sent to it. Not to lines that have no screen, and not to those that fraudsters rent to be sent messages
    /// (SMS pumping): VoIP, personal and premium numbers, satellite networks.
    /// </summary>
    public bool ReceivesMessages => Region is not null && Type is PhoneNumberType.Mobile or PhoneNumberType.FixedLineOrMobile;

    /// <summary>
    /// A number to be read, e.g. <c>+49 170 1234567</c>: grouped as in its country, by no-break spaces; as it is when it is none (an e-mail address, say). Whoever copies it
    /// can type it in as it is.
    /// </summary>
    public static string Grouped(string e164) =>
        e164.StartsWith('+') && !e164.AsSpan(1).ContainsAnyExceptInRange('0', '9') && NumberingPlans.All.Split(e164[1..]) is var (code, number)
            ? $"+{code} {NumberingPlans.All.Main(code).Grouped(number)}".Replace(' ', '\u00A0')
            : e164;

    /// <summary>Never the number itself: what is printed ends up in logs.</summary>
    public override string ToString() => $"{Type} number of {Region}";
}
