using System.ComponentModel.DataAnnotations;

namespace IdentityServer.UI.Branding;

/// <summary>How the pages look: the section <c>Brand</c>.</summary>
public sealed class BrandOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Brand";

    /// <summary>The name that people know the service by.</summary>
    [Required, StringLength(60)]
    public string Name { get; set; } = "IdentityServer";

    /// <summary>A picture instead of this server's mark, shown 40 pixels high: an https address or a path of this host.</summary>
    [RegularExpression(@"(https://|/(?!/))[^\s""'<>;,\\]+", ErrorMessage = "Brand:LogoUrl must be an https address or start with a single slash.")]
    public string? LogoUrl { get; set; }

    /// <summary>The colour of buttons and links, e.g. <c>#3b4fd8</c>. Shades that are readable on light and dark are made from it.</summary>
    [Required, RegularExpression("#[0-9A-Fa-f]{6}", ErrorMessage = "Brand:PrimaryColor must be a colour like #3b4fd8.")]
    public string PrimaryColor { get; set; } = "#3b4fd8";

    /// <summary>Where people find help.</summary>
    [EmailAddress]
    public string? SupportEmail { get; set; }

    /// <summary>The terms that a new person accepts.</summary>
    [RegularExpression(@"(https://|/(?!/))\S+", ErrorMessage = "Brand:TermsUrl must be an https address or start with a single slash.")]
    public string? TermsUrl { get; set; }

    /// <summary>How personal data is treated.</summary>
    [RegularExpression(@"(https://|/(?!/))\S+", ErrorMessage = "Brand:PrivacyUrl must be an https address or start with a single slash.")]
    public string? PrivacyUrl { get; set; }
}
