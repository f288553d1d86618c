namespace IdentityServer.Core;

/// <summary>Helps who mistyped a name in the configuration.</summary>
public static class NearestName
{
    /// <summary>E.g. <c>did you mean "SignIn"?</c>; when nothing is near, all the names that there are, if they are few.</summary>
    public static string Advice(string name, IEnumerable<string> known)
    {
        var names = known.Order(StringComparer.Ordinal).ToArray();
        var nearest = names.MinBy(candidate => Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant()))!;
        return Distance(name.ToUpperInvariant(), nearest.ToUpperInvariant()) <= 2 + (name.Length / 4) || names.Length > MostListed
            ? $"did you mean \"{nearest}\"?"
            : $"there are {string.Join(", ", names)}";
    }

    private const int MostListed = 40;

    // Levenshtein's distance, one row at a time.
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(cost, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
