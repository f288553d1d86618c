namespace IdentityServer.UI.Messages;

/// <summary>How messages look: of the section <c>Brand</c>.</summary>
public sealed class MessageBrand
{
    /// <summary>The name that people know the service by.</summary>
    public string Name { get; set; } = "IdentityServer";

    /// <summary>The colour of the button, <c>#rrggbb</c>.</summary>
    public string PrimaryColor { get; set; } = "#3b4fd8";
}
