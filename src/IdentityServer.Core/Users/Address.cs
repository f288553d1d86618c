using System.Globalization;
using System.Text;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users.Phones;

namespace IdentityServer.Core.Users;

/// <summary>
/// Something that a message can be sent to: an e-mail address or a phone number. The one place that tells them apart and gives each its one form.
/// </summary>
public sealed record Address
{
    /// <summary>RFC 5321 §4.5.3.1.3: a path is 256 octets with its angle brackets.</summary>
    public const int MaxLength = 254;

    private const int MaxTyped = 320;
    private const int MaxLocalPart = 64;

    private Address(Channel channel, string value, string? region)
    {
        Channel = channel;
        Value = value;
        Region = region;
    }

    /// <summary>How messages travel to it.</summary>
    public Channel Channel { get; }

    /// <summary>
    /// The normalised form. E-mail: NFKC, the domain in ASCII lower case; the part before the @ keeps its case and plus-tag: only its owner knows
    /// whether they matter. Phone: E.164, e.g. <c>+491701234567</c>.
    /// </summary>
    public string Value { get; }

    /// <summary>A phone number's region, ISO 3166-1 alpha-2; null for e-mail.</summary>
    public string? Region { get; }

    /// <summary>How a user with this address is found, under a unique index: ASP.NET Core Identity's normalised form of e-mail, a number as it is.</summary>
    public string LookupKey => Channel == Channel.Email ? Value.ToUpperInvariant() : Value;

    /// <summary>What limits count: without case and plus-tag, or one mailbox would have as many budgets as it has spellings.</summary>
    public string LimitKey
    {
        get
        {
            if (Channel == Channel.Sms)
                return Value;

            var at = Value.LastIndexOf('@');
            var local = Value[..at];
            var tag = local.IndexOf('+', StringComparison.Ordinal);
            return (tag > 0 ? local[..tag] : local).ToUpperInvariant() + Value[at..].ToUpperInvariant();
        }
    }

    /// <summary>Whether numbers can be written as they are dialled in this region (ISO 3166-1 alpha-2).</summary>
    public static bool IsRegion(string region) => NumberingPlans.All.Of(region) is not null;

    /// <summary>Reads what was typed; null when nothing can be sent to it.</summary>
    /// <param name="typed">An e-mail address or a phone number.</param>
    /// <param name="defaultRegion">Where a number without calling code is; null: such numbers are not read.</param>
    public static Address? Parse(string? typed, string? defaultRegion = null) => (Read(typed, defaultRegion) as AddressReading.Usable)?.Address;

    /// <summary>Reads what was typed. Depends on nothing but the parameters, so that the answer tells nothing of who has an account.</summary>
    public static AddressReading Read(string? typed, string? defaultRegion = null)
    {
        if (typed?.Trim() is not { Length: > 0 and <= MaxTyped } trimmed || HasBrokenPairs(trimmed))
            return new AddressReading.None();

        var text = trimmed.Normalize(NormalizationForm.FormKC);
        if (text.Contains('@', StringComparison.Ordinal))
            return trimmed.EnumerateRunes().All(IsVisible) && Email(text) is { } email ? new AddressReading.Usable(email) : new AddressReading.None();

        return PhoneNumberReader.Read(text, defaultRegion) switch
        {
            null => new AddressReading.None(),
            { ReceivesMessages: false } => new AddressReading.NoMessages(),
            { } number => new AddressReading.Usable(new Address(Channel.Sms, number.E164, number.Region)),
        };
    }

    /// <summary>Never the address itself: what is printed ends up in logs.</summary>
    public override string ToString() => $"{Channel} address";

    private static Address? Email(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        if (at < 1 || at != text.LastIndexOf('@'))
            return null;

        var local = text[..at];
        if (!IsLocalPart(local) || DomainOf(text[(at + 1)..]) is not { } domain)
            return null;

        var value = $"{local}@{domain}";
        return Encoding.UTF8.GetByteCount(value) <= MaxLength ? new Address(Channel.Email, value, region: null) : null;
    }

    // Invisible characters make two addresses look like one; U+FFFD also stands for a broken surrogate pair.
    private static bool IsVisible(Rune rune) => rune.Value != 0xFFFD && Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    // RFC 5322 §3.2.3 dot-atom, with RFC 6531's letters; quoted forms are refused: they smuggle spaces, commas and brackets into headers.
    private static bool IsLocalPart(string local) =>
        Encoding.UTF8.GetByteCount(local) <= MaxLocalPart
        && local[0] != '.' && local[^1] != '.' && !local.Contains("..", StringComparison.Ordinal)
        && local.EnumerateRunes().All(rune => Rune.IsLetterOrDigit(rune) || IsMark(rune) || (rune.IsAscii && ".!#$%&'*+-/=?^_`{|}~".Contains((char)rune.Value, StringComparison.Ordinal)));

    // Normalising throws on half a surrogate pair.
    private static bool HasBrokenPairs(string text) => text.EnumerateRunes().Any(rune => rune == Rune.ReplacementChar);

    private static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    private static string? DomainOf(string domain)
    {
        try
        {
            var ascii = new IdnMapping { UseStd3AsciiRules = true }.GetAscii(domain.ToLowerInvariant()).ToLowerInvariant();
            var labels = ascii.Split('.');
            var sound = labels.Length >= 2 && labels.All(IsLabel) && !labels[^1].All(char.IsAsciiDigit);
            return sound ? ascii : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-' && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
}

/// <summary>What was typed, read.</summary>
public abstract record AddressReading
{
    private AddressReading()
    {
    }

    /// <summary>A message can be sent to it.</summary>
    public sealed record Usable(Address Address) : AddressReading;

    /// <summary>A phone number, but of a kind that is sent no text messages: a fixed line, a premium number…</summary>
    public sealed record NoMessages : AddressReading;

    /// <summary>No address at all.</summary>
    public sealed record None : AddressReading;
}
