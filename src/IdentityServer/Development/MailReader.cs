using System.Text;
using System.Text.RegularExpressions;

namespace IdentityServer.Development;

/// <summary>
/// Reads the mails that the file sender writes: MIME (RFC 2045 to 2047) as far as that goes, and no further. Not for
/// mails from elsewhere.
/// </summary>
internal static partial class MailReader
{
    /// <summary>A part of a mail, or the whole of it.</summary>
    private sealed record Part(Dictionary<string, string> Headers, string Body);

    public static InboxMail Read(Guid id, string eml, DateTimeOffset at)
    {
        var mail = Split(eml);
        var leaves = Leaves(mail).ToList();
        var text = Content(leaves, "text/plain") ?? "";
        return new InboxMail(
            id,
            Header(mail, "To"),
            Header(mail, "Subject"),
            text,
            Content(leaves, "text/html"),
            CodeLine().Match(text) is { Success: true } code ? code.Value : null,
            LinkLine().Match(text) is { Success: true } link ? link.Value : null,
            at);
    }

    /// <summary>A text message as the file sender writes it; its code stands in the last line, <c>@host #code</c>.</summary>
    public static InboxMail ReadText(Guid id, string source, DateTimeOffset at)
    {
        var message = Split(source);
        var text = message.Body.TrimEnd('\n') + "\n";
        return new InboxMail(id, Header(message, "To"), text.Split('\n')[0], text, null, AutofillCode().Match(text) is { Success: true } code ? code.Groups["code"].Value : null, null, at);
    }

    private static Part Split(string source)
    {
        var lines = source.ReplaceLineEndings("\n");
        var end = lines.IndexOf("\n\n", StringComparison.Ordinal);
        var (head, body) = end < 0 ? (lines, "") : (lines[..end], lines[(end + 2)..]);
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        // RFC 5322, section 2.2.3: a line that begins with white space goes on with the one before.
        foreach (var line in Folding().Replace(head, " ").Split('\n'))
        {
            if (line.IndexOf(':', StringComparison.Ordinal) is var colon and > 0)
                headers.TryAdd(line[..colon], line[(colon + 1)..].Trim());
        }

        return new Part(headers, body);
    }

    private static IEnumerable<Part> Leaves(Part part)
    {
        var boundary = Boundary().Match(part.Headers.GetValueOrDefault("Content-Type", ""));
        if (!boundary.Success)
            return [part];
        // What stands before the first boundary and after the last is for programs without MIME.
        return part.Body.Split($"--{boundary.Groups["value"].Value}").Skip(1)
            .TakeWhile(inner => !inner.StartsWith("--", StringComparison.Ordinal))
            .SelectMany(inner => Leaves(Split(inner.TrimStart('\n', ' ', '\t'))));
    }

    private static string? Content(List<Part> leaves, string type)
    {
        var part = leaves.Find(leaf => leaf.Headers.GetValueOrDefault("Content-Type", "text/plain").StartsWith(type, StringComparison.OrdinalIgnoreCase));
        return part is null ? null : Decode(part.Body, part.Headers.GetValueOrDefault("Content-Transfer-Encoding", "")).ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
    }

    private static string Decode(string body, string encoding) => encoding.ToUpperInvariant() switch
    {
        "BASE64" => Encoding.UTF8.GetString(Convert.FromBase64String(body)),
        "QUOTED-PRINTABLE" => QuotedPrintable(body.Replace("=\n", "", StringComparison.Ordinal)),
        _ => body,
    };

    private static string Header(Part part, string name)
    {
        // RFC 2047, section 6.2: white space between two encoded words is not shown.
        var value = BetweenWords().Replace(part.Headers.GetValueOrDefault(name, ""), "");
        return EncodedWord().Replace(value, word => word.Groups["encoding"].Value is "B" or "b"
            ? Encoding.UTF8.GetString(Convert.FromBase64String(word.Groups["text"].Value))
            : QuotedPrintable(word.Groups["text"].Value.Replace('_', ' ')));
    }

    private static string QuotedPrintable(string text)
    {
        using var bytes = new MemoryStream();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '=' && i + 2 < text.Length && char.IsAsciiHexDigit(text[i + 1]) && char.IsAsciiHexDigit(text[i + 2]))
            {
                bytes.WriteByte(Convert.FromHexString(text.AsSpan(i + 1, 2))[0]);
                i += 2;
            }
            else
            {
                bytes.Write(Encoding.UTF8.GetBytes(text, i, 1));
            }
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private const RegexOptions Plain = RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;

    [GeneratedRegex(@"\n[ \t]+", Plain, 1000)]
    private static partial Regex Folding();

    [GeneratedRegex("""^multipart/[^;]+;.*boundary="?(?<value>[^";]+)""", Plain | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Boundary();

    [GeneratedRegex(@"(?<=\?=)\s+(?==\?)", Plain, 1000)]
    private static partial Regex BetweenWords();

    [GeneratedRegex(@"=\?utf-8\?(?<encoding>[bBqQ])\?(?<text>[^?]*)\?=", Plain | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex EncodedWord();

    [GeneratedRegex("^[0-9]{4,10}(?=\r?$)", Plain | RegexOptions.Multiline, 1000)]
    private static partial Regex CodeLine();

    [GeneratedRegex("^@[^ ]+ #(?<code>[0-9]{4,10})$", Plain | RegexOptions.Multiline, 1000)]
    private static partial Regex AutofillCode();

    [GeneratedRegex("^https?://[^ \r\n]+", Plain | RegexOptions.Multiline, 1000)]
    private static partial Regex LinkLine();
}
