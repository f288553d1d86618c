using IdentityServer.Core.Users;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Proofs;

/// <summary>
/// Addresses whose code is always the same and to which nothing is sent, for reviewers of app stores and for automation: section
/// <c>SignIn:TestAddresses:{address}</c>. Whoever knows address and code signs in, so each has an end.
/// </summary>
public sealed class TestAddress
{
    /// <summary>The fixed code, of as many digits as <c>SignIn:CodeLength</c>.</summary>
    public string Code { get; set; } = "";

    /// <summary>When it stops working, with its time zone, e.g. <c>2027-01-31T00:00:00Z</c>: at most a year ahead. May be left out in Development only.</summary>
    public DateTimeOffset? EndsAt { get; set; }
}

/// <summary>Finds the test addresses that are in force.</summary>
internal sealed class TestAddresses
{
    private readonly Dictionary<string, TestAddress> known = new(StringComparer.Ordinal);

    public TestAddresses(IOptions<SignInOptions> settings, ILogger<TestAddresses> logger)
    {
        var options = settings.Value;
        foreach (var (typed, test) in options.TestAddresses)
        {
            if (Address.Parse(typed, options.DefaultRegion) is { } address)
                known[address.LookupKey] = test;
        }

        if (known.Count > 0)
            logger.LogWarning("SignIn:TestAddresses holds {Count} addresses with fixed codes; who knows one signs in with it until it ends.", known.Count);
    }

    /// <summary>The test address, while it is one; null for all others.</summary>
    public TestAddress? Find(Address address, DateTimeOffset now) =>
        known.TryGetValue(address.LookupKey, out var test) && (test.EndsAt is not { } end || end > now) ? test : null;

    /// <summary>What the audit log says of it; null for all other addresses.</summary>
    public IReadOnlyDictionary<string, string>? Facts(Address address, DateTimeOffset now) =>
        Find(address, now) is null ? null : new Dictionary<string, string>(StringComparer.Ordinal) { ["test"] = "true" };
}

/// <summary>Stops the start for test addresses that could stay open unnoticed.</summary>
internal sealed class TestAddressRules(IHostEnvironment environment, TimeProvider time) : IValidateOptions<SignInOptions>
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(366);

    public ValidateOptionsResult Validate(string? name, SignInOptions options)
    {
        List<string> problems = [.. options.TestAddresses.SelectMany(pair => Problems(pair.Key, pair.Value, options)), .. Twice(options)];
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private IEnumerable<string> Problems(string typed, TestAddress test, SignInOptions options)
    {
        var section = $"SignIn:TestAddresses:{typed}";
        if (Address.Parse(typed, options.DefaultRegion) is null)
            yield return $"{section}: this is neither an e-mail address nor a phone number that receives messages.";
        if (test.Code.Length != options.CodeLength || !test.Code.All(char.IsAsciiDigit))
            yield return $"{section}:Code must be made of as many digits as SignIn:CodeLength says ({options.CodeLength}).";
        if (environment.IsDevelopment())
            yield break;

        var now = time.GetUtcNow();
        if (test.EndsAt is not { } end)
            yield return $"{section}:EndsAt is missing: outside Development a fixed code must have an end, e.g. {now.AddMonths(1):yyyy-MM-dd}T00:00:00Z.";
        else if (end <= now)
            yield return $"{section}:EndsAt is over: remove the address, or give it a new end.";
        else if (end > now + Longest)
            yield return $"{section}:EndsAt must be at most a year ahead.";
    }

    private static IEnumerable<string> Twice(SignInOptions options) =>
        options.TestAddresses.Keys
            .GroupBy(typed => Address.Parse(typed, options.DefaultRegion)?.LookupKey, StringComparer.Ordinal)
            .Where(same => same.Key is not null && same.Count() > 1)
            .Select(same => $"SignIn:TestAddresses: {string.Join(" and ", same)} are the same address.");
}
