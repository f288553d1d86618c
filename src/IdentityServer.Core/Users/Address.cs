using System.Globalization;
using System.Text;
using IdentityServer.Core.Persistence.Tables;

namespace IdentityServer.Core.Users;

/// <summary>
/// Something that a message can be sent to: the one place that decides what kind of address was typed. E-mail now; a phone number would be told
/// apart here and nowhere else.
/// </summary>
public sealed record Address
{
    /// <summary>RFC 5321 §4.5.3.1.3: a path is 256 octets with its angle brackets.</summary>
    public const int MaxLength = 254;

    private const int MaxTyped = 320;
    private const int MaxLocalPart = 64;

    private Address(Channel channel, string value)
    {
        Channel = channel;
        Value = value;
    }

    /// <summary>How messages travel to it.</summary>
    public Channel Channel { get; }

    /// <summary>The normalised form: NFKC, the domain in ASCII lower case. The part before the @ keeps its case: only its owner knows whether it matters.</summary>
    public string Value { get; }

    /// <summary>How a user with this address is found: ASP.NET Core Identity's normalised form, under a unique index.</summary>
    public string LookupKey => Value.ToUpperInvariant();

    /// <summary>What limits count: without case and plus-tag, or one mailbox would have as many budgets as it has spellings.</summary>
    public string LimitKey
    {
        get
        {
            var at = Value.LastIndexOf('@');
            var local = Value[..at];
            var tag = local.IndexOf('+', StringComparison.Ordinal);
            return (tag > 0 ? local[..tag] : local).ToUpperInvariant() + Value[at..].ToUpperInvariant();
        }
    }

    /// <summary>Reads what was typed; null when nothing can be sent to it.</summary>
    public static Address? Parse(string? typed)
    {
        if (typed?.Trim() is not { Length: > 0 and <= MaxTyped } trimmed || !trimmed.EnumerateRunes().All(IsVisible))
            return null;

        var text = trimmed.Normalize(NormalizationForm.FormKC);
        var at = text.IndexOf('@', StringComparison.Ordinal);
        if (at < 1 || at != text.LastIndexOf('@'))
            return null;

        var local = text[..at];
        if (!IsLocalPart(local) || DomainOf(text[(at + 1)..]) is not { } domain)
            return null;

        var value = $"{local}@{domain}";
        return Encoding.UTF8.GetByteCount(value) <= MaxLength ? new Address(Channel.Email, value) : null;
    }

    /// <summary>Never the address itself: what is printed ends up in logs.</summary>
    public override string ToString() => $"{Channel} address";

    // Invisible characters make two addresses look like one; U+FFFD also stands for a broken surrogate pair.
    private static bool IsVisible(Rune rune) => rune.Value != 0xFFFD && Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    // RFC 5322 §3.2.3 dot-atom, with RFC 6531's letters; quoted forms are refused: they smuggle spaces, commas and brackets into headers.
    private static bool IsLocalPart(string local) =>
        Encoding.UTF8.GetByteCount(local) <= MaxLocalPart
        && local[0] != '.' && local[^1] != '.' && !local.Contains("..", StringComparison.Ordinal)
        && local.EnumerateRunes().All(rune => Rune.IsLetterOrDigit(rune) || IsMark(rune) || (rune.IsAscii && ".!#$%&'*+-/=?^_`{|}~".Contains((char)rune.Value, StringComparison.Ordinal)));

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
