namespace IdentityServer.Commands;

/// <summary>A table in plain text.</summary>
internal static class Columns
{
    /// <summary>Rows of equally many cells, the first of them the heading, with columns as wide as needed.</summary>
    public static string Align(IReadOnlyList<string[]> rows)
    {
        var widths = rows[0].Select((_, column) => rows.Max(row => row[column].Length)).ToArray();
        return string.Join(Environment.NewLine, rows.Select(row => string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd()));
    }
}
