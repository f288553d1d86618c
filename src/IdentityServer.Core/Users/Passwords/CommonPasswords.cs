using System.Collections.Frozen;

namespace IdentityServer.Core.Users.Passwords;

/// <summary>
/// The passwords that are tried first, bundled: <c>common-passwords.txt</c>, and what people make of them to please a rule: <c>P@ssw0rd1!</c> is
/// <c>password</c> with a mask and a tail.
/// </summary>
internal static class CommonPasswords
{
    // A longer tail is worth something by itself.
    private const int LongestTail = 6;

    private static readonly Lazy<FrozenSet<string>> Known = new(Load);

    /// <summary>Whether it is one of them, or one of them with little around it.</summary>
    public static bool Holds(string password)
    {
        var lower = password.ToLowerInvariant();
        if (IsKnown(lower) || IsMonotonous(lower))
            return true;

        // Both ends are stripped before and after the mask is taken off: a digit at the end may be a tail or a letter.
        return new[] { Strip(lower), Strip(Unmask(lower)), Unmask(Strip(lower)), Unmask(lower) }
            .Any(core => core.Length > 0 && lower.Length - core.Length <= LongestTail && (IsKnown(core) || IsMonotonous(core)));
    }

    private static bool IsKnown(string text) => Known.Value.Contains(text) || IsTwice(text);

    // "dragondragon"
    private static bool IsTwice(string text) =>
        text.Length % 2 == 0 && text.Length >= 6 && text[..(text.Length / 2)] == text[(text.Length / 2)..] && Known.Value.Contains(text[..(text.Length / 2)]);

    // "aaaaaaaa", "abababab", "12345678", "hgfedcba": of two signs, or each the next.
    private static bool IsMonotonous(string text) =>
        text.Length >= 4 && (text.Distinct().Count() <= 2 || IsRun(text, 1) || IsRun(text, -1));

    private static bool IsRun(string text, int step) => text.Zip(text.Skip(1)).All(pair => pair.Second - pair.First == step);

    private static string Strip(string text) => text.Trim([.. text.Where(sign => !char.IsLetter(sign)).Distinct()]);

    private static string Unmask(string text) => string.Concat(text.Select(sign => sign switch
    {
        '@' or '4' => 'a',
        '3' or '€' => 'e',
        '1' or '!' or '|' => 'i',
        '0' => 'o',
        '$' or '5' => 's',
        '7' or '+' => 't',
        _ => sign,
    }));

    private static FrozenSet<string> Load()
    {
        using var stream = typeof(CommonPasswords).Assembly.GetManifestResourceStream("IdentityServer.Core.Users.Passwords.common-passwords.txt")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(line => line[0] != '#')
            .ToFrozenSet(StringComparer.Ordinal);
    }
}
