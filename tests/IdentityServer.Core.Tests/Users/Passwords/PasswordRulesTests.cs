using IdentityServer.Core.Users.Passwords;
using Xunit;

namespace IdentityServer.Core.Tests.Users.Passwords;

/// <summary>What a new password must be, as a table.</summary>
public sealed class PasswordRulesTests
{
    private static readonly string?[] Anna = ["anna.miller@example.com", "+491701234567", "Anna Miller", null];

    [Theory]
    [InlineData("Vogel-beisst-3x", "")]
    [InlineData("T7!quomz", "")]
    [InlineData("T7!quom", "Length")]
    [InlineData("", "Length Upper Lower Digit Punctuation")]
    [InlineData("vogel-beisst-3x", "Upper")]
    [InlineData("VOGEL-BEISST-3X", "Lower")]
    [InlineData("Vogel-beisst-xx", "Digit")]
    [InlineData("Vogelbeisst3xyz", "Punctuation")]
    [InlineData("Ключ-от-двери-9", "")]
    [InlineData("Vogel-beisst-٣", "")]
    [InlineData("Vogel beisst 3€", "")]
    [InlineData("Vogel-beisst-3\u0000", "Visible")]
    [InlineData("Vogel-beisst-3\u202E", "Visible")]
    [InlineData("Vogel-beisst-3\uD800", "Visible")]
    [InlineData("Password1!", "Uncommon")]
    [InlineData("P@ssw0rd1!", "Uncommon")]
    [InlineData("Summer2026!", "Uncommon")]
    [InlineData("Qwertz123!", "Uncommon")]
    [InlineData("Пароль123!", "Uncommon")]
    [InlineData("DragonDragon1!", "Uncommon")]
    [InlineData("Aaaaaaaa1!", "Uncommon")]
    [InlineData("Abcdefgh1!", "Uncommon")]
    [InlineData("L1verp00l!!", "Uncommon")]
    [InlineData("Anna.Miller1", "Impersonal")]
    [InlineData("Miller2026?!", "Impersonal")]
    [InlineData("Anna-mag-7-Katzen-und-Tee", "")]
    [InlineData("Dragon-eats-9-violets", "")]
    public void A_password_breaks_these_rules(string typed, string expected)
    {
        var unmet = new PasswordRules(new PasswordOptions()).Unmet(typed, Anna);
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(), unmet.Select(rule => rule.ToString()).Order());
    }

    [Fact]
    public void Characters_are_counted_not_units_and_a_sentence_fits()
    {
        var rules = new PasswordRules(new PasswordOptions { RequireUpper = false, RequireLower = false, RequireDigit = false, RequirePunctuation = false });
        Assert.Equal([PasswordRule.Length], rules.Unmet("🐦🐝🦊🐢🐙🦉🐳", []));
        Assert.Empty(rules.Unmet("🐦🐝🦊🐢🐙🦉🐳🐞", []));
        Assert.Empty(rules.Unmet(string.Concat(Enumerable.Repeat("walrus 7 ", 14)), []));
        Assert.Equal([PasswordRule.Most], rules.Unmet(string.Concat(Enumerable.Repeat("walrus 7 ", 15)), []));
        Assert.Equal([PasswordRule.Length, PasswordRule.Uncommon, PasswordRule.Impersonal], rules.InForce);
    }

    // RFC 8265 §4.2.2
    [Theory]
    [InlineData("Zoe\u0308 7!", "Zo\u00EB 7!")]
    [InlineData("a\u00A0b\u3000c", "a b c")]
    [InlineData("Ａb", "Ａb")]
    [InlineData("", null)]
    [InlineData(null, null)]
    [InlineData("a\tb", null)]
    public void One_password_has_one_form(string? typed, string? expected) => Assert.Equal(expected, PasswordRules.Prepare(typed));

    [Theory]
    [InlineData(7, 1)]
    [InlineData(8, 0)]
    [InlineData(64, 0)]
    [InlineData(65, 1)]
    public void The_least_length_has_bounds(int length, int problems) =>
        Assert.Equal(problems, PasswordOptions.Problems(new PasswordOptions { MinLength = length }).Count());

    [Fact]
    public void The_list_holds_thousands_in_small_letters_once_each()
    {
        using var stream = typeof(PasswordRules).Assembly.GetManifestResourceStream("IdentityServer.Core.Users.Passwords.common-passwords.txt")!;
        using var reader = new StreamReader(stream);
        var entries = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#').ToList();
        Assert.InRange(entries.Count, 3_000, 10_000);
        Assert.Equal(entries.Count, entries.Distinct(StringComparer.Ordinal).Count());
        Assert.All(entries, entry => Assert.Equal(entry.ToLowerInvariant(), entry));
    }
}
