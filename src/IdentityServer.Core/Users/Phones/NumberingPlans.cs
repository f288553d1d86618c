using System.Text.Json;
using System.Text.Json.Serialization;

namespace IdentityServer.Core.Users.Phones;

/// <summary>The world's numbering plans, from the embedded <c>numbering-plans.json</c>.</summary>
internal sealed class NumberingPlans
{
    private const string Resource = "IdentityServer.Core.Users.Phones.numbering-plans.json";
    private const int LongestCallingCode = 3;

    private static readonly Lazy<NumberingPlans> Embedded = new(Load);

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    private readonly Data data;

    private NumberingPlans(Data data) => this.data = data;

    public static NumberingPlans All => Embedded.Value;

    /// <summary>The plan of a region by its ISO 3166-1 alpha-2 code; null when there is none.</summary>
    public NumberingPlan? Of(string region) => data.Regions.GetValueOrDefault(region);

    /// <summary>Splits a number after its calling code, of which none begins another; null when no plan has it.</summary>
    public (string CallingCode, string Number)? Split(string international)
    {
        for (var length = 1; length <= LongestCallingCode && length < international.Length; length++)
        {
            var code = international[..length];
            if (data.CallingCodes.ContainsKey(code) || data.NonGeographic.ContainsKey(code))
                return (code, international[length..]);
        }

        return null;
    }

    /// <summary>The plan whose prefixes hold wherever the calling code is used: the first region's.</summary>
    public NumberingPlan Main(string callingCode) =>
        data.CallingCodes.TryGetValue(callingCode, out var regions) ? data.Regions[regions[0]] : data.NonGeographic[callingCode];

    /// <summary>The region that a national number of a shared calling code belongs to; null when to none.</summary>
    public string? RegionOf(string callingCode, string number)
    {
        if (!data.CallingCodes.TryGetValue(callingCode, out var regions))
            return null;

        return regions.Count == 1 ? regions[0] : regions.FirstOrDefault(region => data.Regions[region].Leads(number) ?? data.Regions[region].TypeOf(number) is not null);
    }

    private static NumberingPlans Load()
    {
        using var stream = typeof(NumberingPlans).Assembly.GetManifestResourceStream(Resource)!;
        return new NumberingPlans(JsonSerializer.Deserialize<Data>(stream, Format)!);
    }

    private sealed record Data(
        Dictionary<string, IReadOnlyList<string>> CallingCodes, Dictionary<string, NumberingPlan> Regions, Dictionary<string, NumberingPlan> NonGeographic);
}
