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
    private static readonly string[] Isolated = ["application", "brand", "host", "address"];

    /// <inheritdoc/>
    public RenderedMessage Render(MessageTemplate template, Channel channel, string locale, IReadOnlyDictionary<string, string> model)
    {
        var culture = Language.Choose([locale]);
        var texts = new MessageTexts(words, culture, Values(model, culture));
        if (channel == Channel.Sms)
            return new RenderedMessage(null, texts[$"{template}.Sms"] + Binding(template, model), null);

        var content = template switch
        {
            _ when HasCode(template) => Code(template, texts, culture, model),
            MessageTemplate.AddressChanged => AddressChanged(texts, culture, model),
            MessageTemplate.AddressAdded or MessageTemplate.PasswordChanged or MessageTemplate.PasswordRemoved => ToOwner(template, texts, culture),
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

        Count(values, "minutes", "Span.Minutes", culture);
        Count(values, "days", "Span.Days", culture);
        return values;
    }

    private void Count(Dictionary<string, string> values, string name, string key, CultureInfo culture)
    {
        if (int.TryParse(values.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            values[name] = words.Text(culture, key, number).Replace("{0}", Numerals.Write(number, culture), StringComparison.Ordinal);
    }

    // "Origin-bound one-time codes delivered via SMS": browsers fill the code in on this host only. No translation may touch it.
    private static string Binding(MessageTemplate template, IReadOnlyDictionary<string, string> model) =>
        HasCode(template) ? $"\n\n@{model["host"]} #{model["code"]}" : "";

    private static bool HasCode(MessageTemplate template) =>
        template is MessageTemplate.SignInCode or MessageTemplate.ActivationCode or MessageTemplate.ConfirmationCode;

    private static EmailContent Code(MessageTemplate template, MessageTexts texts, CultureInfo culture, IReadOnlyDictionary<string, string> values) => new()
    {
        Language = culture.Name,
        Direction = Language.Direction(culture),
        Subject = texts[$"{template}.Subject"],
        Preheader = texts[$"{template}.Preheader"],
        Heading = texts[$"{template}.Heading"],
        Lead = texts[$"{template}.Lead"],
        Code = values["code"],
        CodeNote = texts["SignInCode.CodeNote"],
        Link = template == MessageTemplate.SignInCode && values.GetValueOrDefault("link") is { Length: > 0 } link ? Link(template, texts, link) : null,
        Notes = [texts[$"{template}.NotYou"], texts["SignInCode.KeepIt"]],
        Footer = texts["Footer"],
    };

    private static EmailContent AddressChanged(MessageTexts texts, CultureInfo culture, IReadOnlyDictionary<string, string> values) =>
        Notice(MessageTemplate.AddressChanged, texts, culture) with
        {
            Link = Link(MessageTemplate.AddressChanged, texts, values["link"]),
            Footer = texts["AddressChanged.Footer"],
        };

    private static EmailLink Link(MessageTemplate template, MessageTexts texts, string address) =>
        new(address, texts[$"{template}.LinkLead"], texts[$"{template}.LinkLabel"], texts[$"{template}.LinkPlain"]);

    // What to do when it was somebody else is the same for a new password and none.
    private static EmailContent ToOwner(MessageTemplate template, MessageTexts texts, CultureInfo culture) =>
        Notice(template, texts, culture, template == MessageTemplate.PasswordRemoved ? MessageTemplate.PasswordChanged : template) with { Footer = texts["AddressAdded.Footer"] };

    private static EmailContent Notice(MessageTemplate template, MessageTexts texts, CultureInfo culture, MessageTemplate? advice = null) => new()
    {
        Language = culture.Name,
        Direction = Language.Direction(culture),
        Subject = texts[$"{template}.Subject"],
        Preheader = texts[$"{template}.Heading"],
        Heading = texts[$"{template}.Heading"],
        Lead = texts[$"{template}.Lead"],
        Notes = [texts[$"{advice ?? template}.NotYou"]],
        Footer = texts["Footer"],
    };
}
