using System.Collections.Frozen;
using Microsoft.AspNetCore.Razor.TagHelpers;

namespace IdentityServer.UI.Components;

/// <summary><c>&lt;icon name="mail" /&gt;</c>: a small line drawing in the colour of the text; screen readers pass over it.</summary>
[HtmlTargetElement("icon", TagStructure = TagStructure.WithoutEndTag)]
public sealed class IconTagHelper : TagHelper
{
    private static readonly FrozenDictionary<string, string> Drawings = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["alert"] = """<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5"/><path d="M12 16.2v.1"/>""",
        ["apps"] = """<rect x="4" y="4" width="6.500" height="6.500" rx="1.500"/><rect x="13.500" y="4" width="6.500" height="6.500" rx="1.500"/><rect x="4" y="13.500" width="6.500" height="6.500" rx="1.500"/><rect x="13.500" y="13.500" width="6.500" height="6.500" rx="1.500"/>""",
        ["back"] = """<path d="m14.5 6-6 6 6 6"/>""",
        ["download"] = """<path d="M12 4v11"/><path d="m7.500 10.800 4.500 4.500 4.500-4.500"/><path d="M4.500 19.500h15"/>""",
        ["gift"] = """<rect x="4" y="9" width="16" height="4" rx="1"/><path d="M5.500 13v5.500a1.500 1.500 0 0 0 1.500 1.500h10a1.500 1.500 0 0 0 1.500-1.500V13M12 9v11"/><path d="M12 9C9 9 7.200 7.800 7.200 6.200S9.700 3.800 12 9c2.300-5.200 4.800-4.400 4.800-2.800S15 9 12 9z"/>""",
        ["person"] = """<circle cx="12" cy="8" r="3.800"/><path d="M4.800 20c.8-3.800 3.700-5.800 7.200-5.800s6.400 2 7.200 5.800"/>""",
        ["shield"] = """<path d="M12 3.500 5 6v5.500c0 4.300 2.900 7.600 7 9 4.100-1.400 7-4.700 7-9V6z"/><path d="m9 12 2.200 2.200L15.200 10"/>""",
        ["trash"] = """<path d="M4.500 6.500h15M9.500 6.500V4.500h5v2M6.500 6.500l.9 12a1.500 1.500 0 0 0 1.500 1.500h6.200a1.500 1.500 0 0 0 1.500-1.500l.9-12"/>""",
        ["check"] = """<path d="m5 12.5 4.5 4.5L19 7.5"/>""",
        ["chevron"] = """<path d="m9.5 6 6 6-6 6"/>""",
        ["clock"] = """<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.2 2"/>""",
        ["computer"] = """<rect x="3.5" y="4.5" width="17" height="11.5" rx="2"/><path d="M8.5 20h7M12 16v4"/>""",
        ["globe"] = """<circle cx="12" cy="12" r="9"/><path d="M3 12h18"/><path d="M12 3c2.600 2.500 4 5.600 4 9s-1.400 6.500-4 9c-2.600-2.500-4-5.600-4-9s1.400-6.500 4-9z"/>""",
        ["info"] = """<circle cx="12" cy="12" r="9"/><path d="M12 11.2v5"/><path d="M12 7.8v.1"/>""",
        ["inbox"] = """<path d="M4 13.5 6.2 6a2 2 0 0 1 1.9-1.5h7.8A2 2 0 0 1 17.8 6l2.2 7.5v4a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2z"/><path d="M4 13.5h4.6l1.2 2.5h4.4l1.2-2.5H20"/>""",
        ["book"] = """<path d="M5 5.5A1.5 1.5 0 0 1 6.5 4H19v13H6.5A1.5 1.5 0 0 0 5 18.5z"/><path d="M5 18.5A1.5 1.5 0 0 0 6.5 20H19v-3"/>""",
        ["key"] = """<circle cx="8" cy="15.500" r="4"/><path d="m11 12.500 8.500-8.500M16 7.500l2.500 2.500"/>""",
        ["mail"] = """<rect x="3.5" y="5.5" width="17" height="13" rx="2.2"/><path d="m4.5 8 6.2 4.600a2.2 2.2 0 0 0 2.6 0L19.5 8"/>""",
        ["menu"] = """<path d="M4 7h16M4 12h16M4 17h16"/>""",
        ["phone"] = """<rect x="7" y="3" width="10" height="18" rx="2.2"/><path d="M11 17.800h2"/>""",
        ["braces"] = """<path d="M9 4.500H8a2 2 0 0 0-2 2v3L4.5 12 6 14.500v3a2 2 0 0 0 2 2h1M15 4.500h1a2 2 0 0 1 2 2v3l1.5 2.5-1.5 2.500v3a2 2 0 0 1-2 2h-1"/>""",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Which drawing.</summary>
    public required string Name { get; set; }

    /// <inheritdoc/>
    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        output.TagName = "svg";
        output.TagMode = TagMode.StartTagAndEndTag;
        output.Attributes.SetAttribute("class", Name is "chevron" or "back" ? "icon icon-flip" : "icon");
        output.Attributes.SetAttribute("viewBox", "0 0 24 24");
        output.Attributes.SetAttribute("aria-hidden", "true");
        output.Attributes.SetAttribute("focusable", "false");
        output.Content.SetHtmlContent(Drawings[Name]);
    }
}
