namespace IdentityServer.UI.Pages.Admin;

/// <summary>The registry's sentences, each beside the field that it is about.</summary>
/// <param name="ByField">The first one of a field.</param>
/// <param name="Others">Those that belong to none.</param>
public sealed record FieldProblems(IReadOnlyDictionary<string, string> ByField, IReadOnlyList<string> Others)
{
    /// <summary>Nothing is wrong.</summary>
    public static FieldProblems None { get; } = new(new Dictionary<string, string>(StringComparer.Ordinal), []);

    /// <summary>What is wrong with a field; null when nothing is.</summary>
    public string? this[string field] => ByField.GetValueOrDefault(field);

    /// <summary>Sorts sentences such as <c>Application "x": RedirectUris: …</c>.</summary>
    /// <param name="problems">One sentence each.</param>
    /// <param name="fields">The form's fields, with words that a sentence about them may hold instead of the name.</param>
    public static FieldProblems Of(IEnumerable<string> problems, params (string Field, string[] Words)[] fields)
    {
        var sorted = new Dictionary<string, string>(StringComparer.Ordinal);
        var others = new List<string>();
        foreach (var problem in problems)
        {
            var text = problem.IndexOf("\": ", StringComparison.Ordinal) is var end and >= 0 ? problem[(end + 3)..] : problem;
            var field = Array.Find(fields, known => text.StartsWith(known.Field, StringComparison.Ordinal)).Field
                ?? Array.Find(fields, known => known.Words.Any(word => text.Contains(word, StringComparison.Ordinal))).Field;
            if (field is null || !sorted.TryAdd(field, text))
                others.Add(text);
        }

        return new(sorted, others);
    }
}

/// <summary>Lists in forms: one entry a line.</summary>
internal static class Lines
{
    public static string Join(IEnumerable<string> entries) => string.Join('\n', entries);

    public static IReadOnlyList<string> Split(string? text) => (text ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
