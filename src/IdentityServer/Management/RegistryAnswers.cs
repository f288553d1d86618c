using System.Text.Json;
using System.Text.RegularExpressions;
using IdentityServer.Core.Administration;
using IdentityServer.Protocol.Model;

namespace IdentityServer.Management;

/// <summary>What a change of applications or scopes is answered with.</summary>
internal static partial class RegistryAnswers
{
    // The rules speak of settings by their names in configuration; on the wire they are in snake case.
    private static readonly Dictionary<string, string> Fields = typeof(Application).GetProperties().Concat(typeof(Scope).GetProperties())
        .Select(property => property.Name).Append("ExpiresAt").Distinct(StringComparer.Ordinal)
        .ToDictionary(name => name, JsonNamingPolicy.SnakeCaseLower.ConvertName, StringComparer.Ordinal);

    /// <summary>The error; null when the change was made.</summary>
    public static IResult? Refusal(this RegistryChange change) => change switch
    {
        RegistryChange.Done => null,
        RegistryChange.Stale => ETags.Stale(),
        RegistryChange.Refused(var reason) => Problem.Of(StatusCodes.Status409Conflict, "conflict", reason),
        RegistryChange.Invalid(var problems) => Problem.Fields(ByField(problems)),
        _ => Problem.NotFound(),
    };

    internal static Dictionary<string, string[]> ByField(IEnumerable<string> problems) => problems
        .Select(problem => Subject().Replace(problem, ""))
        .GroupBy(problem => Word().Matches(problem).Select(word => Fields.GetValueOrDefault(word.Value)).FirstOrDefault(field => field is not null) ?? Guess(problem), StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.Select(OnTheWire).ToArray(), StringComparer.Ordinal);

    private static string Guess(string problem) =>
        problem.Contains("redirect URI", StringComparison.Ordinal) ? "redirect_uris"
        : problem.Contains("client_credentials", StringComparison.Ordinal) ? "grant_types"
        : problem.Contains("a name is", StringComparison.Ordinal) ? "name"
        : "type";

    private static string OnTheWire(string problem) => Word().Replace(problem, word => Fields.GetValueOrDefault(word.Value, word.Value));

    [GeneratedRegex("^(?:Application|Scope) \".*?\": ", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Subject();

    // Not in quotes: that is what was sent.
    [GeneratedRegex("(?<![\"\\w])[A-Z][a-z]+(?:[A-Z][a-z]+)*(?![\"\\w])", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Word();
}
