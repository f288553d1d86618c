using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Core.Users.Phones;
using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.Core.Tests.Users.Phones;

/// <summary>The parser against libphonenumber-js, whose metadata the plans are made of: for every region, and for thousands of numbers at random.</summary>
public sealed class PhoneNumberInteropTests
{
    [Fact]
    public async Task Every_regions_example_is_read_as_libphonenumber_reads_it()
    {
        var examples = (await ReadAsync([])).Examples;

        Assert.True(examples.Count > 240, $"There are only {examples.Count} examples.");
        Assert.All(examples, example =>
        {
            foreach (var (text, region) in new[]
            {
                (example.E164, null), (example.International, null), ($"00{example.E164[1..]}", null), (example.National, example.Home),
                (example.International.Replace(' ', '-'), example.Home), ($"\u202A{example.International.Replace(' ', '\u00A0')}\u202C", null), (Arabic(example.National), example.Home),
            })
                Assert.Equal((text, example.E164), (text, PhoneNumberReader.Read(text, region)?.E164));
        });
    }

    [Fact]
    public async Task Every_regions_example_is_grouped_as_libphonenumber_groups_it()
    {
        var examples = (await ReadAsync([])).Examples;

        Assert.All(examples, example => Assert.Equal(example.International, PhoneNumber.Grouped(example.E164).Replace('\u00A0', ' ')));
    }

    [Fact]
    public async Task Numbers_at_random_are_read_as_libphonenumber_reads_them()
    {
        var examples = (await ReadAsync([])).Examples;
        var random = new Dice();
        var asked = examples.SelectMany(example => Enumerable.Range(0, 40).Select(_ => (Text: Scramble(example, random), Region: (string?)example.Home)))
            .Where(number => !number.Text.StartsWith("00", StringComparison.Ordinal))
            .ToList();

        var expected = (await ReadAsync(asked)).Read;

        Assert.True(expected.Count(answer => answer is not null) > 3000, "Too few of the numbers are any.");
        var different = asked.Zip(expected, (number, answer) => (number, Theirs: Show(answer), Ours: Show(PhoneNumberReader.Read(number.Text, number.Region))))
            // libphonenumber-js takes a region without mobile phones (Tristan da Cunha) for one that does not tell them apart; Google's own does not.
            .Where(pair => pair.number.Region != "TA" && pair.Theirs != pair.Ours).ToList();
        Assert.True(different.Count == 0, $"{different.Count} of {asked.Count}: {string.Join('\n', different.Take(20))}");
    }

    [Fact]
    public async Task The_plans_are_of_the_version_that_the_tests_compare_with()
    {
        var version = (await ReadAsync([])).Version;
        using var stream = typeof(PhoneNumber).Assembly.GetManifestResourceStream("IdentityServer.Core.Users.Phones.numbering-plans.json")!;
        using var plans = await JsonDocument.ParseAsync(stream);

        Assert.StartsWith($"libphonenumber-js {version},", plans.RootElement.GetProperty("source").GetString(), StringComparison.Ordinal);
    }

    // A few of the example's digits are others, in the national, the international or a bare form, sometimes cut or longer.
    private static string Scramble(Example example, Dice random)
    {
        var text = random.Next(3) switch
        {
            0 => example.National,
            1 => example.International,
            _ => example.E164[1..],
        };
        var places = Enumerable.Range(0, text.Length).Where(i => char.IsAsciiDigit(text[i])).ToArray();
        var changed = text.ToCharArray();
        for (var change = random.Next(4); change > 0; change--)
            changed[places[random.Next(places.Length)]] = (char)('0' + random.Next(10));

        text = new string(changed);
        return random.Next(8) switch
        {
            0 => text[..^1],
            1 => text + random.Next(10).ToString(CultureInfo.InvariantCulture),
            _ => text,
        };
    }

    private static string Arabic(string text) => string.Concat(text.Select(c => char.IsAsciiDigit(c) ? (char)('٠' + (c - '0')) : c));

    private static string Show(Answer? answer) => answer is null ? "" : $"{answer.E164} {answer.Region} {answer.Type.Replace("_", "", StringComparison.Ordinal)}".ToUpperInvariant();

    private static string Show(PhoneNumber? number) => number is null ? "" : $"{number.E164} {number.Region} {number.Type}".ToUpperInvariant();

    private static async Task<Result> ReadAsync(IReadOnlyList<(string Text, string? Region)> numbers)
    {
        var input = new JsonObject { ["read"] = new JsonArray([.. numbers.Select(number => (JsonNode)new JsonArray(number.Text, number.Region))]) };
        return (await Node.RunAsync("phone-numbers.mjs", input)).Deserialize<Result>(JsonSerializerOptions.Web)!;
    }

    // The same numbers at every run: Knuth's MMIX generator.
    private sealed class Dice
    {
        private ulong state = 1;

        public int Next(int bound) => (int)(((state = unchecked((state * 6364136223846793005) + 1442695040888963407)) >> 33) % (ulong)bound);
    }

    private sealed record Answer(string E164, string? Region, string Type);

    private sealed record Example(string E164, string Home, string National, string International);

    private sealed record Result(string Version, List<Example> Examples, List<Answer?> Read);
}
