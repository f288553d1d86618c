using System.Globalization;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.UI.Branding;
using IdentityServer.UI.Emails;
using IdentityServer.UI.Languages;
using IdentityServer.UI.Resources;
using Microsoft.Extensions.Options;

namespace IdentityServer.UI.Messages;

/// <summary>
/// Puts messages into words. E-mail: a subject, a text part and an HTML part made from the same <see cref="EmailContent"/>,
/// so that they cannot say different things. Text message: one text, its last line bound to the host.
/// </summary>
public sealed class MessageRenderer(IOptions<BrandOptions> brand, Words words) : IMessageRenderer
{
    private static readonly string[] Isolated = ["application", "brand", "host"];

    /// <inheritdoc/>
    public RenderedMessage Render(MessageTemplate template, Channel channel, string locale, IReadOnlyDictionary<string, string> model)
    {
        var culture = Language.Choose([locale]);
        var texts = new MessageTexts(words, culture, Values(model, culture));
        if (channel == Channel.Sms)
            return new RenderedMessage(null, texts[$"{template}.Sms"] + Binding(template, model), null);

        var content = template switch
        {
            MessageTemplate.SignInCode => SignInCode(texts, culture, model),
            _ => Notice(template, texts, culture),
        };
        return new RenderedMessage(content.Subject, EmailText.Write(content), EmailHtml.Write(content, brand.Value));
    }

    // Names and addresses are isolated from the words around them; the code is not: it is copied, and digits turn nothing around.
    private Dictionary<string, string> Values(IReadOnlyDictionary<string, string> model, CultureInfo culture)
    {
        var values = new Dictionary<string, string>(model, StringComparer.Ordinal) { ["brand"] = brand.Value.Name };
        if (string.IsNullOrWhiteSpace(values.GetValueOrDefault("application")))
            values["application"] = brand.Value.Name;
        foreach (var name in Isolated)
        {
            if (values.TryGetValue(name, out var value))
                values[name] = Bidi.Isolate(value, culture);
        }

        if (int.TryParse(values.GetValueOrDefault("minutes"), NumberStyles.None, CultureInfo.InvariantCulture, out var minutes))
            values["minutes"] = words.Text(culture, "Span.Minutes", minutes).Replace("{0}", Numerals.Write(minutes, culture), StringComparison.Ordinal);
        return values;
    }

    // "Origin-bound one-time codes delivered via SMS": browsers fill the code in on this host only. No translation may touch it.
    private static string Binding(MessageTemplate template, IReadOnlyDictionary<string, string> model) =>
        template == MessageTemplate.SignInCode ? $"\n\n@{model["host"]} #{model["code"]}" : "";

    private static EmailContent SignInCode(MessageTexts texts, CultureInfo culture, IReadOnlyDictionary<string, string> values) => new()
    {
        Language = culture.Name,
        Direction = Language.Direction(culture),
        Subject = texts["SignInCode.Subject"],
        Preheader = texts["SignInCode.Preheader"],
        Heading = texts["SignInCode.Heading"],
        Lead = texts["SignInCode.Lead"],
        Code = values["code"],
        CodeNote = texts["SignInCode.CodeNote"],
        Link = values.GetValueOrDefault("link") is { Length: > 0 } link
            ? new EmailLink(link, texts["SignInCode.LinkLead"], texts["SignInCode.LinkLabel"], texts["SignInCode.LinkPlain"])
            : null,
        Notes = [texts["SignInCode.NotYou"], texts["SignInCode.KeepIt"]],
        Footer = texts["Footer"],
    };

    private static EmailContent Notice(MessageTemplate template, MessageTexts texts, CultureInfo culture) => new()
    {
        Language = culture.Name,
        Direction = Language.Direction(culture),
        Subject = texts[$"{template}.Subject"],
        Preheader = texts[$"{template}.Heading"],
        Heading = texts[$"{template}.Heading"],
        Lead = texts[$"{template}.Lead"],
        Notes = [texts[$"{template}.NotYou"]],
        Footer = texts["Footer"],
    };
}
