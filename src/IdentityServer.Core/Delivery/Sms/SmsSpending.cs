using System.Globalization;

namespace IdentityServer.Core.Delivery.Sms;

/// <summary>Section <c>Delivery:Sms</c>.</summary>
public sealed partial class SmsOptions
{
    /// <summary>
    /// Where text messages go: two-letter country codes (ISO 3166-1), e.g. <c>["DE", "IR"]</c>. Empty: no text message is sent. Numbers of other
    /// countries get the same page and no message: premium-rate fraud lives on countries where nobody is expected.
    /// </summary>
    public IList<string> Countries { get; set; } = [];

    /// <summary>What a text message to a country costs, by country code, in the currency of <see cref="Budget"/>, at least 0.0001. Every country of <see cref="Countries"/> has one.</summary>
    public IDictionary<string, decimal> Prices { get; set; } = new Dictionary<string, decimal>(StringComparer.OrdinalIgnoreCase);

    /// <summary>What text messages may cost.</summary>
    public SmsBudget Budget { get; set; } = new();

    internal IEnumerable<string> SpendingProblems()
    {
        foreach (var country in Countries)
        {
            if (country is not [>= 'A' and <= 'Z', >= 'A' and <= 'Z'])
                yield return $"Delivery:Sms:Countries: \"{country}\" is no country code such as DE.";
            else if (!Prices.TryGetValue(country, out var price))
                yield return $"Delivery:Sms:Prices:{country} is not set: a message that costs nothing would never reach the budget. Take the provider's price.";
            else if (price < SmsBudget.Unit || price > SmsBudget.Largest)
                yield return string.Create(CultureInfo.InvariantCulture, $"Delivery:Sms:Prices:{country} must be {SmsBudget.Unit} to {SmsBudget.Largest}.");
        }

        if (Countries.Count == 0)
            yield break;
        if (Budget.Day < SmsBudget.Unit || Budget.Day > SmsBudget.Largest)
            yield return "Delivery:Sms:Budget:Day is not set: say how much text messages may cost in a day, in the currency of Delivery:Sms:Prices.";
        if (Budget.Month < Budget.Day || Budget.Month > SmsBudget.Largest)
            yield return "Delivery:Sms:Budget:Month must be set and not be less than Delivery:Sms:Budget:Day.";
    }
}

/// <summary>Section <c>Delivery:Sms:Budget</c>: the end of spending, in any currency. What is spent is counted when a message is queued.</summary>
public sealed class SmsBudget
{
    internal const decimal Unit = 0.0001m;
    internal const decimal Largest = 1_000_000_000_000m;

    /// <summary>For a calendar day (UTC). Required with <c>Delivery:Sms:Countries</c>.</summary>
    public decimal Day { get; set; }

    /// <summary>For a calendar month (UTC). Required with <c>Delivery:Sms:Countries</c>.</summary>
    public decimal Month { get; set; }

    /// <summary>An amount as it is counted: prices are rounded up, so that a budget is never exceeded.</summary>
    internal static long Units(decimal amount) => (long)decimal.Ceiling(amount / Unit);
}
