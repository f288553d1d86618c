using IdentityServer.Core.Users.Phones;

namespace IdentityServer.UI.Pages;

/// <summary>A word above a form: what went wrong, or what went well. Shown by <c>Shared/_Notice</c>.</summary>
/// <param name="Text">The words.</param>
/// <param name="IsProblem">Read out at once by screen readers.</param>
public sealed record Notice(string Text, bool IsProblem = true);

/// <summary>A mistake in a form's one field, beside it. Shown by <c>Shared/_FieldError</c>, and read out with the field.</summary>
/// <param name="Id">Of the element, for <c>aria-describedby</c>.</param>
/// <param name="Text">The words; null when there is no mistake.</param>
public sealed record FieldError(string Id, string? Text);

/// <summary>A person in a line. Shown by <c>Shared/_Person</c>.</summary>
public sealed record Person(string? Name, string? Address)
{
    /// <summary>What stands first.</summary>
    public string Title => string.IsNullOrWhiteSpace(Name) ? Shown ?? "" : Name;

    /// <summary>What stands below; null when it would repeat the title.</summary>
    public string? Subtitle => string.IsNullOrWhiteSpace(Name) ? null : Shown;

    /// <summary>One letter for the round picture.</summary>
    public string Initial => Title.Length == 0 ? "" : System.Globalization.StringInfo.GetNextTextElement(Title).ToUpperInvariant();

    private string? Shown => Address is null ? null : PhoneNumber.Grouped(Address);
}
