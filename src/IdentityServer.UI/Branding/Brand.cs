using Microsoft.Extensions.Options;

namespace IdentityServer.UI.Branding;

/// <summary>The deployment's name, picture and colours, ready for the pages.</summary>
public sealed class Brand(IOptions<BrandOptions> options)
{
    // The grounds that site.css paints cards with.
    private static readonly Rgb LightCard = Rgb.Parse("#ffffff");
    private static readonly Rgb DarkCard = Rgb.Parse("#15181f");

    /// <summary>As configured.</summary>
    public BrandOptions Options { get; } = options.Value;

    /// <summary>Where pictures come from, for the content security policy: the logo's origin when it is elsewhere.</summary>
    public string? LogoOrigin { get; } =
        options.Value.LogoUrl is { } logo && Uri.TryCreate(logo, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps
            ? uri.GetLeftPart(UriPartial.Authority)
            : null;

    /// <summary>The stylesheet that carries the brand's colour: whatever was configured, text stays readable on it and in it.</summary>
    public string Stylesheet { get; } = MakeStylesheet(Rgb.Parse(options.Value.PrimaryColor));

    private static string MakeStylesheet(Rgb primary)
    {
        // WCAG 2.2 1.4.3: 4.5:1 for text. Buttons keep the configured colour if black or white is readable on it, which is always so.
        var onLight = primary.ReadableOn(LightCard, Rgb.Black, 4.5);
        var onDark = primary.ReadableOn(DarkCard, Rgb.White, 7);
        return $$"""
            :root {
              --brand: {{primary}};
              --on-brand: {{primary.Text}};
              --brand-hover: {{primary.Mix(Rgb.Black, 0.12)}};
              --on-brand-hover: {{primary.Mix(Rgb.Black, 0.12).Text}};
              --accent: {{onLight}};
            }
            @media (prefers-color-scheme: dark) {
              :root { --accent: {{onDark}}; }
            }

            """;
    }
}
