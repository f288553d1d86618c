namespace IdentityServer.UI.Emails;

/// <summary>What a mail says, in the order it is said.</summary>
internal sealed record EmailContent
{
    /// <summary>BCP 47.</summary>
    public required string Language { get; init; }

    /// <summary><c>ltr</c> or <c>rtl</c>.</summary>
    public required string Direction { get; init; }

    public required string Subject { get; init; }

    /// <summary>What lists of mails show after the subject.</summary>
    public required string Preheader { get; init; }

    public required string Heading { get; init; }

    public required string Lead { get; init; }

    public string? Code { get; init; }

    public string? CodeNote { get; init; }

    public EmailLink? Link { get; init; }

    public required IReadOnlyList<string> Notes { get; init; }

    public required string Footer { get; init; }
}

/// <summary>A link, as a button and to read.</summary>
internal sealed record EmailLink(string Address, string Lead, string Label, string Plain);
