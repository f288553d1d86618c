namespace IdentityServer.UI.Emails;

/// <summary>The text part.</summary>
internal static class EmailText
{
    public static string Write(EmailContent content)
    {
        List<string> paragraphs = [content.Heading, content.Lead];
        if (content.Code is { } code)
            paragraphs.AddRange([code, content.CodeNote!]);
        if (content.Link is { } link)
            paragraphs.AddRange([link.Lead, link.Address]);
        paragraphs.AddRange(content.Notes);
        // The separator of a signature (RFC 3676, section 4.3).
        paragraphs.Add($"-- \n{content.Footer}");
        return string.Join("\n\n", paragraphs) + "\n";
    }
}
